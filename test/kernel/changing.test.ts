/** Functions that change what happens: signals, memory of processes, results of kernel functions; and debugf(). */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errors, warnings } from '../support/diagnostics.ts';
import { needs } from '../support/needs.ts';
import { run, WORKLOAD } from '../support/run.ts';

const UNSAFE = { unsafe: true } as const;
const PROBE = `uprobe:${WORKLOAD}:workload_text`;

describe('functions that change what happens', () => {
  it('want --unsafe', () => {
    for (const call of ['signal(9)', 'signal_thread(9)', 'write_user(arg0, 1, 1)'])
      expect(errors(`${PROBE} { ${call}; }`)).toEqual([
        `${call.replace(/\(.*/, '()')} is an unsafe function being used in safe mode @ ${call}`,
      ]);
    expect(errors('kprobe:vfs_read { override(1); }')).toEqual([
      'override() is an unsafe function being used in safe mode @ override(1)',
    ]);
  });

  it('[FUN-074] [FUN-078] [FUN-079] signal() takes a name or a number from 1 to 64', () => {
    for (const name of ['signal', 'signal_thread']) {
      const says = (argument: string) => errors(`${PROBE} { ${name}(${argument}); }`, UNSAFE);
      for (const good of ['"SIGKILL"', '"KILL"', '"USR1"', '"SIGSYS"', '1', '64', 'arg0'])
        expect(says(good)).toEqual([]);
      expect(says('"SIGNOPE"')).toEqual(['Invalid string for signal: SIGNOPE @ "SIGNOPE"']);
      expect(says('""')).toEqual(['Invalid string for signal:  @ ""']);
      expect(says('0')).toEqual(['0 is not a valid signal, allowed range: [1,64] @ 0']);
      expect(says('65')).toEqual(['65 is not a valid signal, allowed range: [1,64] @ 65']);
      expect(says('-1')).toEqual(['-1 is not a valid signal, allowed range: [1,64] @ -1']);
      expect(says('comm')).toEqual([
        `${name}() expects an integer or a string literal (string provided) @ comm`,
      ]);
      expect(says('')).toEqual([`${name}() requires 1 argument (0 provided) @ ${name}()`]);
      expect(errors(`begin { ${name}(9); }`, UNSAFE)).toEqual([
        `${name} can not be used with "begin" probes @ ${name}(9)`,
      ]);
      expect(errors(`interval:s:1 { ${name}(9); }`, UNSAFE)).toHaveLength(1);
    }
  });

  it('[FUN-075] override() belongs to kprobes', () => {
    expect(errors('kprobe:vfs_read { override(-1); }', UNSAFE)).toEqual([]);
    expect(errors('kretprobe:vfs_read { override(1); }', UNSAFE)).toEqual([
      'override can not be used with "kretprobe" probes @ override(1)',
    ]);
    expect(errors('begin { override(1); }', UNSAFE)).toHaveLength(1);
    expect(errors('kprobe:vfs_read { override("x"); }', UNSAFE)).toEqual([
      'override() expects an integer (string provided) @ "x"',
    ]);
    expect(errors('kprobe:vfs_read { override(); }', UNSAFE)).toEqual([
      'override() requires 1 argument (0 provided) @ override()',
    ]);
  });

  it('[FUN-076] [FUN-079] [FUN-080] write_user() takes an address, a value and how much of it', () => {
    const says = (args: string) => errors(`${PROBE} { write_user(${args}); }`, UNSAFE);
    expect(says('arg0, "abc", 4')).toEqual([]);
    expect(says('(int8 *)arg0, (uint32)1, 4')).toEqual([]);
    expect(says('arg0, uptr(arg1), 1024')).toEqual([]);
    expect(says('arg0, "abc", 5')).toEqual([
      "write_user() expects a length from 1 to 4 for 'string[4]' (5 provided) @ 5",
    ]);
    expect(says('arg0, uptr(arg1), 1025')).toHaveLength(1);
    expect(says('arg0, "abc", 0')).toHaveLength(1);
    expect(says('arg0, "abc", arg1')).toEqual([
      'write_user() expects an integer literal as length (uint64 expression provided) @ arg1',
    ]);
    expect(says('comm, "abc", 1')).toEqual([
      'write_user() expects an integer or a pointer as target (string provided) @ comm',
    ]);
    expect(says('arg0, "abc"')).toHaveLength(1);
  });

  it('[FUN-011] debugf() takes what the kernel can print, with a warning', () => {
    const says = (args: string) => errors(`begin { debugf(${args}); }`);
    expect(says('"%d %s %llx", 1, comm, 2')).toEqual([]);
    expect(warnings('begin { debugf("x"); }')).toEqual([
      'The debugf() builtin is not recommended for production use. For more information see bpf_trace_printk in bpf-helpers(7). @ debugf("x")',
    ]);
    expect(says('"%d %d %d %d", 1, 2, 3, 4')).toEqual([
      'debugf() requires at most 4 arguments (5 provided) @ debugf("%d %d %d %d", 1, 2, 3, 4)',
    ]);
    expect(says('"%r", buf("a")')).toEqual([
      `debugf: the kernel's bpf_trace_printk does not know %r @ "%r"`,
    ]);
    expect(says('"%o", 1')).toHaveLength(1);
    expect(says('"%.3s", comm')).toHaveLength(1);
    expect(says('"%d"')).toEqual([
      'debugf: Not enough arguments for format string (0 supplied, 1 expected) @ debugf("%d")',
    ]);
    expect(says('"%s", 1')).toEqual([
      "debugf: unsupported format specifier for type 'int8': s @ 1",
    ]);
    expect(says('"%d", comm')).toHaveLength(1);
    expect(says('comm')).toHaveLength(1);
  });
});

needs('root').describe('what they change', () => {
  it('[FUN-074] signal() and signal_thread() end the process', async () => {
    for (const [call, signal] of [
      ['signal("SIGKILL")', 'SIGKILL'],
      ['signal_thread("QUIT")', 'SIGQUIT'],
      ['signal(arg0 == 0 ? 1 : 10)', 'SIGUSR1'],
    ] as const) {
      let ended: NodeJS.Signals | null = null;
      const result = await run(`${PROBE} /comm == "victim"/ { ${call}; print(pid); }`, {
        ...UNSAFE,
        flags: ['--unsafe'],
        workload: () => {
          ended = spawnSync(WORKLOAD, ['comm', 'victim', 'text', 'abc']).signal;
        },
      });
      expect(result.status).toBe(0);
      expect(ended).toBe(signal);
      expect(result.stdout).toMatch(/^\d+\n/);
    }
  });

  it('an object with them wants --unsafe, too', async () => {
    const result = await run(`${PROBE} { signal(9); }`, { ...UNSAFE, signal: 'none' });
    expect(result.status).toBe(1);
    expect(result.stderr).toContain('allow that with --unsafe');
  });

  it("[FUN-011] debugf() writes to the kernel's trace buffer", async () => {
    const token = `debugf${process.pid}`;
    await run(
      `begin { $name = "abc"; debugf("${token} %d %5s %llx", -1, $name, 0x123456789a); debugf("${token} %% plain"); }`,
      { signal: 'none' },
    );
    const trace = readFileSync('/sys/kernel/tracing/trace', 'utf8')
      .split('\n')
      .filter((line) => line.includes(token))
      .map((line) => line.slice(line.indexOf(token) + token.length + 1));
    expect(trace).toEqual(['-1   abc 123456789a', '% plain']);
  });
});
