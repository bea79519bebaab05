import { describe, expect, it } from 'vitest';
import { kptr, uptr } from '../../../compiler/builtins/address-space.ts';
import { expectError } from '../analysis/expect.ts';
import { first, typeOf } from './uses.ts';

describe('address_space, as the analysis takes it', () => {
  it('[FUN-077] keeps the type of a pointer that changes its address space', () => {
    expect(typeOf('kptr(curtask)')).toBe('struct task_struct *');
    expect(first('$x = uptr(curtask); print($x);').type).toMatchObject({ space: 'user' });
    expect(first('$x = kptr(curtask); print($x);').type).toMatchObject({ space: 'kernel' });
    expectError('print(uptr("a"));', 'uptr() expects an integer or a pointer (string provided)');
  });

  it('says whose memory it means', () => {
    expect(kptr.summary).toContain('in the memory of the kernel');
    expect(uptr.summary).toContain('in the memory of the process');
  });
});
