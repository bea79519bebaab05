/** What BTF says of the maps in section `.maps`: libbpf's convention, read back. */
import { BTF_KIND } from './btf.ts';
import type { Btf } from './read.ts';

export interface MapMembers {
  readonly name: string;
  /** Ids of the types of the members, by their names. */
  readonly members: ReadonlyMap<string, number>;
  /** The number that a member says, by the length of an array; 0 where it has none. */
  number(member: string): number;
  /** Bytes of the type that a member points to; 0 where it has none. */
  size(member: string): number;
}

/** Members that libbpf reads; loaders refuse others (loader/src/object/map_definitions.c). */
export const MAP_MEMBERS: ReadonlySet<string> = new Set([
  ...['type', 'max_entries', 'map_flags', 'numa_node', 'key_size', 'key', 'value_size', 'value'],
  ...['values', 'pinning', 'map_extra'],
]);

/** LIBBPF_PIN_BY_NAME (bpf_helpers.h): the loader takes the map from /sys/fs/bpf, or pins it there. */
const PIN_BY_NAME = 1;

export function isPinned(map: MapMembers): boolean {
  return map.number('pinning') === PIN_BY_NAME;
}

export function mapDefinitions(btf: Btf): readonly MapMembers[] {
  for (let id = 1; id < btf.count; id += 1) {
    const type = btf.type(id);
    if (type.kind === BTF_KIND.section && type.name === '.maps')
      return btf.variables(type.id).map(({ variable }) => {
        const { name, sizeOrType } = btf.type(variable);
        return definition(btf, name, sizeOrType);
      });
  }
  return [];
}

function definition(btf: Btf, name: string, type: number): MapMembers {
  const members = new Map(
    btf.members(btf.skipModifiers(type)).map((one) => [one.name, one.type] as const),
  );
  const pointee = (member: string): number | undefined => {
    const pointer = members.get(member);
    return pointer === undefined ? undefined : btf.resolve(pointer).sizeOrType;
  };
  return {
    name,
    members,
    number(member) {
      const id = pointee(member);
      const array = id === undefined ? undefined : btf.resolve(id);
      return array?.kind === BTF_KIND.array ? btf.array(array.id).count : 0;
    },
    size(member) {
      const id = pointee(member);
      return id === undefined ? 0 : btf.sizeOf(id);
    },
  };
}
