/**
 * Every kind of warning: what it says and of which text, what the script becomes by its fix, and the neighbours of the
 * script that are as they should be.
 */
import { describe, expect, it } from 'vitest';
import { applies } from '../../compiler/source/advice.ts';
import { WARNING_CODES } from '../../compiler/source/codes.ts';
import { compileText } from '../support/build.ts';

interface Case {
  readonly code: string;
  /** The text that the warning is about stands between « and ». */
  readonly script: string;
  readonly says: string;
  /** What the script becomes by the warning's first fix; absent where no change is known to be the right one. */
  readonly fixed?: string;
  /** Scripts next to it of which nothing is said. */
  readonly fine: readonly string[];
}

const CAST = 'This may cause unexpected results.';
const OPEN = 'tracepoint:syscalls:sys_enter_openat';
const shell = (body: string): string => `uprobe:/bin/sh:main { ${body} }`;
const begin = (body: string): string => `begin { ${body} }`;

const CASES: readonly Case[] = [
  // ---- settings
  {
    code: 'deprecated-setting',
    script: 'config = { «symbol_source» = "dwarf" } begin { }',
    says: 'symbol_source is deprecated and has no effect',
    fine: ['config = { max_strlen = 64 } begin { }'],
  },
  {
    code: 'deprecated-setting',
    script: 'config = { «BPFTRACE_STRLEN» = 64 } begin { print(sizeof(str(1))); }',
    says: 'BPFTRACE_STRLEN has been renamed, please use max_strlen',
    fixed: 'config = { max_strlen = 64 } begin { print(sizeof(str(1))); }',
    fine: ['config = { BPFTRACE_MAX_STRLEN = 64 } begin { print(sizeof(str(1))); }'],
  },
  {
    code: 'unstable-feature',
    script: begin('@ = «tseries»(1, 1s, 10);'),
    says: 'Script is using an unstable feature: tseries. To prevent this warning you must explicitly enable it in the config e.g. unstable_tseries=enable',
    fine: [`config = { unstable_tseries = enable } ${begin('@ = tseries(1, 1s, 10);')}`],
  },
  // ---- names
  {
    code: 'unassigned-variable',
    script: begin('let $x; print(«$x»); $x = 1;'),
    says: 'Variable used before it was assigned: $x',
    fine: [
      begin('let $x; $x = 1; print($x);'),
      begin('let $x: int64 = 0; print($x);'),
      begin('let $x; if (pid) { $x = 1; } print($x);'),
    ],
  },
  {
    code: 'never-assigned',
    script: begin('let «$x»;'),
    says: 'Variable $x was never assigned to.',
    fine: [begin('let $x; if (pid) { $x = 1; }'), begin('let $x; for $i : 0..2 { $x = $i; }')],
  },
  {
    code: 'unused-map',
    script: '«let @x = hash(10)»; begin { }',
    says: 'Unused map: @x',
    fine: ['let @x = hash(10); begin { @x[1] = 1; }', 'let @x = hash(10); begin { @x[1]++; }'],
  },
  {
    code: 'deprecated-name',
    script: 'kprobe:vfs_read { print(«stack»); }',
    says: 'stack is deprecated and will be removed in the future. Use kstack instead.',
    fixed: 'kprobe:vfs_read { print(kstack); }',
    fine: ['kprobe:vfs_read { $stack = 1; @stack = $stack; print((stack = 1)); }'],
  },
  {
    code: 'deprecated-name',
    script: 'kprobe:vfs_read { print(«stack»(3)); }',
    says: 'stack is deprecated and will be removed in the future. Use kstack instead.',
    fixed: 'kprobe:vfs_read { print(kstack(3)); }',
    fine: ['macro stack(n) { n } kprobe:vfs_read { print(stack(3)); }'],
  },
  {
    code: 'deprecated-name',
    script: '«kfunc»:vfs_read { print(args.count); }',
    says: 'kfunc is deprecated and will be removed in the future. Use fentry instead.',
    fixed: 'fentry:vfs_read { print(args.count); }',
    fine: ['kprobe:vfs_read { }'],
  },
  {
    code: 'deprecated-name',
    script: '«kretfunc»:vfs_read { print(retval); }',
    says: 'kretfunc is deprecated and will be removed in the future. Use fexit instead.',
    fixed: 'fexit:vfs_read { print(retval); }',
    fine: ['kretprobe:vfs_read { print(retval); }'],
  },
  {
    code: 'deprecated-name',
    script: 'tracepoint:syscalls:sys_exit_read { print(args.«retval»); }',
    says: 'args.retval is deprecated and will be removed in the future. Use args.ret instead.',
    fixed: 'tracepoint:syscalls:sys_exit_read { print(args.ret); }',
    fine: ['kretprobe:vfs_read { print(retval); }'],
  },
  {
    code: 'deprecated-name',
    script: begin('@x[1, 2] = 1; «delete(@x[1, 2])»;'),
    says: 'delete(@x[...]) is deprecated',
    fine: [begin('@x[1, 2] = 1; delete(@x, (1, 2));'), begin('@x = 1; delete(@x);')],
  },
  {
    code: 'args-arrow',
    script: `${OPEN} { print(«args->flags»); }`,
    says: 'args->field is the older form of args.field and will be removed in the future. Use args.field instead.',
    fixed: `${OPEN} { print(args.flags); }`,
    fine: [`${OPEN} { print(curtask->pid); }`],
  },
  // ---- types
  {
    code: 'unnecessary-cast',
    script: begin('$x = (int64)-1; $y = («int64»)$x; print($y);'),
    says: 'Unnecessary cast: expression is already of type int64',
    fixed: begin('$x = (int64)-1; $y = $x; print($y);'),
    fine: [
      begin('$x = (int64)-1; print((uint64)$x);'),
      begin('$x = (int32)-1; print((int64)$x);'),
      begin('print((int8)1);'),
      begin('@ = count(); print((int64)@);'),
    ],
  },
  {
    code: 'unnecessary-cast',
    script: begin('$p = (int32 *)8; print((«int32 *»)$p);'),
    says: 'Unnecessary cast: expression is already of type int32 *',
    fixed: begin('$p = (int32 *)8; print($p);'),
    fine: [begin('$p = (int32 *)8; print((int64 *)$p);')],
  },
  {
    code: 'sign-comparison',
    script: begin('if «(nsecs < 0)» { exit(); }'),
    says: 'This is never true: a uint64 is not below 0',
    fine: [
      begin('if (nsecs <= 0) { exit(); }'),
      begin('if (nsecs > 0) { exit(); }'),
      begin('if (0 < nsecs) { exit(); }'),
      begin('if (0 >= nsecs) { exit(); }'),
      begin('if ((int64)nsecs < 0) { exit(); }'),
      begin('$x = (int64)1; if ($x < 0) { exit(); }'),
      begin('if (nsecs < 1) { exit(); }'),
      begin('if (nsecs == 0) { exit(); }'),
    ],
  },
  {
    code: 'sign-comparison',
    script: begin('$x = (uint8)pid; if «($x >= 0)» { exit(); }'),
    says: 'This is always true: a uint8 is not below 0',
    fine: [begin('$x = (int8)pid; if ($x >= 0) { exit(); }')],
  },
  {
    code: 'sign-comparison',
    script: begin('if «(0 > nsecs)» { exit(); }'),
    says: 'This is never true: a uint64 is not below 0',
    fine: [],
  },
  {
    code: 'sign-comparison',
    script: begin('if «(0 <= nsecs)» { exit(); }'),
    says: 'This is always true: a uint64 is not below 0',
    fine: [],
  },
  {
    code: 'sign-comparison',
    script: 'kretprobe:vfs_read { if «(retval < 0)» { exit(); } }',
    says: 'This is never true: a uint64 is not below 0',
    fixed: 'kretprobe:vfs_read { if ((int32)retval < 0) { exit(); } }',
    fine: ['fexit:vfs_read { if (retval < 0) { exit(); } }'],
  },
  {
    code: 'address-as-text',
    script: `${OPEN} { printf("%d %s", args.flags, «args.filename»); }`,
    says: "%s prints the address that 'int8 *' holds",
    fine: [
      `${OPEN} { printf("%p %s", args.filename, comm); }`,
      `${OPEN} { printf("%s", str(args.filename)); }`,
    ],
  },
  {
    code: 'implicit-cast',
    script: begin('$x = -1; $x = «nsecs»; print($x);'),
    says: `Expression of type: uint64 being cast to type: int64. ${CAST}`,
    fixed: begin('$x = -1; $x = (int64)nsecs; print($x);'),
    fine: [
      begin('$x = (uint64)1; $x = nsecs; print($x);'),
      begin('$x = (int64)-1; $x = pid; print($x);'),
      begin('$x = 1; $x = nsecs; print($x);'),
    ],
  },
  {
    code: 'implicit-cast',
    script: begin('@x = -1; @x = «nsecs»;'),
    says: `Expression of type: uint64 being cast to type: int64. ${CAST}`,
    fixed: begin('@x = -1; @x = (int64)nsecs;'),
    fine: [begin('@x = 1; @x = nsecs;')],
  },
  {
    code: 'implicit-cast',
    script: begin('let $x: uint8 = 1; $y = (uint16)pid; $x = «$y»; print($x);'),
    says: `Expression of type: uint16 being cast to type: uint8. ${CAST}`,
    fixed: begin('let $x: uint8 = 1; $y = (uint16)pid; $x = (uint8)$y; print($x);'),
    fine: [
      begin('let $x: uint16 = 1; $y = (uint8)pid; $x = $y; print($x);'),
      begin('let $x: int16 = 1; $y = (uint8)pid; $x = $y; print($x);'),
      begin('let $x: uint8 = 255; print($x);'),
    ],
  },
  {
    code: 'implicit-cast',
    script: begin('let $x: uint8 = 1; $y = (int8)pid; $x = «$y»; print($x);'),
    says: `Expression of type: int8 being cast to type: uint8. ${CAST}`,
    fixed: begin('let $x: uint8 = 1; $y = (int8)pid; $x = (uint8)$y; print($x);'),
    fine: [],
  },
  {
    code: 'implicit-cast',
    script: begin('let $x: int8 = 1; $y = (uint8)pid; $x = «$y»; print($x);'),
    says: `Expression of type: uint8 being cast to type: int8. ${CAST}`,
    fixed: begin('let $x: int8 = 1; $y = (uint8)pid; $x = (int8)$y; print($x);'),
    fine: [],
  },
  ...(['+', '*', '/', '%', '&', '|', '^'] as const).flatMap((operator): Case[] => [
    {
      code: 'implicit-cast',
      script: begin(`$a = nsecs; $b = (int64)2; print(«$a» ${operator} $b);`),
      says: `Expression of type: uint64 being cast to type: int64. ${CAST}`,
      fixed: begin(`$a = nsecs; $b = (int64)2; print((int64)$a ${operator} $b);`),
      fine: [
        begin(`$a = nsecs; $b = (uint64)2; print($a ${operator} $b);`),
        begin(`$a = (uint32)1; $b = (int64)2; print($a ${operator} $b);`),
      ],
    },
    {
      code: 'implicit-cast',
      script: begin(`$a = nsecs; $b = (int64)2; print($b ${operator} «$a»);`),
      says: `Expression of type: uint64 being cast to type: int64. ${CAST}`,
      fixed: begin(`$a = nsecs; $b = (int64)2; print($b ${operator} (int64)$a);`),
      fine: [begin(`$a = nsecs; print(2 ${operator} $a);`)],
    },
  ]),
  ...(['<', '<=', '>', '>=', '==', '!='] as const).flatMap((operator): Case[] => [
    {
      code: 'implicit-cast',
      script: begin(`$a = nsecs; $b = (int64)2; print(«$a» ${operator} $b);`),
      says: `Expression of type: uint64 being cast to type: int64. ${CAST}`,
      fixed: begin(`$a = nsecs; $b = (int64)2; print((int64)$a ${operator} $b);`),
      fine: [begin(`$a = (uint32)1; $b = (int8)2; print($a ${operator} $b);`)],
    },
    {
      code: 'implicit-cast',
      script: begin(`$a = nsecs; $b = (int64)2; print($b ${operator} «$a»);`),
      says: `Expression of type: uint64 being cast to type: int64. ${CAST}`,
      fixed: begin(`$a = nsecs; $b = (int64)2; print($b ${operator} (int64)$a);`),
      fine: [],
    },
  ]),
  {
    code: 'implicit-cast',
    script: begin('$a = nsecs; $b = (int64)2; for $i : $b..«$a» { print($i); }'),
    says: `Expression of type: uint64 being cast to type: int64. ${CAST}`,
    fixed: begin('$a = nsecs; $b = (int64)2; for $i : $b..(int64)$a { print($i); }'),
    fine: [
      begin('$a = nsecs; $b = (uint64)2; for $i : $b..$a { print($i); }'),
      begin('$a = nsecs; for $i : 2..$a { print($i); }'),
    ],
  },
  {
    code: 'empty-string',
    script: begin('print(«"abc" + 3»);'),
    says: 'literal string will always be empty',
    fine: [begin('print("abc" + 2);'), begin('print("abc" + "");')],
  },
  // ---- pointers
  {
    code: 'distinct-pointers',
    script: begin('if «((int32 *)1 == (int64 *)1)» { }'),
    says: "comparison of distinct pointer types: 'int32 *', 'int64 *'",
    fine: [
      begin('if ((int32 *)1 == (int32 *)2) { }'),
      begin('if ((int32 *)1 == (void *)1) { }'),
      begin('if ((void *)1 != (int32 *)1) { }'),
      begin('if ((int32 *)1 == 0) { }'),
    ],
  },
  {
    code: 'address-space',
    script: shell('$a = (int8 *)arg0; $a = «kptr((int8 *)arg1)»; print($a);'),
    says: 'Addrspace mismatch: int8 * into kernel memory where one into user memory is expected',
    fine: [
      shell('$a = (int8 *)arg0; $a = (int8 *)arg1; print($a);'),
      shell('$a = (int8 *)arg0; $a = uptr((int8 *)arg1); print($a);'),
      shell('$a = (int8 *)arg0; $b = kptr((int8 *)arg1); print(($a, $b));'),
    ],
  },
  {
    code: 'address-space',
    script: shell('@a = (int8 *)arg0; @a = «kptr((int8 *)arg1)»;'),
    says: 'Addrspace mismatch: int8 * into kernel memory where one into user memory is expected',
    fine: [shell('@a = (int8 *)arg0; @a = uptr((int8 *)arg1);')],
  },
  {
    code: 'address-space',
    script: `struct list { struct list *next; } ${shell('$a = *(struct list *)arg0; $a = «*kptr((struct list *)arg1)»; print($a.next);')}`,
    says: 'Addrspace mismatch: struct list of kernel memory where one of user memory is expected',
    fine: [
      `struct list { struct list *next; } ${shell('$a = *(struct list *)arg0; $a = *(struct list *)arg1; print($a.next);')}`,
      `struct list { struct list *next; } ${shell('$a = *(struct list *)arg0; $b = *kptr((struct list *)arg1); print(($a.next, $b.next));')}`,
      `struct pair { int a; int b; } ${shell('$a = *(struct pair *)arg0; $a = *kptr((struct pair *)arg1); print($a.b);')}`,
    ],
  },
  // ---- calls
  {
    code: 'shortened-text',
    script: 'kprobe:vfs_read { print(str(arg1, «1024»)); }',
    says: 'length param (1024) is too long and will be shortened to 1024 bytes',
    fine: ['kprobe:vfs_read { print(str(arg1, 1023)); }'],
  },
  {
    code: 'shortened-text',
    script: 'kprobe:vfs_read { print(buf(arg1, «1021»)); }',
    says: 'buf() length (1021) is too long and will be shortened to 1020 bytes',
    fine: ['kprobe:vfs_read { print(buf(arg1, 1020)); }'],
  },
  {
    code: 'shortened-text',
    script: 'config = { max_strlen = 16 } begin { print(buf(«comm»)); }',
    says: 'buf() length (16) is too long and will be shortened to 12 bytes',
    fine: ['config = { max_strlen = 20 } begin { print(buf(comm)); }'],
  },
  {
    code: 'shortened-text',
    script: 'fexit:vfs_fallocate { print(path(args.file.f_path, «1025»)); }',
    says: 'size param (1025) is too long and will be shortened to 1024 bytes',
    fine: ['fexit:vfs_fallocate { print(path(args.file.f_path, 1024)); }'],
  },
  {
    code: 'exit-status',
    script: begin('exit(«256»);'),
    says: 'a process cannot have the status 256: it will be 0',
    fine: [begin('exit(255);'), begin('exit(0);'), begin('exit($1);'), begin('exit(pid);')],
  },
  {
    code: 'exit-status',
    script: 'fn f(): void { exit(«-1»); } begin { f(); }',
    says: 'a process cannot have the status -1: it will be 255',
    fine: ['fn f(): void { exit(1); } begin { f(); }'],
  },
  {
    code: 'ignored-argument',
    script: begin('@x[1] = stats(1); «print(@x, 5)»;'),
    says: 'print() ignores top and div for stats() maps',
    fine: [
      begin('@x[1] = stats(1); print(@x);'),
      begin('@x[1] = avg(1); print(@x, 5);'),
      begin('@x[1] = count(); print(@x, 5, 2);'),
    ],
  },
  {
    code: 'map-in-loop',
    script: begin('@x[1] = 1; for $i : 0..3 { «print(@x)»; }'),
    says: 'print(@x) in a loop shows the map as it is once the event is handled',
    fine: [
      begin('@x[1] = 1; for $i : 0..3 { print(@x[1]); }'),
      begin('@x[1] = 1; for $kv : @x { print($kv); } print(@x);'),
      begin('@x[1] = 1; for $i : 0..3 { clear(@x); }'),
    ],
  },
  {
    code: 'debug-only',
    script: begin('«debugf("x")»;'),
    says: 'The debugf() builtin is not recommended for production use. For more information see bpf_trace_printk in bpf-helpers(7).',
    fine: [begin('printf("x");'), begin('errorf("x");')],
  },
  {
    code: 'discarded-value',
    script: begin('«strlen("text")»;'),
    says: 'Return value discarded.',
    fine: [
      begin('_ = strlen("text");'),
      begin('@x[1] = 1; delete(@x, 1);'),
      begin('$x = 1; $x++; --$x;'),
      begin('pid ? print(1) : print(2);'),
      begin('if pid { 1 } else { 2 }'.replace(/\d/g, 'print($&);')),
    ],
  },
  {
    code: 'discarded-value',
    script: begin('$x = 1; if pid { «$x + 1» }'),
    says: 'Return value discarded.',
    fine: [begin('$x = 1; $y = if pid { $x + 1 } else { 2 }; print($y);')],
  },
  {
    code: 'unreachable',
    script: begin('return; «print(1)»; print(2);'),
    says: 'Unreachable statement.',
    fine: [begin('if pid { return; } print(1);'), begin('for $i : 0..2 { break; } print(1);')],
  },
  {
    code: 'unreachable',
    script: begin('for $i : 0..3 { if ($i) { continue; } else { break; } «print(1)»; }'),
    says: 'Unreachable statement.',
    fine: [begin('for $i : 0..3 { if ($i) { continue; } else { } print(1); }')],
  },
  {
    code: 'unreachable',
    script: begin('if pid { exit(); } else if tid { return; } else { exit(); } «@x = 1»;'),
    says: 'Unreachable statement.',
    fine: [begin('if pid { exit(); } else if tid { return; } @x = 1;')],
  },
  // ---- loops
  {
    code: 'while-loop',
    script: begin('$i = 0; «while ($i < 3)» { $i++; }'),
    says: 'While loops are deprecated and will be removed in the future.',
    fine: [begin('$i = 0; for $j : 0..3 { $i++; }'), begin('$i = 0; unroll(3) { $i++; }')],
  },
  // ---- C
  {
    code: 'missing-header',
    script: '«#include <nowhere.h>»\nbegin { }',
    says: "The header of '#include <nowhere.h>' is not installed",
    fine: ['#if 0\n#include <nowhere.h>\n#endif\nbegin { }', '#include <linux/in.h>\nbegin { }'],
  },
  {
    code: 'c-warning',
    script: '«#warning careful»\nbegin { }',
    says: '#warning careful',
    fine: ['#if 0\n#warning careful\n#endif\nbegin { }'],
  },
  {
    code: 'c-warning',
    script: '«#include <linux/in.h> x»\nbegin { }',
    says: 'extra tokens at end of #include directive: x',
    fine: ['#include <linux/in.h> // x\nbegin { }', '#include <linux/in.h> /* x */\nbegin { }'],
  },
  {
    code: 'c-warning',
    script: 'struct a { int x; } __attribute__((«nonsense»));\nbegin { }',
    says: "unknown attribute 'nonsense' ignored",
    fine: ['struct a { int x; } __attribute__((packed));\nbegin { }'],
  },
  // ---- probes
  {
    code: 'undescribed-target',
    script: 'config = { missing_probes = warn } «tracepoint:sched:sched_swich» { } begin { }',
    says: 'The kernel description has no tracepoint sched:sched_swich: it is looked for when the object is loaded.',
    fixed: 'config = { missing_probes = warn } tracepoint:sched:sched_switch { } begin { }',
    fine: ['config = { missing_probes = ignore } tracepoint:sched:sched_swich { } begin { }'],
  },
  {
    code: 'undescribed-target',
    script: 'config = { missing_probes = warn } «tracepoint:sched:nothing_*» { } begin { }',
    says: 'The kernel description has no tracepoint sched:nothing_*: it is looked for when the object is loaded.',
    fine: [
      'config = { missing_probes = ignore } tracepoint:sched:nothing_* { } begin { }',
      'config = { missing_probes = warn } tracepoint:sched:sched_w* { } begin { }',
    ],
  },
  {
    code: 'undescribed-target',
    script:
      'config = { missing_probes = warn } «fentry:vfs_raed», fentry:vfs_read { print(args.count); }',
    says: 'No matches for fentry vfs_raed. Skipping.',
    fixed:
      'config = { missing_probes = warn } fentry:vfs_read, fentry:vfs_read { print(args.count); }',
    fine: [],
  },
  {
    code: 'undescribed-target',
    script: 'config = { missing_probes = warn } «fentry:nothing_*» { } begin { }',
    says: 'No attach point of the probe matches. Skipping.',
    fine: ['config = { missing_probes = warn } fentry:nothing_*, fentry:vfs_read { }'],
  },
  {
    code: 'dangerous-function',
    script: '«fentry:_raw_spin_lock» { }',
    says: 'Attaching to dangerous function: _raw_spin_lock. Where a program of this script would run inside of another one, it does not, so events may be lost.',
    fine: ['kprobe:_raw_spin_lock { }', 'fentry:vfs_read { }'],
  },
];

/** Codes of what is said of objects and not of scripts: test/compiler/compatibility has them. */
const OF_OBJECTS = ['not-known-of-kernel'];

/** A script without the marks, and what stands between them. */
function unmarked(marked: string): { readonly text: string; readonly about: string } {
  const [before = '', about = '', after = ''] = marked.split(/[«»]/);
  return { text: before + about + after, about };
}

/** All that is said of a script: code, message, and the text that it is about with where it begins. */
function saidOf(text: string): readonly (readonly [string, string, string, number])[] {
  return compileText(text).diagnostics.map(({ code, message, range }) => [
    code,
    message,
    range ? text.slice(range.start, range.end) : '',
    range?.start ?? -1,
  ]);
}

/** The script with the first fix of its warning; undefined where it has none. */
function mended(text: string): string | undefined {
  const { diagnostics, sources } = compileText(text);
  const fix = diagnostics[0]?.fixes?.[0];
  if (!fix || !applies(fix, sources)) return undefined;
  return text.slice(0, fix.range.start) + fix.text + text.slice(fix.range.end);
}

describe('warnings', () => {
  it.each(CASES)('$code: $script', ({ code, script, says, fixed, fine }) => {
    const { text, about } = unmarked(script);
    expect(saidOf(text)).toEqual([[code, says, about, script.indexOf('«')]]);
    // A warning stops nothing: the script becomes an object.
    expect(compileText(text).object?.().length).toBeGreaterThan(0);
    expect(mended(text)).toBe(fixed);
    for (const neighbour of fixed === undefined ? fine : [fixed, ...fine])
      expect([neighbour, saidOf(neighbour)]).toEqual([neighbour, []]);
  });

  it('have a case each', () => {
    const without = WARNING_CODES.filter((code) => !CASES.some((row) => row.code === code));
    expect(without).toEqual(OF_OBJECTS);
  });
});
