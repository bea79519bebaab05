/** Maps of an object, from the BTF that defines them. */
import { isPinned, mapDefinitions } from '../btf/map-definitions.ts';
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
  /** The loader takes it from /sys/fs/bpf, or pins it there. */
  readonly pinned?: true;
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

/** Has no number of entries: threads have one each. */
export const TASK_STORAGE = 'task_storage';

export function inspectMaps(btf: Btf, manifest: Json): readonly InspectedMap[] {
  const scripts = new Map(
    asObjects(manifest.maps).flatMap((map) =>
      [
        ...[...asObjects(map.stores), ...asObjects(map.next)].map((store) => asText(store.map)),
        asText(map.threads),
      ].map((store) => [store, asText(map.name)] as const),
    ),
  );
  return mapDefinitions(btf).map((map) => {
    const { name } = map;
    const script = scripts.get(name);
    return {
      name,
      ...(script === undefined ? {} : { script }),
      type: TYPES[map.number('type')] ?? String(map.number('type')),
      maxEntries: map.number('max_entries'),
      flags: map.number('map_flags'),
      keySize: map.size('key') || map.number('key_size'),
      valueSize: map.size('value') || map.number('value_size'),
      ...(isPinned(map) ? { pinned: true as const } : {}),
    };
  });
}
