import { describe, expect, it } from 'vitest';
import { UINT32 } from '../../../compiler/types/type.ts';
import { kernelDescription } from '../../support/build.ts';
import { errors } from '../../support/diagnostics.ts';
import { call, number, string } from './calls.ts';
import { createMachine, cstring, GARBAGE, type World } from './machine.ts';
import { firstOfKernel, hints } from './uses.ts';

describe('comm, as the analysis takes it', () => {
  it('asks for other processes where the kernel allows it', () => {
    for (const [provider, target] of [
      ...([
        ['begin', ''],
        ['end', ''],
        ['self', ':signal:SIGUSR1'],
      ] as const),
      ...([
        ['kprobe', ':vfs_read'],
        ['kretprobe', ':vfs_read'],
      ] as const),
      ...([
        ['uprobe', ':/x:f'],
        ['uretprobe', ':/x:f'],
        ['usdt', ':/x:p:n'],
      ] as const),
    ] as const) {
      const script = `${provider}${target} { print(comm(1)); }`;
      expect(errors(script)).toEqual([
        `comm of another process can not be used with "${provider}" probes @ comm(1)`,
      ]);
      expect(hints(script)).toEqual([
        'The kernel lets tracepoint, rawtracepoint, interval, profile, software, fentry and fexit probes ask for it.',
      ]);
      expect(errors(`${provider}${target} { print(comm); }`)).toEqual([]);
    }
    for (const probe of [
      ...['tracepoint:sched:sched_switch', 'rawtracepoint:sched_switch', 'interval:s:1'],
      ...['profile:hz:9', 'software:cpu:1', 'fentry:vfs_read', 'fexit:vfs_read'],
    ])
      expect(errors(`${probe} { print(comm(1)); }`)).toEqual([]);
    expect(errors('fn f(): void { print(comm(1)); } interval:s:1 { f(); }')).toEqual([
      'comm of another process can not be used in functions @ comm(1)',
    ]);
  });

  it('knows where a task has its name', () => {
    const { types } = kernelDescription();
    const task = types.struct('struct', 'task_struct');
    const member = task && types.member(task, 'comm');
    expect(firstOfKernel('interval:s:1 { $x = comm(7); print($x); }')).toMatchObject({
      type: { kind: 'string', size: 64 },
      args: [{ kind: 'cast', type: { size: 4, signed: false } }],
      plan: { struct: task?.id, offset: (member?.bitOffset ?? 0) / 8, indexes: member?.indexes },
    });
  });
});

describe('comm, as it runs', () => {
  it('[BLT-003] reads comm into place', () => {
    const bytes = createMachine({ comm: 'bash' }).bytes(
      call('comm', { kind: 'string', size: 16 }),
      true,
    );
    expect(string(bytes)).toBe('bash');
    expect([...bytes.subarray(4)]).toEqual(new Array(12).fill(0));
  });

  const plan = { struct: 1, offset: 0, indexes: [0] };
  const other = call('comm', { kind: 'string', size: 64 }, [number(7n, UINT32)], plan);
  const world: World = {
    found: 1n,
    functions: { bpf_task_from_pid: 0x7000n },
    coreNumber: 0x20n,
    kernel: new Map([[0x7020n, cstring('other one')]]),
  };

  it('reads the name of another process, and gives its task back', () => {
    const machine = createMachine(world);
    const bytes = machine.bytes(other, true);
    expect(string(bytes)).toBe('other one');
    expect([...bytes.subarray(10)]).toEqual(new Array(54).fill(0));
    expect(machine.calls).toEqual([
      ['bpf_task_from_pid', 7n],
      ['bpf_task_release', 0x7000n],
    ]);
    expect(machine.events).toEqual([]);
    // Nobody looks at what follows the name.
    expect(createMachine(world).bytes(other, false)[20]).toBe(GARBAGE);
  });

  it('is cut where names of tasks end', () => {
    const long = { ...world, kernel: new Map([[0x7020n, cstring('a name that is too long')]]) };
    expect(string(createMachine(long).bytes(other, true))).toBe('a name that is ');
  });

  it('says where there is no such process, or where it may not ask', () => {
    for (const [where, text, message] of [
      [{ ...world, functions: {} }, 'N/A', 'comm(): there is no process with that id.'],
      [
        { ...world, found: 0n },
        '[unknown]',
        'comm(): this kernel does not let this probe ask for other processes (bpf_task_from_pid).',
      ],
    ] as const) {
      const machine = createMachine(where);
      expect(string(machine.bytes(other, true))).toBe(text);
      expect(machine.events.map(({ spec }) => [spec.kind, spec.message])).toEqual([
        ['warning', message],
      ]);
      expect(machine.calls.map(([name]) => name)).not.toContain('bpf_task_release');
    }
  });
});
