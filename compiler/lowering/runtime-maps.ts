/** The kernel maps that stand in objects beside those of the script (linker/contract/maps.ts), as a unit needs them. */

import type { MapDefinition } from '../../linker/btf/definitions.ts';
import { bytes, unsigned } from '../../linker/btf/types.ts';
import { RUNTIME_MAPS, type RuntimeMap } from '../../linker/contract/maps.ts';
import { NAME_TEXT } from '../types/type.ts';
import { MAP_TYPES } from './map-plans.ts';
import { RUNNING_SIZE } from './recursion.ts';
import { ringSize } from './ring.ts';
import { STACKS } from './stacks.ts';
import type { UnitState } from './state.ts';
import { MAPPING_SIZE, PROCESS_SIZE, ROW_SIZE } from './unwind.ts';
import { USDT_SITE_SIZE } from './usdt.ts';

type Definition = Omit<MapDefinition, 'symbol' | 'flags'>;

const DEFINITIONS: Readonly<Record<RuntimeMap, (unit: UnitState) => Definition>> = {
  events: ({ config }) => ({
    type: MAP_TYPES.ringbuf,
    maxEntries: ringSize(config.perfRbPages),
    key: undefined,
    value: undefined,
  }),
  lost: ({ events }) => ({
    type: MAP_TYPES.percpuArray,
    maxEntries: Math.max(1, events.entries.length),
    key: unsigned(4),
    value: unsigned(8),
  }),
  // libbpf makes it as large as there are CPUs.
  packets: () => ({
    type: MAP_TYPES.perfEventArray,
    maxEntries: 0,
    key: unsigned(4),
    value: unsigned(4),
  }),
  stacks: ({ stackWords, stacks }) => ({
    type: MAP_TYPES.hash,
    maxEntries: STACKS,
    key: unsigned(8),
    value: bytes(stackWords * 8),
    sizedAtLoad: stacks.params.length > 0,
  }),
  running: () => ({
    type: MAP_TYPES.percpuArray,
    maxEntries: 1,
    key: unsigned(4),
    value: bytes(RUNNING_SIZE),
  }),
  scratch: ({ scratch }) => ({
    type: MAP_TYPES.percpuArray,
    maxEntries: scratch.entries,
    key: unsigned(4),
    value: bytes(scratch.size),
  }),
  // The loader makes it as large as there are CPUs; this is for others.
  wide_scratch: ({ wideScratch }) => ({
    type: MAP_TYPES.array,
    maxEntries: 64,
    key: unsigned(4),
    value: bytes(wideScratch.size),
  }),
  // The loader makes these as large as its tables are,
  unwind_processes: () => ({
    type: MAP_TYPES.hash,
    maxEntries: 1,
    key: unsigned(4),
    value: bytes(PROCESS_SIZE),
  }),
  unwind_mappings: () => ({
    type: MAP_TYPES.array,
    maxEntries: 1,
    key: unsigned(4),
    value: bytes(MAPPING_SIZE),
  }),
  unwind_rows: () => ({
    type: MAP_TYPES.array,
    maxEntries: 1,
    key: unsigned(4),
    value: bytes(ROW_SIZE),
  }),
  probe_names: () => ({
    type: MAP_TYPES.array,
    maxEntries: 1,
    key: unsigned(4),
    value: bytes(NAME_TEXT.size),
  }),
  // and this one as there are points on its host.
  usdt_sites: () => ({
    type: MAP_TYPES.array,
    maxEntries: 1,
    key: unsigned(4),
    value: bytes(USDT_SITE_SIZE),
  }),
};

/** Those that the programs use. */
export function runtimeMaps(unit: UnitState, used: ReadonlySet<string>): readonly MapDefinition[] {
  return (Object.keys(RUNTIME_MAPS) as RuntimeMap[])
    .filter((symbol) => used.has(symbol))
    .map((symbol) => ({ symbol, flags: 0, ...DEFINITIONS[symbol](unit) }));
}
