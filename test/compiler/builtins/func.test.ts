import { describe, expect, it } from 'vitest';
import { compileText } from '../../support/build.ts';
import { errors } from '../../support/diagnostics.ts';
import { expectError } from '../analysis/expect.ts';
import { call } from './calls.ts';
import { createMachine } from './machine.ts';
import { first, firstCall, firstOfKernel, KPROBE } from './uses.ts';

function argumentKind(probe: string): string | undefined {
  const call = firstOfKernel(`${probe} { print(func); }`);
  return call?.kind === 'call' ? call.args[0]?.type.kind : call?.kind;
}

/** Of the key of the only map, in each probe. */
function typesOfFunc(script: string): readonly (string | undefined)[] {
  const { typed } = compileText(script);
  return (typed?.probes ?? []).map(({ body: { statements } }) => {
    const [statement] = statements;
    return statement?.kind === 'assign-map' ? statement.key?.type.kind : statement?.kind;
  });
}

describe('func, as the analysis takes it', () => {
  it('[BLT-021] knows the function, or asks for its address', () => {
    expect(first(`${KPROBE} { print(func) }`)).toMatchObject({
      args: [{ kind: 'string', value: 'vfs_read' }],
    });
    expect(firstCall('kprobe:$1 { print(func) }').args[0]?.type).toEqual({ kind: 'ksym' });
    for (const probe of ['uprobe:/bin/true:$1', 'uretprobe:/bin/true:$1', 'uprobe:/bin/true:m*'])
      expect(firstCall(`${probe} { print(func) }`).args[0]?.type).toEqual({ kind: 'probe' });
    expect(firstCall('uprobe:/bin/true:0x1040 { print(func) }').args[0]?.type).toEqual({
      kind: 'usym',
    });
    for (const [probe, wanted] of [
      ['kretprobe:vfs_read', 'string'],
      ['fentry:vfs_read', 'string'],
      ['fexit:vfs_read', 'string'],
      ['kprobe:vfs_*', 'ksym'],
      ['uprobe:/x:main', 'string'],
      ['uretprobe:/x:m*', 'probe'],
    ] as const)
      expect([probe, argumentKind(probe)]).toEqual([probe, wanted]);
    // One map has one form of it.
    expect(typesOfFunc('kprobe:vfs_read { @[func] = 1; } kprobe:vfs_* { @[func] = 2; }')).toEqual([
      'ksym',
      'ksym',
    ]);
    for (const provider of ['tracepoint:sched:sched_switch', 'interval:s:1', 'usdt:/x:p:n'])
      expect(errors(`${provider} { print(func); }`)).toEqual([
        `func can not be used with "${provider.split(':')[0]}" probes @ func`,
      ]);
    expectError('print(func)', 'func can not be used with "begin" probes', 'func');
  });
});

describe('func, as it runs', () => {
  it('is the address of the instruction in its process, where no name is known', () => {
    const machine = createMachine({
      registers: { ip: 0x1040n },
      helpers: { get_current_pid_tgid: (77n << 32n) | 78n },
    });
    const bytes = Buffer.from(machine.bytes(call('func', { kind: 'usym' }), true));
    expect(bytes.readBigUInt64LE(0)).toBe(0x1040n);
    expect([bytes.readUInt32LE(8), bytes.readUInt32LE(12)]).toEqual([77, 0]);
  });
});
