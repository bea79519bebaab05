import { describe, expect, it } from 'vitest';
import { build } from '../../support/build.ts';
import { interpret } from '../../support/interpreter.ts';
import { expectError } from '../analysis/expect.ts';
import { first, firstOfKernel, typeOf } from './uses.ts';

describe('curtask, as the analysis takes it', () => {
  it('[BLT-005] finds the parent by way of the task', () => {
    expect(first('$x = ppid; print($x);')).toMatchObject({
      kind: 'cast',
      operand: {
        kind: 'member',
        member: { name: 'tgid' },
        base: { kind: 'member', member: { name: 'real_parent' }, base: { builtin: 'curtask' } },
      },
    });
    expect(typeOf('pcomm')).toBe('string[16]');
    for (const [name, ...path] of [
      ['ppid', 'real_parent', 'tgid'],
      ['pcomm', 'real_parent', 'comm'],
      ['leader_tid', 'group_leader', 'pid'],
      ['leader_comm', 'group_leader', 'comm'],
    ] as const) {
      const found = firstOfKernel(`begin { $x = ${name}; print($x); }`);
      const member = found?.kind === 'cast' ? found.operand : found;
      if (member?.kind !== 'member' || member.base.kind !== 'member')
        throw new Error(`${name} is a ${member?.kind}`);
      expect([member.base.member.name, member.member.name]).toEqual(path);
      expect(found?.type).toMatchObject(
        name.endsWith('comm') ? { kind: 'string', size: 16 } : { size: 4, signed: false },
      );
      expect(member.base.base).toMatchObject({ kind: 'call', builtin: 'curtask' });
    }
    expectError(
      'print(leader_tid);',
      'leader_tid is not available: struct task_struct of this kernel has no group_leader->pid',
      'leader_tid',
    );
    expect(firstOfKernel('begin { $x = ppid((struct task_struct *)7); print($x); }')).toMatchObject(
      {
        operand: { base: { base: { kind: 'cast' } } },
      },
    );
    expectError('print(ppid(1));', 'ppid() expects a struct task_struct * (integer provided)', '1');
  });
});

describe('curtask, as it runs', () => {
  it('[BLT-005] is where the kernel has the task', () => {
    const task = new Uint8Array(16_384);
    const machine = interpret(build('begin { @same = curtask == curtask; @ = (uint64)curtask; }'), {
      task,
    });
    machine.run();
    const at = machine.value('@');
    expect(machine.value('@same')).toBe(true);
    expect(machine.memory.bytes(at as bigint, 1).buffer).toBe(task.buffer);
  });
});
