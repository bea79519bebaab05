import { describe, expect, it } from 'vitest';
import { expectError } from '../analysis/expect.ts';
import { call } from './calls.ts';
import { createMachine } from './machine.ts';
import { first, firstCall, KPROBE } from './uses.ts';

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
