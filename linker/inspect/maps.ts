/** Maps of an object, from the BTF that defines them. */
import { BTF_KIND } from '../btf/btf.ts';
import type { Btf } from '../btf/read.ts';
import { asObjects, asText, type Json } from './json.ts';

export interface InspectedMap {
  readonly name: string;
  /** The script's own map that is kept here, with its `@`; absent for the tool's maps. */
  readonly script?: string;
  readonly type: string;
  readonly maxEntries: number;
  readonly flags: number;
  readonly keySize: number;
  /** Of one CPU, for per-CPU maps. */
  readonly valueSize: number;
}

/** By BPF_MAP_TYPE_* (include/uapi/linux/bpf.h). */
const TYPES: readonly string[] = [
  'unspec',
  'hash',
  'array',
  'prog_array',
  'perf_event_array',
  'percpu_hash',
  'percpu_array',
  'stack_trace',
  'cgroup_array',
  'lru_hash',
  'lru_percpu_hash',
  'lpm_trie',
  'array_of_maps',
  'hash_of_maps',
  'devmap',
  'sockmap',
  'cpumap',
  'xskmap',
  'sockhash',
  'cgroup_storage',
  'reuseport_sockarray',
  'percpu_cgroup_storage',
  'queue',
  'stack',
  'sk_storage',
  'devmap_hash',
  'struct_ops',
  'ringbuf',
  'inode_storage',
  'task_storage',
  'bloom_filter',
];

export function inspectMaps(btf: Btf, manifest: Json): readonly InspectedMap[] {
  const scripts = new Map(
    asObjects(manifest.maps).flatMap((map) =>
      [...asObjects(map.stores), ...asObjects(map.next)].map(
        (store) => [asText(store.map), asText(map.name)] as const,
      ),
    ),
  );
  return definitions(btf).map(({ name, definition }) => {
    const members = new Map(
      btf.members(btf.skipModifiers(definition)).map((one) => [one.name, one]),
    );
    const pointee = (member: string): number | undefined => {
      const pointer = members.get(member);
      return pointer && btf.resolve(pointer.type).sizeOrType;
    };
    const number = (member: string): number => {
      const id = pointee(member);
      const array = id === undefined ? undefined : btf.resolve(id);
      return array?.kind === BTF_KIND.array ? btf.array(array.id).count : 0;
    };
    const size = (member: string): number => {
      const id = pointee(member);
      return id === undefined ? 0 : btf.sizeOf(id);
    };
    const script = scripts.get(name);
    return {
      name,
      ...(script === undefined ? {} : { script }),
      type: TYPES[number('type')] ?? String(number('type')),
      maxEntries: number('max_entries'),
      flags: number('map_flags'),
      keySize: size('key'),
      valueSize: size('value'),
    };
  });
}

function definitions(btf: Btf): readonly { readonly name: string; readonly definition: number }[] {
  for (let id = 1; id < btf.count; id += 1) {
    const type = btf.type(id);
    if (type.kind !== BTF_KIND.section || type.name !== '.maps') continue;
    return btf.variables(type.id).map(({ variable }) => {
      const { name, sizeOrType } = btf.type(variable);
      return { name, definition: sizeOrType };
    });
  }
  return [];
}
