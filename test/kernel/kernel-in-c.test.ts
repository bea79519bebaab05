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

  it('are refused where the host has such a struct otherwise', async () => {
    const script =
      'struct all { u32 w; struct task_struct t; u32 end; }; BEGIN { print(((struct all *)curtask)->end); exit(); }';
    const { stderr, status } = await run(script, { signal: 'none' });
    expect(stderr).toMatch(
      /struct task_struct has its member \w+ otherwise on this kernel, and the script copies it whole/,
    );
    expect(status).toBe(3);
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
