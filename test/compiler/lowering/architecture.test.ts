/** What ties objects to the architecture that they were built for, and what does not. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { inspectObject } from '../../../linker/inspect.ts';
import { build, temporaryFolder } from '../../support/build.ts';

function tiesOf(script: string): readonly string[] | undefined {
  return inspectObject(build(script, { unsafe: true })).ties?.map(
    ({ reason, line, file }) => `${file === undefined ? '' : `${file}:`}${line}: ${reason}`,
  );
}

describe('An object is for every architecture', () => {
  it.each([
    ['begin { @ = 1; exit(); }'],
    ['kprobe:vfs_read { @[comm, pid, kstack, ustack, func] = count(); }'],
    ['kprobe:vfs_* { @[probe, func] = count(); }'],
    ['fexit:vfs_read { @[args.file.f_inode.i_ino, args.count, retval] = count(); }'],
    ['rawtracepoint:sched_switch { @[args.prev.pid, arg0] = count(); }'],
    ['tracepoint:sched:sched_switch { @[args.next_comm, args.prev_state] = count(); }'],
    ['tracepoint:syscalls:sys_enter_openat { @[str(args.filename)] = count(); }'],
    ['tracepoint:raw_syscalls:sys_exit { @[args.ret] = count(); }'],
    ['usdt:/bin/tool:point { @[arg0, arg5] = count(); }'],
    ['uprobe:/bin/sh:main { @[comm, ustack] = count(); }'],
    ['begin { print((sizeof(struct task_struct), NR_VM_EVENT_ITEMS, curtask.comm)); }'],
    ['struct mine { int a; char b; long c; } begin { print(sizeof(struct mine)); }'],
    ['#define N 4\nbegin { print(N); }'],
    ['profile:hz:99 { @[kstack] = count(); } interval:s:1 { print(@); }'],
    ['#include <net/not_installed.h>\nbegin { print(AF_INET6); }'],
    ['iter:task { print(ctx.task.pid); }'],
    ['tracepoint:syscalls:sys_enter_*, tracepoint:syscalls:sys_exit_* { @[probe] = count(); }'],
  ])('%s', (script) => {
    expect(tiesOf(script)).toEqual([]);
  });
});

describe('An object is for one architecture by', () => {
  it.each([
    ['kprobe:vfs_read {\n  @ = arg2; }', '2: arg2 is in a register of x86_64'],
    ['kretprobe:vfs_read { @ = retval; }', '1: retval is in a register of x86_64'],
    ['uretprobe:/bin/sh:main { @ = retval; }', '1: retval is in a register of x86_64'],
    ['profile:hz:99 { @ = reg("ip"); }', '1: reg("ip") is a register of x86_64'],
    ['profile:hz:99 { @ = usermode; }', '1: usermode is in a register of x86_64'],
    ['kprobe:vfs_read { @ = ((struct pt_regs *)ctx).di; }', '1: ctx is as x86_64 has it'],
    ['kprobe:vfs_read+5 { @ = count(); }', '1: kprobe:vfs_read+5 is a place in code of x86_64'],
    ['kprobe:0xffffffff81000000 { @ = count(); }', 'is a place in code of x86_64'],
    ['uprobe:/bin/sh:0x4000 { @ = count(); }', 'is a place in code of x86_64'],
    ['watchpoint:0x1000:8:w { @ = count(); }', '1: watchpoints have the addresses and modes'],
    [
      'tracepoint:raw_syscalls:sys_enter\n/args.id == 0/ { @ = count(); }',
      '2: args.id is a number of system calls of x86_64',
    ],
    ['rawtracepoint:sys_enter { @[args.id] = count(); }', '1: args.id is a number of system calls'],
    ['rawtracepoint:sys_enter { @[arg1] = count(); }', '1: arg1 is a number of system calls'],
    ['#include <net/not_installed.h>\nbegin { print(O_DIRECT); }', '2: O_DIRECT is that of x86_64'],
    ['#include <stddef.h>\nbegin { exit(); }', '1: stddef.h is read as for x86_64'],
    [
      '#ifdef __x86_64__\nstruct a { int x; };\n#endif\nstruct b { int y; }; begin { exit(); }',
      '1: #ifdef',
    ],
  ])('%s', (script, tie) => {
    const ties = tiesOf(script);
    expect(ties).toHaveLength(1);
    expect(ties?.[0]).toContain(tie);
  });

  it('each place that is tied, in their order', () => {
    expect(tiesOf('kprobe:vfs_read\n/arg2 > 1/ {\n  @ = arg2 + arg2;\n  @b = arg0; }')).toEqual([
      '2: arg2 is in a register of x86_64',
      '3: arg2 is in a register of x86_64',
      '3: arg2 is in a register of x86_64',
      '4: arg0 is in a register of x86_64',
    ]);
  });
});

describe('An object that reads a program', () => {
  const program = join(temporaryFolder(), 'program');

  beforeAll(() => {
    writeFileSync(
      `${program}.c`,
      `struct entry { long id; char kind; };
       int table[2];
       __attribute__((noinline)) long find(struct entry *entry) { table[0]++; return entry->id; }
       int main(void) { struct entry entry = {1, 2}; return find(&entry) != 1; }`,
    );
    execFileSync('gcc', ['-g', '-O1', '-o', program, `${program}.c`]);
  });

  it('is for the architecture of that program where it has its types or symbols', () => {
    const types = `1: types and symbols of ${program} are those of a program for x86_64`;
    expect(tiesOf(`usdt:${program}:a:b { print(((struct entry *)arg0).id); }`)).toEqual([types]);
    expect(tiesOf(`uprobe:${program}:find { print(sizeof(struct entry)); }`)).toEqual([types]);
    expect(tiesOf(`uretprobe:${program}:find { print(*uaddr("table")); }`)).toEqual([types]);
    expect(tiesOf(`uprobe:${program}:find { print(args.entry.id); }`)).toEqual([
      `1: args of uprobe:${program}:find are where a program for x86_64 has them`,
      '1: arg0 is in a register of x86_64',
    ]);
  });

  it('is for all where it only stands in it', () => {
    expect(tiesOf(`uprobe:${program}:find { @[comm, ustack] = count(); }`)).toEqual([]);
    expect(tiesOf(`uprobe:${program}@program.c:3 { @ = count(); }`)).toEqual([]);
    expect(tiesOf(`uretprobe:${program}:find { print(curtask.pid); }`)).toEqual([]);
  });
});
