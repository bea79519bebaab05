/** What a kernel needs for a script is all that its programs use of what not every kernel has, and nothing else. */
import { expect, it } from 'vitest';
import { inspectObject } from '../../../linker/inspect.ts';
import type { Manifest } from '../../../linker/manifest/manifest.ts';
import { build } from '../../support/build.ts';

it.each<readonly [script: string, features: readonly string[]]>([
  ['begin { @ = 1; }', []],
  [
    'kprobe:vfs_read { @[kstack] = count(); print(nsecs); }',
    [
      ...['bounded_loops', 'bpf_get_ns_current_pid_tgid', 'bpf_get_stack'],
      ...['bpf_ktime_get_boot_ns', 'ringbuf'],
    ],
  ],
  ['fentry:vfs_read { @ = args.count; }', ['bpf_get_ns_current_pid_tgid', 'fentry']],
  [
    'kprobe:vfs_read { @s = sum(arg0); if (int64)@s > 5 { exit(); } }',
    ['bounded_loops', 'bpf_get_ns_current_pid_tgid', 'bpf_map_lookup_percpu_elem', 'ringbuf'],
  ],
  [
    'uprobe:/x:f { @t = str(arg0); for $i : 0..pid { @n++; } }',
    [
      ...['atomic_exchange', 'bpf_get_ns_current_pid_tgid', 'bpf_loop'],
      ...['bpf_probe_read_user_str', 'ringbuf'],
    ],
  ],
  ['iter:task { print(ctx.task.pid); }', ['bpf_probe_read_kernel']],
  [
    'kprobe:vfs_read { @m[1] = 1; for $kv : @m { @n++; } }',
    ['bpf_for_each_map_elem', 'bpf_get_ns_current_pid_tgid', 'ringbuf'],
  ],
])('%s', (script, wanted) => {
  const { features } = inspectObject(build(script)).manifest as Manifest;
  expect(features).toEqual(wanted);
});
