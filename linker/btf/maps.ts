/**
 * BTF-defined maps, in the convention of libbpf (`__uint` and `__type` in bpf_helpers.h): a struct whose
 * members are pointers, to arrays for numbers (`int (*max_entries)[N]`) and to the types of key and value.
 */
import { alignUp } from '../elf/write.ts';
import type { BtfBuilder } from './builder.ts';
import type { MapDefinition } from './definitions.ts';
import { addType, sizeOf } from './types.ts';

export interface PlacedMap {
  readonly symbol: string;
  /** In section `.maps`. */
  readonly offset: number;
  readonly size: number;
}

/** A map whose definition is in the BTF already. */
export interface ImportedMap {
  readonly symbol: string;
  readonly size: number;
  /** Id of its VAR. */
  readonly variable: number;
}

export interface MapsSection {
  readonly maps: readonly PlacedMap[];
  readonly size: number;
}

const POINTER = 8;

/** Adds a variable for each map and the DATASEC `.maps`; says where each stands. */
export function addMaps(
  builder: BtfBuilder,
  maps: readonly MapDefinition[],
  imported: readonly ImportedMap[] = [],
): MapsSection {
  const number = (value: number): number =>
    builder.pointer(builder.array(builder.signed(4), value));
  let end = 0;
  const placed = maps.map((map) => {
    const members: (readonly [string, number])[] = [
      ['type', number(map.type)],
      ['max_entries', number(map.maxEntries)],
    ];
    if (map.flags !== 0) members.push(['map_flags', number(map.flags)]);
    for (const part of ['key', 'value'] as const) {
      const type = map[part];
      if (type && map.sizedAtLoad) members.push([`${part}_size`, number(sizeOf(type))]);
      else if (type) members.push([part, builder.pointer(addType(builder, type))]);
    }
    const size = members.length * POINTER;
    const definition = builder.aggregate(
      'struct',
      '',
      size,
      members.map(([name, type], index) => ({ name, type, bitOffset: index * POINTER * 8 })),
    );
    const variable = builder.variable(map.symbol, definition);
    const entry = { symbol: map.symbol, offset: end, size, variable };
    end += size;
    return entry;
  });
  for (const map of imported) {
    placed.push({ symbol: map.symbol, offset: end, size: map.size, variable: map.variable });
    end += alignUp(map.size, POINTER);
  }
  if (placed.length > 0) builder.section('.maps', end, placed);
  return { maps: placed, size: end };
}
