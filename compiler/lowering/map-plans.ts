/** How each map of a script is kept: decided once for the whole script (docs/decisions/keyed-maps.md). */

import { mapSymbol, NAME_PREFIXES } from '../../linker/contract/names.ts';
import type { MapSymbol } from '../analysis/typed.ts';
import { layoutOf } from '../types/layout.ts';
import { seriesSlotSize } from '../types/series.ts';
import { INT64, isAggregate, type SeriesType, type Type } from '../types/type.ts';
import { narrowed, sizeClasses } from './size-classes.ts';

/** BPF_MAP_TYPE_* (include/uapi/linux/bpf.h). */
export const MAP_TYPES = {
  hash: 1,
  array: 2,
  perfEventArray: 4,
  percpuHash: 5,
  percpuArray: 6,
  lruHash: 9,
  lruPercpuHash: 10,
  ringbuf: 27,
  taskStorage: 29,
} as const;

/** A kernel hash map that keeps some of a script map's elements. */
export interface HashStore {
  readonly symbol: string;
  /** That of the second generation. */
  readonly next: string;
  readonly keyType: Type;
}

export type HashPlan = Extract<MapPlan, { kind: 'hash' }>;
export type GlobalPlan = Extract<MapPlan, { kind: 'global' }>;
export type SeriesPlan = Extract<MapPlan, { kind: 'series' }>;

/** Symbols of a map that is emptied while programs run: see generations.ts. */
export interface Generations {
  /** The word that says which one is in use. */
  readonly word: string;
}

export type MapPlan =
  /** A variable in `.bss`, and its flag. */
  (
    | {
        readonly kind: 'global';
        readonly map: MapSymbol;
        readonly symbol: string;
        readonly present: string;
        readonly size: number;
      }
    /** The only slot of a per-CPU array: the value, then a u64 flag. */
    | {
        readonly kind: 'slot';
        readonly map: MapSymbol;
        readonly symbol: string;
        readonly present: number;
      }
    /** Slots of a series in the elements of a per-CPU array: `slots` in each, the last one with fewer in use. */
    | {
        readonly kind: 'series';
        readonly map: MapSymbol;
        readonly type: SeriesType;
        readonly symbol: string;
        readonly slots: number;
        readonly chunks: number;
      }
    | {
        readonly kind: 'hash';
        readonly map: MapSymbol;
        readonly symbol: string;
        readonly mapType: number;
        readonly perCpu: boolean;
        readonly keyType: Type;
        /** Sizes of the long strings in the narrow stores: size-classes.ts. */
        readonly classes: readonly number[];
        /** Narrowest first; the last is `symbol`, with the whole key. */
        readonly stores: readonly HashStore[];
        readonly maxEntries: number;
        readonly size: number;
        /** Symbol of the task storage that has the values of a map by thread: task-storage.ts. */
        readonly threads: string | undefined;
      }
  ) & { readonly generations: Generations | undefined };

/** Values whose slots are summed by atomic adds in one shared place. */
function isShared(type: Type): boolean {
  return type.kind === 'hist' || type.kind === 'lhist';
}

/** What is known of a map by all that the script does with it. */
export interface MapUses {
  /** While programs run, so that it needs two generations. */
  readonly isEmptied: boolean;
  /** Each thread sees its own value alone: thread-maps.ts. */
  readonly isOfThreads: boolean;
}

export function planMap(map: MapSymbol, { isEmptied, isOfThreads }: MapUses): MapPlan {
  const generations = isEmptied
    ? { word: `${NAME_PREFIXES.generation}${mapSymbol(map.name)}` }
    : undefined;
  const symbol = mapSymbol(map.name);
  const { size } = layoutOf(map.value);
  const aggregate = isAggregate(map.value);
  if (map.key === undefined && !map.deleted && map.declared === undefined) {
    if (map.value.kind === 'tseries') return { ...planSeries(map, map.value, symbol), generations };
    return aggregate
      ? { kind: 'slot', map, symbol, present: size, generations }
      : {
          kind: 'global',
          map,
          symbol,
          present: `${NAME_PREFIXES.present}${symbol}`,
          size,
          generations,
        };
  }
  const perCpu = aggregate && !isShared(map.value);
  const lru = map.declared === 'lruhash' || map.declared === 'percpulruhash';
  const mapType = perCpu
    ? lru
      ? MAP_TYPES.lruPercpuHash
      : MAP_TYPES.percpuHash
    : lru
      ? MAP_TYPES.lruHash
      : MAP_TYPES.hash;
  const keyType = map.key ?? INT64;
  // A declaration asks for one map of a certain size.
  const classes = map.declared === undefined ? sizeClasses(keyType) : [];
  return {
    kind: 'hash',
    map,
    symbol,
    mapType,
    perCpu,
    keyType,
    classes,
    stores: [
      ...classes.map((width) => ({
        symbol: mapSymbol(map.name, width),
        next: nextSymbol(mapSymbol(map.name, width)),
        keyType: narrowed(keyType, width),
      })),
      { symbol, next: nextSymbol(symbol), keyType },
    ],
    maxEntries: map.key === undefined ? 1 : entriesOf(map, size),
    size,
    threads: isOfThreads ? `${NAME_PREFIXES.threads}${symbol}` : undefined,
    generations,
  };
}

/** What holds in the second generation what `symbol` holds in the first. */
export function nextSymbol(symbol: string): string {
  return `${NAME_PREFIXES.next}${symbol}`;
}

const READY_BYTES = 1 << 20;
const FEWEST_SERIES = 64;

/**
 * Series are large, and the kernel keeps all elements ready on every CPU: programs cannot allocate per-CPU memory of
 * that size when they need it. A declaration asks for what it says.
 */
function entriesOf(map: MapSymbol, size: number): number {
  if (map.value.kind !== 'tseries' || map.declared !== undefined) return map.maxEntries;
  return Math.min(map.maxEntries, Math.max(FEWEST_SERIES, Math.floor(READY_BYTES / size)));
}

/** A power of two of slots of 24 bytes that fits into a per-CPU value (PCPU_MIN_UNIT_SIZE, 32 KiB). */
const SLOTS_IN_CHUNK = 1024;

function planSeries(
  map: MapSymbol,
  type: SeriesType,
  symbol: string,
): Omit<SeriesPlan, 'generations'> {
  const slots = Math.min(type.count, SLOTS_IN_CHUNK);
  return {
    kind: 'series',
    map,
    type,
    symbol,
    slots,
    chunks: Math.ceil(type.count / slots),
  };
}

/** Bytes of an element of the array. */
export function chunkSize(plan: SeriesPlan): number {
  return plan.slots * seriesSlotSize(plan.type);
}
