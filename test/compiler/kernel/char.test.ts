/** Plain char is one type, whatever sign a kernel was compiled with. */
import { describe, expect, it } from 'vitest';
import { compileText } from '../../support/build.ts';

describe('char', () => {
  it('has a sign in types of the kernel, of tracepoints and of C', () => {
    const { typed } = compileText(
      `struct mine { char c; }
       tracepoint:sched:sched_switch {
         @name = *((struct file_system_type *)0).name; @comm = curtask.comm[0];
         @field = args.next_comm[0]; @mine = ((struct mine *)0).c; @cast = (char)200;
       }`,
    );
    for (const { name, value } of typed?.maps ?? [])
      expect(value, name).toEqual({ kind: 'int', size: 1, signed: true });
    expect(typed?.maps).toHaveLength(5);
  });
});
