/** What an object takes capabilities for, by its manifest and by what it does outside. */
import { describe, expect, it } from 'vitest';
import { CAPABILITY_USES, type CapabilityUseName } from '../../linker/contract/capabilities.ts';
import { inspectCapabilities } from '../../linker/inspect/capabilities.ts';

/** Names of the uses, without those of every object. */
function uses(manifest: object, outside: readonly object[] = []): readonly string[] {
  const found = inspectCapabilities(
    { probes: [], maps: [], events: [], lookups: [], ...manifest } as never,
    outside as never,
  );
  const names = (Object.keys(CAPABILITY_USES) as CapabilityUseName[]).filter((name) =>
    found.includes(CAPABILITY_USES[name]),
  );
  expect(names.slice(0, 2)).toEqual(['load', 'trace']);
  return names.slice(2);
}
const probes = (...targets: readonly object[]) =>
  uses({ probes: targets.map((target) => ({ target })) });

describe('capabilities are taken', () => {
  it('to read the lists of events and of functions', () => {
    expect(probes({ provider: 'tracepoint', event: 'e' })).toEqual(['tracefs']);
    for (const provider of ['kprobe', 'kretprobe']) {
      expect(probes({ provider, function: 'vfs_*' })).toEqual(['tracefs']);
      expect(probes({ provider, function: 'vfs_read' })).toEqual([]);
    }
    expect(probes({ provider: 'fentry', function: 'vfs_*' })).toEqual([]);
    expect(probes({ provider: 'interval' })).toEqual([]);
  });

  it('for programs of users, one by one', () => {
    for (const provider of ['uprobe', 'uretprobe', 'usdt'])
      expect(probes({ provider: 'interval' }, { provider })).toEqual(['single-uprobes']);
    expect(probes({ provider: 'profile' })).toEqual([]);
  });

  it('for functions of other BPF programs, of which one is enough', () => {
    const program = { provider: 'fentry', program: 7, function: 'f' };
    expect(probes(program)).toEqual(['functions-of-programs']);
    expect(probes({ provider: 'fentry', function: 'f' }, program)).toEqual([
      'functions-of-programs',
    ]);
    expect(probes({ provider: 'fentry', function: 'f' })).toEqual([]);
    expect(uses({})).toEqual([]);
  });

  it('to write memory, which another effect is not', () => {
    expect(uses({}, [{ effect: 'signal' }, { effect: 'memory' }])).toEqual(['writing-memory']);
    expect(uses({}, [{ effect: 'signal' }])).toEqual([]);
  });

  it('for addresses of the kernel', () => {
    expect(uses({ lookups: [{ kind: 'cgroup' }, { kind: 'kernel-symbol' }] })).toEqual([
      'kernel-addresses',
    ]);
    expect(uses({ lookups: [{ kind: 'cgroup' }] })).toEqual([]);
  });

  it('to name what stands at an address, however deep it lies', () => {
    const stack = (space: string, mode: string) => ({ kind: 'stack', space, mode });
    for (const [type, wanted] of [
      [{ kind: 'ksym' }, ['kernel-names']],
      [stack('kernel', 'bpftrace'), ['kernel-names']],
      [stack('kernel', 'perf'), ['kernel-names']],
      [stack('kernel', 'raw'), []],
      [stack('kernel', 'build_id'), []],
      [{ kind: 'usym' }, ['user-names']],
      [stack('user', 'bpftrace'), ['user-names']],
      [stack('user', 'build_id'), ['user-names']],
      [stack('user', 'raw'), []],
      [{ kind: 'int', space: 'kernel' }, []],
      [{ kind: 'int', space: 'user' }, []],
    ] as const) {
      expect([type, uses({ maps: [{ key: type }] })]).toEqual([type, wanted]);
      const deep = { kind: 'tuple', fields: [{ type: { kind: 'array', element: type } }] };
      expect(uses({ events: [{ kind: 'print', fields: [{ type: deep }] }] })).toEqual(wanted);
    }
    expect(uses({ maps: [{ key: null, value: 7 }] })).toEqual([]);
  });
});
