/** Variables and functions of the kernel that programs refer to: percpu_kaddr() and comm() of other processes. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errors } from '../support/diagnostics.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

describe('percpu_kaddr()', () => {
  it('[FUN-027] [FUN-079] [FUN-080] takes the name of a per-CPU variable and a CPU', () => {
    const says = (args: string) => errors(`begin { print(percpu_kaddr(${args})); }`);
    expect(says('"runqueues"')).toEqual([]);
    expect(says('"runqueues", 1')).toEqual([]);
    expect(says('"no_such_variable"')).toEqual([
      'Could not resolve variable "no_such_variable" from BTF @ "no_such_variable"',
    ]);
    expect(says('"schedule"')).toHaveLength(1);
    expect(says('comm')).toEqual([
      'percpu_kaddr() expects a string literal as variable (string[16] expression provided) @ comm',
    ]);
    expect(says('"runqueues", comm')).toEqual([
      'percpu_kaddr() expects an integer as cpu (string provided) @ comm',
    ]);
    expect(says('"runqueues", 1, 2')).toHaveLength(1);
    expect(says('')).toHaveLength(1);
    expect(errors('begin { print(percpu_kaddr("runqueues").no_such_field); }')).toEqual([
      "struct rq does not contain a field named 'no_such_field' @ no_such_field",
    ]);
  });
});

describe('comm() of a process', () => {
  it('[BLT-004] [FUN-079] wants an integer, and a probe that may ask', () => {
    expect(errors('interval:s:1 { print(comm(pid)); }')).toEqual([]);
    expect(errors('tracepoint:sched:sched_switch { print(comm(args.next_pid)); }')).toEqual([]);
    expect(errors('interval:s:1 { print(comm("a")); }')).toEqual([
      'comm() expects an integer (string provided) @ "a"',
    ]);
    expect(errors('interval:s:1 { print(comm(1, 2)); }')).toHaveLength(1);
    for (const probe of ['begin', 'kprobe:vfs_read', 'kretprobe:vfs_read', 'uprobe:/bin/sh:main'])
      expect(errors(`${probe} { print(comm(1)); }`)).toEqual([
        `comm of another process can not be used with "${probe.split(':')[0]}" probes @ comm(1)`,
      ]);
    expect(errors('fn f() : void { print(comm(1)); } begin { f(); }')).toEqual([
      'comm of another process can not be used in functions @ comm(1)',
    ]);
  });
});

needs('root').describe('symbols of the kernel', () => {
  needs('a kernel that hides its variables').it(
    '[FUN-027] a kernel that hides its variables is named',
    async () => {
      const result = await run('begin { print(percpu_kaddr("runqueues").cpu); }', {
        signal: 'none',
      });
      expect(result).toMatchObject({
        stderr:
          'stdin:1:15: ERROR: This kernel does not tell where its variable runqueues is: percpu_kaddr() needs CONFIG_KALLSYMS_ALL.\nbegin { print(percpu_kaddr("runqueues").cpu); }\n              ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n',
        status: 3,
      });
    },
  );

  it('[BLT-004] comm() names a process by its id', async () => {
    const name = readFileSync(`/proc/${process.pid}/comm`, 'utf8').trim();
    const result = await run(
      'interval:ms:10 { printf("%s|%s|%d\\n", comm($1), comm($2), comm($1) == comm); $c = comm($1); @[comm($1), $c] = count(); exit(); }',
      { signal: 'none', parameters: [String(process.pid), '99999999'] },
    );
    // The interval may fall into that process itself, and come once more before exit() is heard.
    expect(result.stdout).toMatch(/\|N\/A\|[01]\n/);
    expect(result.stdout).toContain(`${name}|N/A|`);
    expect(result.stdout).toContain(`@[${name}, ${name}]: `);
    expect(result.stderr).toContain('WARNING: comm(): there is no process with that id.');
    const own = await run(
      'tracepoint:syscalls:sys_enter_getppid /comm == "asker"/ { print((comm(pid) == comm, comm(pid))); exit(); }',
      { workload: 'comm asker getppid 1', signal: 'none' },
    );
    expect(own.stdout).toContain('(true, asker)\n');
  });
});
