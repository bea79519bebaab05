/** Scripts that the verifier of the running kernel has to accept. */
import { expect, it } from 'vitest';
import { build } from '../../support/build.ts';
import { loaded } from '../../support/kernel.ts';
import { needs } from '../../support/needs.ts';

const ACCEPTED: Readonly<Record<string, string>> = {
  'printf, comm and exit': 'begin { printf("hi %d %s\\n", pid, comm); exit(); }',
  'a key from a tracepoint field': 'tracepoint:sched:sched_switch { @[args.next_comm] = count(); }',
  'stacks as keys': 'profile:hz:99 { @[ustack, comm, kstack(3)] = count(); }',
  'a comparison with str()':
    'tracepoint:syscalls:sys_enter_openat /str(args.filename) == "/etc/passwd"/ { @[comm] = count(); }',
  'latencies by thread':
    'tracepoint:syscalls:sys_enter_read { @s[tid] = nsecs; } tracepoint:syscalls:sys_exit_read /@s[tid]/ { @us = hist((nsecs - @s[tid]) / 1000); delete(@s, tid); }',
  'all aggregates':
    'kprobe:vfs_read { @b[comm] = hist(arg2, 3); @l = lhist(arg2, 0, 1000, 100); @h[pid] = lhist(arg2, 0, 10, 1); @s = stats(arg2); @mx[pid] = max(arg2); @a = avg(arg2); @m = min(arg2); @sum[comm] = sum(arg2); }',
  'aggregates as numbers':
    'interval:s:1 { printf("%d %d\\n", @c / 2, (int64)@a[1]); @c = count(); @a[1] = avg(3); }',
  'while with jumps':
    'interval:s:1 { $i = 0; while ($i < 10) { $i++; if ($i == 5) { continue; } if ($i > 8) { break; } @[$i] = $i; } }',
  'nested loops that return':
    'kprobe:vfs_read { for ($i : 0..pid) { for ($j : 0..$i) { @s += $j; if ($j > 5) { return; } } } }',
  'loops over maps with captured strings':
    'interval:s:1 { $x = 1; for ($i : 0..1000) { $x += $i; $s = comm; if ($s == "a") { @[$s] = kstack; } for ($kv : @m) { $x += $kv.1; @t[$kv] = $x; } } @m[1,2] = 3; print($x); }',
  'a loop variable that is used whole':
    'interval:s:1 { for ($kv : @m) { if ($kv.1 == 0) { continue; } for ($i : 0..$kv.1) { @s[$kv.0] = $i; $t = $kv; print($t); } } @m[comm] = 5; }',
  'chains from curtask':
    'interval:s:1 { $t = curtask; printf("%d %d %s\\n", $t->pid, $t->real_parent->real_parent->tgid, $t->real_parent->comm); }',
  'typed arguments and bitfields':
    'rawtracepoint:sched_switch { @a[args.prev->flags, args.prev->mm->pgd, args.prev->in_execve] = count(); }',
  'pointers and casts':
    'kprobe:vfs_read { $f = (struct file *)arg0; @[$f->f_inode->i_ino] = count(); $p = (int32 *)arg1; printf("%d %d\\n", *$p, $p[2]); @x = $p[arg2]; }',
  'indexes that are computed':
    'rawtracepoint:sched_switch { $i = (uint64)(pid & 3); $c = comm; @q[$c[$i]] = count(); }',
  'long strings as variables, keys and values':
    'kprobe:vfs_read { @n[1] = str(arg0); $s = str(arg1); if ($s == @n[1]) { print(1); } @n[2] = $s; @k[$s] = 1; print(@k[$s]); }',
  'scratch memory of a uprobe on every way out':
    'uprobe:/bin/bash:readline { $a = str(arg0); if ($a == str(arg1)) { @[ustack] = count(); return; } else { exit(); } for ($i : 0..pid) { if ($i == 7) { return; } @s[$a] = $i; } }',
  'tuples in maps':
    'interval:s:1 { @x = (1, "abc", pid); print(@x); @y[@x] = (2, comm); print(@y[@x]); $z = @x.0 + 1; print($z); }',
  'operators of all widths':
    'kprobe:vfs_read { $x = (uint8)arg0; $y = (int32)arg1; @a = $x + $y; @b = $x << 3; @c = ~$y; @d = -$y; @e = !$x; @f = $y >> 2; @h = $y % 7; @i = $y / -3; @k = 5 / $x; }',
  'deletions of scalars and elements':
    'kprobe:vfs_read { @x[pid, comm] = count(); print(len(@x)); if (has_key(@x, (pid, comm))) { delete(@x, (pid, comm)); } @t = count(); delete(@t); @h = hist(3); delete(@h); }',
  'the name of a wildcard': 'tracepoint:sched:sched_s* { @[probe] = count(); }',
  'everything that is sent':
    'begin { time("%H\\n"); printf("%s\\n", strftime("%H", nsecs)); @a = buf("abc", 3); join(0); system("ls %d", pid); cat("/etc/passwd"); print(@a); clear(@a); zero(@a); }',
};

needs('root').describe('the verifier accepts', () => {
  for (const [title, script] of Object.entries(ACCEPTED)) {
    it(title, () => {
      const object = build(script, { kernel: 'host', unsafe: true });
      expect(loaded(object, ({ programs }) => programs.length)).toBeGreaterThan(0);
    });
  }
});
