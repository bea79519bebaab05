/** Scripts that ask the kernel what it has, and name what it may lack. */
import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

const once = { signal: 'none' } as const;

needs('root').describe('on this kernel', () => {
  it('field_exists, type_exists and enum_exists answer for it', async () => {
    const { stdout, stderr } = await run(
      `begin {
         printf("%d %d %d\\n", field_exists(curtask.pid), field_exists(curtask.gone), field_exists(curtask.nsproxy));
         printf("%d %d %d\\n", type_exists(struct task_struct), type_exists(struct nope), type_exists(enum pid_type));
         printf("%d %d %d\\n", enum_exists(PIDTYPE_PID), enum_exists(TASK_COMM_LEN), enum_exists(NOPE_NOPE));
       }`,
      once,
    );
    expect(stdout, stderr).toContain('1 0 1\n1 0 1\n1 1 0\n');
  });

  it('the branch that the answer rules out is not loaded', async () => {
    const { stdout, stderr } = await run(
      `begin {
         if (field_exists(curtask.gone)) { print(curtask.gone); } else { print("else"); }
         if (!field_exists(curtask.gone) || curtask.gone == 3) { print("not"); }
         for $i : 0..2 { if (field_exists(curtask.gone)) { print(curtask.gone + $i); } }
       }`,
      once,
    );
    expect(stdout, stderr).toContain('else\nnot\n');
  });

  it('a member of another width is refused only where it is reached', async () => {
    const script = (declaration: string) =>
      `${declaration} begin {
         $t = (struct task_struct___narrow *)curtask;
         if ($1) { print($t.pid); }
         print("ok"); exit(); }`;
    const narrow = script('struct task_struct___narrow { short pid; }');
    const unread = await run(narrow, { ...once, parameters: ['0'] });
    expect(unread.stdout, unread.stderr).toContain('ok\n');
    const read = await run(narrow, { ...once, parameters: ['1'] });
    expect(read.stderr).toContain(
      'stdin:3: ERROR: pid of struct task_struct___narrow has 32 bits on this kernel, and the script was built for 16.',
    );
    expect(read.status).toBe(3);
    const wide = await run(script('struct task_struct___narrow { long pid; }'), {
      ...once,
      parameters: ['1'],
    });
    expect(wide.stdout, wide.stderr).toMatch(/^\d+\nok\n/m);
  });

  it('a member of another width is there, and refused only where it is reached', async () => {
    const script = `struct task_struct___narrow { short pid; struct { short on_rq; } se; } begin {
         $t = (struct task_struct___narrow *)curtask;
         print((field_exists($t.pid), field_exists($t.se.on_rq)));
         if ($1 == 1) { print($t.pid); }
         if ($1 == 2) { print($t.se.on_rq); }
         print("ok"); exit(); }`;
    const unread = await run(script, { ...once, parameters: ['0'] });
    expect(unread.stdout, unread.stderr).toContain('(true, true)\nok\n');
    const read = await run(script, { ...once, parameters: ['1'] });
    expect(read.stderr).toContain('stdin:4: ERROR: pid of struct task_struct___narrow has 32 bits');
    expect(read.status).toBe(3);
  });

  it('what is reached and missing is named', async () => {
    const { stderr, status } = await run(
      'begin { if (field_exists(curtask.pid)) { print(curtask.gone); } }',
      once,
    );
    expect(stderr).toContain('This kernel has no struct task_struct.gone, which the script uses.');
    expect(status).toBe(3);
  });
});
