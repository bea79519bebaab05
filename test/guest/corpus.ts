/**
 * Scripts of every feature, each with what it prints on every kernel. `WORKLOAD` stands for the workload's path, and
 * `GETPPID` for the number of that system call.
 */
import type { GuestCommand } from '../support/guest.ts';

export interface Case extends Pick<GuestCommand, 'workload' | 'parameters'> {
  readonly title: string;
  readonly script: string;
  /** All of standard output, without the white space around it. */
  readonly expected: string;
}

/** A script of one block that runs at the start. */
function block(title: string, body: string, expected: string, preamble = ''): Case {
  return { title, script: `${preamble}\nbegin { ${body} }`, expected };
}

/** A script that traces the thread `traced` of a workload. */
function traced(title: string, actions: string, script: string, expected: string): Case {
  return { title, script, workload: `comm traced ${actions}`, expected };
}

const CALLED = 'tracepoint:syscalls:sys_enter_getppid /comm == "traced"/';

const EXPRESSIONS: readonly Case[] = [
  block(
    'divides by variables, with signs and by zero',
    `$a = (int64)-7; $b = (int64)2; $z = (int64)0; $u = (uint64)18446744073709551615; $t = (uint64)10;
     printf("%d %d %d %d %llu %llu %d\\n", $a / $b, $a % $b, $a / -$b, -$a % $b, $u / $t, $u % $t, $a / $z);`,
    '-3 -1 3 1 1844674407370955161 5 1',
  ),
  block(
    'divides what maps and loops give',
    'for $i : 1..6 { @[$i] = 100 / ($i - 3); } @q = (int64)-9; @q /= 4; @q %= 2;',
    '@[2]: -100\n@[1]: -50\n@[3]: 1\n@[5]: 50\n@[4]: 100\n@q: 0',
  ),
  block(
    'shifts, casts and swaps',
    `$a = (int64)-256; $n = (int64)4;
     printf("%d %d %d %d %d %x\\n", $a >> $n, 1 << $n, (int8)200, (uint8)$a - 1, (int16)0x18000, bswap((uint32)0x11223344));`,
    '-16 16 -56 -1 -32768 44332211',
  ),
  block(
    'decides by logic and ternaries',
    `$a = (int64)3; @n = (int64)0;
     $x = $a > 2 && $a < 4 ? "in" : "out"; $y = @n ?: 9; $w = if $a == 3 { "three" } else { "other" };
     printf("%s %d %s %d\\n", $x, $y, $w, !($a || @n));`,
    'in 9 three 0\n\n\n@n: 0',
  ),
  block(
    'reads arrays by a variable index',
    '$a = (uint8[4])(uint32)0x04030201; $s = 0; for $i : 0..4 { $s = $s * 10 + $a[$i]; } printf("%d %x\\n", $s, (uint32)$a);',
    '1234 4030201',
  ),
  block(
    'keeps tuples and records in variables and maps',
    `$t = (1, ("ab", 2)); @t["k"] = $t; $r = (a = 5, b = (c = "deep")); @r = $r;
     printf("%s %d %s %d\\n", $t.1.0, @t["k"].1.1, @r.b.c, $r.a); print($t); print($r); delete(@t, "k"); clear(@r);`,
    'ab 2 deep 5\n(1, (ab, 2))\n{ .a = 5, .b = { .c = deep } }',
  ),
  block(
    'keys maps by tuples and records',
    `@a[1, "x"] = 1; @a[(2, "yy")] = 2; @b[(p = 1, q = (int8)-1)] = 3;
     printf("%d %d %d\\n", @a[1, "x"], @a[2, "yy"], has_key(@b, (p = 1, q = (int8)-1))); clear(@a); clear(@b);`,
    '1 2 1',
  ),
  block(
    'counts up and down in variables and maps',
    '$i = 5; $a = $i++ + ++$i; @m[1] = 3; @m[1]++; --@m[1]; @m[1] += 10; @m[1] <<= 2; printf("%d %d %d\\n", $a, $i, @m[1]++); clear(@m);',
    '12 7 52',
  ),
];

const LOOPS: readonly Case[] = [
  block(
    'nests loops over ranges',
    'for $i : 0..7 { for $j : $i..7 { for $k : 0..3 { @n += $i * $j + $k; } } }',
    `@n: ${[...Array(7).keys()].flatMap((i) => [...Array(7).keys()].filter((j) => j >= i).flatMap((j) => [0, 1, 2].map((k) => i * j + k))).reduce((a, b) => a + b, 0)}`,
  ),
  block(
    'leaves and goes on in loops in loops',
    `for $i : 0..10 { if $i == 2 { continue; } if $i == 5 { break; }
       for $j : 0..10 { if $j > $i { break; } printf("%d%d ", $i, $j); } }`,
    '00 10 11 30 31 32 33 40 41 42 43 44',
  ),
  block(
    'returns from within two loops',
    'for $i : 0..10 { for $j : 0..10 { if $i * $j == 42 { printf("%d %d\\n", $i, $j); return; } } } printf("never\\n");',
    '6 7',
  ),
  block(
    'loops over maps in loops over maps',
    `@a[1] = 10; @a[2] = 20; @b["x"] = 3; @b["yy"] = 4; $n = 0;
     for $k : @a { for $l : @b { $n += $k.0 * $l.1 + (int64)strlen($l.0); } } printf("%d\\n", $n); clear(@a); clear(@b);`,
    '27',
  ),
  block(
    'loops over aggregates',
    `for $i : 0..5 { @c[$i] = count(); @s["s"] = sum($i); @m["m"] = max($i); @l["l"] = min($i); @v["v"] = avg($i); }
     $n = 0; for $k : @c { $n += (int64)$k.1; } for $k : @s { $n += (int64)$k.1 * 10; } for $k : @m { $n += (int64)$k.1 * 1000; }
     for $k : @l { $n += (int64)$k.1 * 7; } for $k : @v { $n += (int64)$k.1 * 100000; }
     printf("%d\\n", $n); clear(@c); clear(@s); clear(@m); clear(@l); clear(@v);`,
    '204105',
  ),
  block(
    'loops while a condition holds, and unrolls',
    '$i = 0; while $i < 5 { $i++; if $i == 3 { continue; } printf("%d ", $i); } unroll(3) { $i += 2; } printf("%d\\n", $i);',
    '1 2 4 5 11',
  ),
  block(
    'unrolls as often as a parameter says',
    '$n = 0; unroll($1) { $n += 3; } printf("%d\\n", $n);',
    '0',
  ),
  block(
    'changes strings and tuples in loops',
    `$s = "none"; $t = (0, "start"); for $i : 0..4 { if $i == 2 { $s = "two"; } $t = ($i, $s); } print($t); printf("%s\\n", $s);`,
    '(3, two)\ntwo',
  ),
  block(
    'deletes from the map that it loops over',
    'for $i : 0..10 { @m[$i] = $i; } for $kv : @m { if $kv.1 % 2 == 0 { delete(@m, $kv.0); } } printf("%d\\n", len(@m)); clear(@m);',
    '5',
  ),
  block(
    'keeps strings of loop keys in long-lived variables',
    '@m["the key"] = 7; $k = ""; for $kv : @m { $k = $kv.0; } printf("%s %d\\n", $k, @m[$k]); clear(@m);',
    'the key 7',
  ),
];

const STRINGS: readonly Case[] = [
  block(
    'keys maps by strings of every size',
    `@["a"] = 1; @["a rather long key that takes more than thirty-two bytes"] = 2; @["middle sized key"] = 3;
     printf("%d %d %d %d\\n", @["a"], @["middle sized key"], @["a rather long key that takes more than thirty-two bytes"], @["b"]); clear(@);`,
    '1 3 2 0',
  ),
  {
    title: 'keeps strings of a kilobyte',
    script: `config = { max_strlen = 1024 }
      uprobe:WORKLOAD:workload_text { $s = str(arg0); @s = $s; @k[$s] = strlen($s); printf("%d %d\\n", strlen(@s), $s == @s); clear(@k); clear(@s); }`,
    workload: `text ${'0123456789'.repeat(70)}`,
    expected: '700 1',
  },
  {
    title: 'keys maps by long strings that differ at the end',
    script: `config = { max_strlen = 512 }
      uprobe:WORKLOAD:workload_text { @[str(arg0)] = count(); @u[str(arg0, 200)] = count(); }
      end { printf("%d %d\\n", len(@), len(@u)); clear(@); clear(@u); }`,
    workload: `text ${'x'.repeat(300)}a text ${'x'.repeat(300)}b text ${'x'.repeat(300)}a text short`,
    expected: '3 2',
  },
  block(
    'compares and searches strings',
    `$s = "abcdef"; $t = "abd"; printf("%d %d %d %d %d %d\\n", $s == "abcdef", $s != $t, strncmp($s, $t, 2), strcontains($s, "cde"), strstr($s, "ef"), strlen($t));`,
    '1 1 0 1 4 3',
  ),
  traced(
    'prints buffers and joins arguments',
    'text hello-buffer',
    `uprobe:WORKLOAD:workload_text { printf("%r|%s\\n", buf(arg0, 5), str(arg0, 6)); join(arg1); join(arg1, "+"); @[buf(arg0, 3)] = 1; }`,
    'hello|hello\none two three\none+two+three\n\n\n@[hel]: 1',
  ),
  traced(
    'cuts a text at a length that only the program knows',
    'writetext 2 abcdefgh writetext 1 xyz',
    `tracepoint:syscalls:sys_enter_write /comm == "traced"/ { @[str(args.buf, args.count - 1), args.count] = count(); }`,
    '@[x, 3]: 1\n@[abcdef, 8]: 2',
  ),
  block(
    'formats times of the clock',
    '$n = strftime("%Y", nsecs); printf("%s\\n", strftime("%%", 0)); @ = strftime("-", nsecs); print(@); clear(@);',
    '%\n@: -',
  ),
  block(
    'prints numbers in every form',
    `$n = (int64)-42; $u = (uint64)42; printf("[%5d|%-5d|%05d|%x|%X|%#x|%o|%c|%llu|%s|%10s|%s]\\n", $n, $n, $n, $u, 255, 255, $u, 65, $u, "s", "right", "cut");`,
    '[  -42|-42  |-0042|2a|FF|0xff|52|A|42|s|     right|cut]',
  ),
];

const FUNCTIONS: readonly Case[] = [
  {
    title: 'calls functions from functions, loops and probes',
    script: `fn fact($n : int64) : int64 { $r = 1; for $i : 1..$n + 1 { $r *= $i; } return $r; }
      fn both($a : int64, $b : int64) : typeof(((int64)1, (int64)2)) { return (fact($a), fact($b)); }
      begin { for $i : 1..5 { $t = both($i, $i + 1); printf("%d,%d ", $t.0, $t.1); } }`,
    expected: '1,2 2,6 6,24 24,120',
  },
  {
    title: 'takes and gives strings of any size by functions',
    script: `fn pick($a : string, $b : string, $first : bool) : string { if $first { return $a; } return $b; }
      fn note($s : string[20]) : bool { @[$s] = count(); return strlen($s) > 3; }
      begin { printf("%s %d %d\\n", pick("left", "right", false), note("abc"), note("long")); clear(@); }`,
    expected: 'right 0 1',
  },
  {
    title: 'returns from loops in functions called in loops',
    script: `fn find_it($n : int64, $w : int64) : int64 { for $i : 0..$n { for $j : 0..$n { if $i * $n + $j == $w { return $i * 100 + $j; } } } return -1; }
      begin { for $q : 0..4 { printf("%d ", find_it(5, $q * 7)); } printf("%d\\n", find_it(3, 99)); }`,
    expected: '0 102 204 401 -1',
  },
  {
    title: 'loops over maps in functions',
    script: `fn total() : int64 { $s = 0; for $kv : @m { $s += $kv.1; } return $s; }
      fn top() : string[16] { $best = ""; $n = 0; for $kv : @m { if $kv.1 > $n { $n = $kv.1; $best = $kv.0; } } return $best; }
      begin { @m["one"] = 1; @m["three"] = 3; @m["two"] = 2; printf("%d %s\\n", total(), top()); clear(@m); }`,
    expected: '6 three',
  },
  {
    title: 'expands macros with variables, maps and blocks',
    script: `macro add($t, @m, n) { $t += n; @m[n] = count(); }
      macro clamp(x, hi) { $v = x; $v > hi ? hi : $v }
      begin { $t = 0; for $i : 0..5 { add($t, @hits, clamp($i, 2)); } printf("%d %d\\n", $t, (int64)@hits[2]); clear(@hits); }`,
    expected: '7 3',
  },
  {
    title: 'finds containers and errors by the standard library',
    script: `begin { $t = curtask; $c = container_of((uint64)$t + offsetof(struct task_struct, comm), typeof(struct task_struct), comm);
      printf("%d %d %d\\n", $c->pid == $t->pid, is_err((uint64)-5), is_err((uint64)5)); }`,
    expected: '1 1 0',
  },
];

const TYPES: readonly Case[] = [
  {
    title: 'reads structs, unions and bitfields of the C preamble',
    script: `enum colour { RED, GREEN = 5, BLUE = 7 };
      struct shapes { char name[8]; char full[4]; unsigned int low : 3; unsigned int middle : 11; int negative : 5; enum colour colour;
        struct { short x; short y; } point; union { unsigned int word; unsigned char bytes[4]; }; struct { long first; struct { long second; }; };
        const char *text; struct shapes *next; int numbers[3]; enum colour colours[2]; };
      struct __attribute__((packed)) packed { char tag; int value; unsigned long long a : 3; unsigned long long b : 62; long long c : 7; short last; };
      uprobe:WORKLOAD:workload_shapes { $s = (struct shapes *)arg0; $p = (struct packed *)arg1;
        printf("%s %s %d %d %d %s %d %d\\n", $s.name, $s.full, $s.low, $s.middle, $s.negative, $s.colour, $s.point.x, $s.point.y);
        printf("%x %d %d %d %s %s %d\\n", $s.word, $s.bytes[1], $s.first, $s.second >> 38, str($s.text), $s.next.name, $s.next.first);
        printf("%d %s %c %d %d %llx %d %d\\n", $s.numbers[2], $s.colours[0], $p.tag, $p.value, $p.a, $p.b, $p.c, $p.last); }`,
    workload: 'shapes 1',
    expected: `first full 5 1234 -7 BLUE -3 4
1020304 3 -1 4 pointed to second 42
30 GREEN p -123456 5 123456789abcdef -33 -2`,
  },
  {
    title: 'copies and compares whole structs',
    script: `struct pair { int a; long b; };
      uprobe:WORKLOAD:workload_shapes /comm == "pairs"/ { $p = (struct pair *)arg0; $v = *$p; @p = $v; @k[$v] = 1; printf("%x %d\\n", $v.a & 0xff, @p.a == $p.a); clear(@k); clear(@p); }`,
    workload: 'comm pairs shapes 1',
    expected: '66 1',
  },
  traced(
    'follows long chains from curtask',
    'getppid 1',
    `${CALLED} { $t = curtask; printf("%d %d %s %d %s %d\\n", $t->real_parent->real_parent->pid >= 0, $t->mm->exe_file->f_path.dentry->d_parent->d_inode->i_ino > 0,
      str($t->mm->exe_file->f_path.dentry->d_name.name), $t->nsproxy->uts_ns->name.sysname[0], $t->group_leader->comm, $t->signal->nr_threads); }`,
    '1 1 workload 76 traced 1',
  ),
  traced(
    'reads bitfields of the kernel by CO-RE',
    'getppid 1',
    `${CALLED} { $t = curtask; @b = ((struct task_struct *)curtask)->in_execve; printf("%d %d %d\\n", $t->in_execve, $t->sched_reset_on_fork + $t->in_iowait, $t->no_cgroup_migration); clear(@b); }`,
    '0 0 0',
  ),
  traced(
    'gives ids, names and parents of the task',
    'getppid 1',
    `${CALLED} { printf("%d %d %d %d %s %d %d\\n", pid == tid, uid, gid, pid == curtask->tgid, comm, ppid == curtask->real_parent->tgid, cgroup > 0); printf("%d %d %d %d\\n", cpu < ncpus, leader_tid == tid, leader_comm == comm, rand >= 0); }`,
    '1 0 0 1 traced 1 1\n1 1 1 1',
  ),
  block(
    'asks the compiler about types',
    `$x = (1, "abc"); printf("%d %d %d %s\\n", sizeof($x.1), sizeof(struct task_struct *), sizeof((uint16)1), "x"); if comptime (sizeof(uint32) == 4) { printf("four\\n"); } else { no_such(); }`,
    '4 8 2 x\nfour',
  ),
  block(
    'reads zero where memory cannot be read',
    `$p = (struct task_struct *)(uint64)8; printf("%d [%s] [%s]\\n", $p->pid, $p->comm, str(kptr((uint64)16)));`,
    '0 [] []',
  ),
  block(
    'makes and compares pointers',
    `$p = (int32 *)(uint64)0x1000; $q = $p + 3; printf("%llx %d %d\\n", (uint64)$q, $q != $p, $q > $p);`,
    '100c 1 1',
  ),
];

const MAPS: readonly Case[] = [
  block(
    'sums up aggregates in maps of every form',
    `for $i : 0..8 { @c = count(); @s = sum($i); @a = avg($i); @n = min($i); @x = max($i - 20); @t[$i % 2] = stats($i); @h = hist($i); @l = lhist($i, 0, 8, 4); }
     printf("%d %d\\n", (int64)@c, (int64)@s); print(@a); print(@n); print(@x); print(@t); clear(@h); print(@l); clear(@l); clear(@c); clear(@s); clear(@a); clear(@n); clear(@x); clear(@t);`,
    `8 28
@a: 3
@n: 0
@x: -13
@t[0]: { .count = 4, .average = 3, .total = 12 }
@t[1]: { .count = 4, .average = 4, .total = 16 }
@l:
[0, 4)                 4 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[4, 8)                 4 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|`,
  ),
  block(
    'finds, deletes, clears and measures maps',
    `@m[1] = "one"; @m[2] = "two"; $v = ""; printf("%d ", find(@m, 2, $v)); printf("%s %d %d ", $v, delete(@m, 1), delete(@m, 1)); printf("%d %d\\n", len(@m), has_key(@m, 2)); zero(@m); clear(@m);`,
    '1 two 1 0 1 1',
  ),
  {
    title: 'keeps the newest keys of a declared map',
    script:
      'let @l = lruhash(4); let @h = hash(2); let @p = percpuhash(8); begin { for $i : 0..40 { @l[$i] = $i; @p[$i % 8] = count(); } @h[1] = 1; @h[2] = 2; @h[1] = 3; printf("%d %d %d\\n", @l[39], @h[1], len(@p)); clear(@l); clear(@h); clear(@p); }',
    expected: '39 3 8',
  },
  block(
    'prints the largest elements, divided',
    'for $i : 0..6 { @m[$i] = $i * 1000; @s[$i] = sum($i * 100); } print(@m, 2); print(@s, 2, 100); print(@m[3]); print((1, "t")); clear(@m); clear(@s);',
    '@m[4]: 4000\n@m[5]: 5000\n@s[4]: 4\n@s[5]: 5\n3000\n(1, t)',
  ),
];

const PROBES: readonly Case[] = [
  traced(
    'reads fields of tracepoints of system calls',
    'write 3 17 read 2 9',
    `tracepoint:syscalls:sys_enter_write /comm == "traced"/ { @w[args.count] = count(); }
     tracepoint:syscalls:sys_exit_read /comm == "traced"/ { @r[args.ret] = count(); }`,
    '@r[9]: 2\n@w[17]: 3',
  ),
  traced(
    'reads fields of kernel tracepoints',
    'fork 2 sleep 1',
    'tracepoint:sched:sched_process_fork /comm == "traced"/ { @[args.parent_pid == tid, args.child_pid > tid] = count(); }',
    '@[true, true]: 2',
  ),
  traced(
    'counts all system calls by one pattern',
    'getppid 40 close 20',
    'tracepoint:syscalls:sys_enter_* /comm == "traced"/ { @[probe] = count(); } end { print(@, 2); clear(@); }',
    '@[tracepoint:syscalls:sys_enter_close]: 20\n@[tracepoint:syscalls:sys_enter_getppid]: 40',
  ),
  traced(
    'reads fields of two events in one pattern',
    'read 2 5 write 3 7',
    'tracepoint:syscalls:sys_enter_read, tracepoint:syscalls:sys_enter_write /comm == "traced"/ { @[args.count] = count(); }',
    '@[5]: 2\n@[7]: 3',
  ),
  traced(
    'copies all arguments of a tracepoint',
    'close 2',
    'tracepoint:syscalls:sys_exit_close /comm == "traced"/ { $a = *args; @[$a.ret] = count(); }',
    '@[-9]: 2',
  ),
  traced(
    'gives arguments and results of kernel functions',
    'write 3 33',
    `kprobe:vfs_write /comm == "traced"/ { @a[func, arg2, arg0 != 0, arg1 != 0, arg3 != 0] = count(); @all = arg0 + arg1 + arg2 + arg3 + arg4 + arg5; }
     kretprobe:vfs_write /comm == "traced"/ { @r[retval, func] = count(); } end { clear(@all); }`,
    '@a[vfs_write, 33, true, true, true]: 3\n@r[33, vfs_write]: 3',
  ),
  traced(
    'reads structs from arguments of kernel functions',
    'open 2 /dev/null',
    'kprobe:vfs_open /comm == "traced"/ { $p = (struct path *)arg0; @[str($p->dentry->d_name.name)] = count(); }',
    '@[null]: 2',
  ),
  traced(
    'gives arguments of raw tracepoints',
    'getppid 3',
    'rawtracepoint:sys_enter /comm == "traced"/ { @[args.id] = count(); @b[arg1] = count(); } end { printf("%d %d\\n", (int64)@[GETPPID], (int64)@b[GETPPID]); clear(@); clear(@b); }',
    '3 3',
  ),
  {
    title: 'traces functions of programs with their results',
    script: `uprobe:WORKLOAD:workload_target { @s[tid] = (arg0, arg1); } uretprobe:WORKLOAD:workload_target /has_key(@s, tid)/ { $t = @s[tid]; printf("%d+%d=%d %s\\n", $t.0, $t.1, retval, func); delete(@s, tid); }`,
    workload: 'call 2 7 8',
    expected: '7+8=15 workload_target\n8+8=16 workload_target',
  },
  {
    title: 'shares scratch memory of uprobes out',
    script: `config = { max_strlen = 300 } uprobe:WORKLOAD:workload_target { $a = comm; $b = str(kptr((uint64)0)); $t = ($a, $b, arg0); @[$t.0, $t.1] = count(); for $i : 0..3 { @s[$t.0] = sum($t.2 + $i); } }`,
    workload: 'comm traced threads 3 call 4 1 1',
    expected: '@[traced, ]: 12\n@s[traced]: 126',
  },
  traced(
    'walks kernel and user stacks',
    'stack 3',
    // The events of system calls have no kernel stack on Linux 6.1: they hand over the user's registers.
    `rawtracepoint:sys_enter /comm == "traced" && args.id == GETPPID/ { @k[kstack(3)] = count(); @u[ustack(3)] = count(); @n = len(kstack); }
     end { for $kv : @k { @i += 1; } printf("%d %d\\n", len(@u), @n > 1); clear(@k); clear(@u); clear(@n); clear(@i); }`,
    '1 1',
  ),
  {
    title: 'takes parameters of every form',
    script:
      'begin { printf("%d %d %s %d %s [%s]\\n", $1, $2, str($3), $#, str($3 + 2), str($9)); $n = 0; unroll($1) { $n += 2; } printf("%d %d\\n", $n, $2 < 0); }',
    parameters: '5 -0x10 text',
    expected: '5 -16 text 3 xt []\n10 1',
  },
  {
    title: 'fires at intervals',
    script:
      'interval:ms:20 { @n++; if @n == 3 { printf("%d %s\\n", @n, probe); exit(); } } end { clear(@n); }',
    expected: '3 interval:ms:20',
  },
  {
    title: 'samples by profiles',
    script:
      'profile:hz:99 { @ = count(); @c[cpu] = count(); } interval:ms:10 { if (int64)@ > 1 { printf("sampled %d\\n", usermode < 2); exit(); } } end { clear(@); clear(@c); }',
    workload: 'spin 50',
    expected: 'sampled 1',
  },
  {
    title: 'ends with a status and runs end',
    script: 'begin { printf("first\\n"); exit(); printf("never\\n"); } end { printf("last\\n"); }',
    expected: 'first\nlast',
  },
];

export const CASES: readonly Case[] = [
  ...EXPRESSIONS,
  ...LOOPS,
  ...STRINGS,
  ...FUNCTIONS,
  ...TYPES,
  ...MAPS,
  ...PROBES,
];
