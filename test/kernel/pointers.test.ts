/** Pointers: arithmetic, widths, address spaces, kernel structs; and arguments as one value. */

import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { run, WORKLOAD } from '../support/run.ts';

/** The lines that a script prints while `options` say what happens. */
async function lines(
  script: string,
  options: Parameters<typeof run>[1] = {},
): Promise<readonly string[]> {
  const result = await run(script, options);
  expect(result.stderr).not.toContain('ERROR');
  return result.stdout.trimEnd().split('\n');
}

const once = { signal: 'none' } as const;
/** /text NAME/ calls workload_text("abcdefgh", {"one", "two", "three"}). */
const text = { workload: 'text abcdefgh' } as const;
const workloadText = `uprobe:${WORKLOAD}:workload_text`;

needs('root').describe('pointers', () => {
  it('[TYP-026] step by the size of what they point to', async () => {
    const script =
      'BEGIN { $p = (int32 *)0x1000; $q = $p + 1; $v = (void *)16; $l = (int64 *)8; $l += 2; printf("%p %p %p %p %p\\n", $q, 2 + $p, $q - 3, $v + 3, $l); $p++; --$p; --$p; printf("%p %d\\n", $p, $q > $p); exit(); }';
    expect(await lines(script, once)).toEqual(['0x1004 0x1008 0xff8 0x13 0x18', '0xffc 1']);
  });

  it('[TYP-028] [TYP-029] read 1, 2, 4 and 8 bytes of the traced process', async () => {
    const script = `${workloadText} { $a = (uint8 *)arg0; $b = (uint16 *)arg0; $c = (int32 *)arg0; $d = (uint64 *)arg0; printf("%x %x %x %llx %c %c\\n", *$a, *$b, *$c, *$d, $a[2], *($a + 3)); }`;
    expect(await lines(script, text)).toEqual(['61 6261 64636261 6867666564636261 c d']);
  });

  it('[TYP-029] pointers in user memory lead to user memory', async () => {
    const script = `uprobe:${WORKLOAD}:main { $l = (int8 **)arg1; printf("%s %s %d\\n", str($l[1]), str(*($l + 2)), $l[3] == 0); }`;
    expect(await lines(script, text)).toContain('text abcdefgh 1');
  });

  it('[TYP-031] kptr() and uptr() choose the other space', async () => {
    const script = `${workloadText} { printf("[%s][%s]\\n", str(kptr(arg0)), str(uptr(arg0))); }`;
    expect(await lines(script, text)).toEqual(['[][abcdefgh]']);
  });

  it('[TYP-032] members are read through any number of pointers', async () => {
    const script =
      'BEGIN { $t = curtask; $s = (struct task_struct **)0; print(($t.comm == comm, $t->parent->pid == $t.real_parent.pid, $t->group_leader.group_leader.pid == pid, (*$t).tgid == pid)); print($s->pid); exit(); }';
    expect(await lines(script, { ...once, kernel: 'host' })).toEqual([
      '(true, true, true, true)',
      '0',
    ]);
  });

  it('structs are values and keys', async () => {
    const script =
      'BEGIN { $t = curtask; $c = $t->cred; @k[$c->uid] = $c->gid; @k[$c->uid] = $c->gid; $v = @k[$c->uid]; print($v.val); print(len(@k)); exit(); }';
    expect(await lines(script, { ...once, kernel: 'host' })).toEqual([
      '0',
      '1',
      '',
      '',
      '@k[{ .val = 0 }]: { .val = 0 }',
    ]);
  });

  it('a struct prints with all its members, bitfields among them', async () => {
    const script = 'BEGIN { $t = curtask; print(*$t); exit(); }';
    const [line = ''] = await lines(script, { ...once, kernel: 'host' });
    expect(line).toMatch(/^\{ .* \.comm = bpfload, .* \}$/);
    expect(line).toMatch(/ \.pid = \d+, \.tgid = \d+,/);
  });
});

needs('root').describe('arguments', () => {
  it('[TYP-033] *args is a copy of all of them', async () => {
    const script =
      'tracepoint:syscalls:sys_enter_read /comm == "whole"/ { $a = *args; print(($a.count == args.count, $a.count)); print(*args); @[*args] = count(); } END { clear(@); }';
    const [first, second] = await lines(script, { workload: 'comm whole read 1 77' });
    expect(first).toBe('(true, 77)');
    expect(second).toMatch(
      /^\{ \.__syscall_nr = 0, \.fd = \d+, \.buf = 0x[0-9a-f]+, \.count = 77 \}$/,
    );
  });

  it('[TYP-033] of raw tracepoints too', async () => {
    const script =
      'rawtracepoint:sched_switch { $a = *args; printf("%d %d\\n", $a.prev == args.prev, $a.next->pid == args.next->pid); exit(); }';
    const [first] = await lines(script, { workload: 'sleep 5', signal: 'none' });
    expect(first).toBe('1 1');
  });

  it('[TYP-035] text of a tracepoint is found through its place in the record', async () => {
    const script =
      'tracepoint:sched:sched_process_exec /str(args.filename) == "/bin/true"/ { printf("%s\\n", str(args.filename)); }';
    const ran = await lines(script, {
      workload: () => {
        spawnSync('/bin/true');
      },
    });
    expect(ran).toEqual(['/bin/true']);
  });
});
