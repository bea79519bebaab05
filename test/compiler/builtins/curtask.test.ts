import { describe, expect, it } from 'vitest';
import { expectError } from '../analysis/expect.ts';
import { first, typeOf } from './uses.ts';

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
    expectError('print(ppid(1));', 'ppid() expects a struct task_struct * (integer provided)', '1');
  });
});
