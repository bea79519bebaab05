/** C definitions of scripts that use the kernel's types, without any header. */
import { expect, it } from 'vitest';
import { warnings } from '../support/diagnostics.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';
import { output } from '../support/script.ts';

const BOX = `struct box {
  u32 w; uint16_t h; size_t n; pid_t p; struct list_head node; enum pid_type kind; kuid_t uid;
  char comm[TASK_COMM_LEN]; union bpf_attr *attr; spinlock_t lock;
};
`;

/** What a body prints at the start of a script with these definitions. */
async function printed(definitions: string, body: string): Promise<string> {
  return (await output(`${definitions} BEGIN { ${body} exit(); }`)).replace(/\n\n+$/, '');
}

needs('root').describe('definitions of C that name types of the kernel', () => {
  it('have its sizes', async () => {
    expect(
      await printed(
        BOX,
        'print((sizeof(struct box), offsetof(struct box, n), offsetof(struct box, node), offsetof(struct box, uid), offsetof(struct box, comm), offsetof(struct box, node.prev)));',
      ),
    ).toBe('(80, 8, 24, 44, 48, 32)');
    const small = 'struct box { u32 w; uint16_t h; size_t n; pid_t p; struct list_head node; };';
    expect(await printed(small, 'print(sizeof(struct box));')).toBe('40');
  });

  it('lead to members of its structs, which the loader places', async () => {
    const body = `$b = (struct box *)((uint64)curtask + (uint64)offsetof(struct task_struct, tasks) - 24);
      print($b->node.next == curtask.tasks.next);
      $c = (struct box *)((uint64)curtask.cred + (uint64)offsetof(struct cred, uid) - 44);
      print(($c->uid.val, $c.uid));`;
    expect(await printed(BOX, body)).toBe('true\n(0, { .val = 0 })');
  });

  it('may have its structs by value, unions and enums too', async () => {
    const c =
      'struct all { struct hlist_node h; union sigval v; enum hrtimer_restart r; atomic_t a; u8 end; };';
    expect(await printed(c, 'print((sizeof(struct all), offsetof(struct all, end)));')).toBe(
      '(40, 32)',
    );
  });

  it('are refused where the host has such a struct of another size, and something depends on it', async () => {
    const all = 'struct all { u32 w; struct task_struct t; u32 end; };';
    for (const expression of [
      '((struct all *)curtask)->end',
      '((struct all *)curtask)[1].w',
      '(uint64)((struct all *)curtask + 1)',
      '*(struct all *)curtask',
      'sizeof(struct all)',
      'sizeof(struct all[2])',
      'offsetof(struct all, end)',
    ]) {
      const { stdout, stderr, status } = await run(
        `${all}\nBEGIN {\n  print(${expression});\n  exit();\n}`,
        { signal: 'none' },
      );
      expect(stderr, expression).toMatch(
        /^stdin:3: ERROR: sizeof\(struct task_struct\) is \d+ on this kernel, and the script's struct all was laid out with \d+, that of Linux \S+\.\n/,
      );
      expect([stdout, status]).toEqual(['', 3]);
    }
    const step = `${all} BEGIN { $p = (struct all *)curtask; $p++; print($p); exit(); }`;
    expect((await run(step, { signal: 'none' })).stderr).toMatch(/struct all was laid out with/);
    // What stands before it stays.
    expect(await printed(all, 'print((offsetof(struct all, w), offsetof(struct all, t)));')).toBe(
      '(0, 8)',
    );
  });

  it('win over a type of the kernel of the same name', async () => {
    const c = 'struct task_struct { int x; };';
    expect(await printed(c, 'print(sizeof(struct task_struct));')).toBe('4');
  });

  it('need no semicolon at their end, nor behind the last member', () => {
    const script =
      'struct s { int a : 3, b : 5 } BEGIN { print(sizeof(struct s)); } END { print(((struct s *)0)->b); }';
    expect(warnings(script, {})).toEqual([]);
  });
});
