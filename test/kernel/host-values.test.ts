/** What the loader finds out about its host for the programs: symbols, cgroups, functions, clocks. */

import { readFileSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { describe, expect, it } from 'vitest';
import { errors } from '../support/diagnostics.ts';
import { CGROUPS } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';
import { printed } from '../support/script.ts';

async function failure(body: string): Promise<{ stderr: string; status: number | null }> {
  const { stderr, status } = await run(`begin { ${body} }`, { signal: 'none' });
  return { stderr, status };
}

describe('questions to the host', () => {
  it('[FUN-078] [FUN-079] [FUN-080] take one literal', () => {
    for (const name of ['kaddr', 'cgroupid', 'kfunc_exist', 'kfunc_allowed', 'elf_is_exe']) {
      expect(errors(`begin { print(${name}()); }`)).toEqual([
        `${name}() requires 1 argument (0 provided) @ ${name}()`,
      ]);
      expect(errors(`begin { print(${name}(comm)); }`)).toEqual([
        `${name}() expects a string literal (string[16] expression provided) @ comm`,
      ]);
      expect(errors(`begin { print(${name}(1)); }`)).toEqual([
        `${name}() expects a string literal (int8 provided) @ 1`,
      ]);
    }
    expect(errors('begin { print(kaddr("a b")); print(kaddr("")); }')).toEqual([
      'kaddr() expects a string that is a valid symbol @ "a b"',
      'kaddr() expects a string that is a valid symbol @ ""',
    ]);
    expect(errors('begin { print(nsecs(tick)); }')).toEqual([
      'nsecs() expects monotonic, boot, tai or sw_tai (tick provided) @ tick',
    ]);
  });
});

needs('root').describe('answers of the host', () => {
  it('[AOT-010] kaddr() is the address that the kernel has when the object is loaded', async () => {
    const address = /^([0-9a-f]+) \w schedule$/m.exec(readFileSync('/proc/kallsyms', 'utf8'))?.[1];
    expect(await printed('printf("%llx %s\\n", kaddr("schedule"), ksym(kaddr("schedule")));')).toBe(
      `${address} schedule`,
    );
    // What stands there can be read: code, which is not all zeros.
    expect(await printed('print(*(uint64 *)kaddr("schedule") != 0);')).toBe('true');
  });

  it('[FUN-026] an unknown symbol is an error', async () => {
    expect(await failure('print(kaddr("schedule")); print(kaddr("no_such_symbol"));')).toEqual({
      stderr: 'stdin:1: ERROR: Failed to resolve kernel symbol: no_such_symbol\n',
      status: 1,
    });
  });

  needs('cgroup v2').it('[FUN-030] [BLT-016] cgroupid() is the id that cgroup has', async () => {
    const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
    const path = `${CGROUPS}${own === '/' ? '' : own}`;
    expect(await printed(`print(cgroup == cgroupid("${path}"));`)).toBe('true');
    expect(await printed(`print(cgroupid("${path}"));`)).toBe(String(statSync(path).ino));
    expect(await printed(`print(cgroup_path(cgroupid("${path}"), "unified"));`)).toBe(
      `unified:${own}`,
    );
  });

  it('[FUN-030] a path that is no cgroup is an error', async () => {
    expect(await failure('print(cgroupid("/no/such"));')).toEqual({
      stderr: 'ERROR: Cannot get the id of the cgroup /no/such: No such file or directory.\n',
      status: 1,
    });
    expect((await failure('print(cgroupid("/tmp"));')).stderr).toContain(
      '/tmp: it is no folder of a cgroup file system (version 2)',
    );
  });

  it('[FUN-050] kfunc_exist() and kfunc_allowed() say what this kernel has, for this probe', async () => {
    expect(
      await printed('print(kfunc_exist("vfs_read")); print(kfunc_exist("no_such_function"));'),
    ).toBe('true\nfalse');
    const result = await run(
      `tracepoint:sched:sched_switch { @t = (kfunc_allowed("bpf_task_from_pid"), kfunc_allowed("vfs_read"), kfunc_allowed("no_such")); }
       rawtracepoint:sched_switch { @r = kfunc_allowed("bpf_task_from_pid"); }
       interval:ms:100 { @i = kfunc_allowed("bpf_task_from_pid"); exit(); }
       begin { @b = kfunc_allowed("bpf_task_from_pid"); }`,
      { signal: 'none' },
    );
    // Raw programs, such as begin, may not; kernels since 6.12 let tracepoints and perf events.
    expect(result.stdout.trim().split('\n').filter(Boolean).sort()).toEqual([
      '@b: false',
      '@i: true',
      '@r: true',
      '@t: (true, false, false)',
    ]);
  });

  it('[FUN-050] what they rule out is not loaded', async () => {
    // The verifier would refuse a loop without end.
    expect(
      await printed(
        'if (kfunc_exist("no_such_function")) { $i = 1; while ($i) { $i++; } } print("fine");',
      ),
    ).toBe('fine');
  });

  it('elf_is_exe() looks at the file', async () => {
    expect(await printed(`print(elf_is_exe("${process.execPath}"));`)).toMatch(/^(true|false)$/);
    expect((await failure('print(elf_is_exe("/etc/passwd"));')).stderr).toBe(
      'ERROR: Cannot read /etc/passwd: it is no ELF file.\n',
    );
  });

  it('nsecs(sw_tai) is the clock of nsecs(tai)', async () => {
    const apart = await printed(
      '$a = nsecs(sw_tai); $b = nsecs(tai); $d = $a > $b ? $a - $b : $b - $a; print($d < 1000000);',
    );
    expect(apart).toBe('true');
  });

  it('[BLT-009] [BLT-010] ncpus and numaid', async () => {
    expect(await printed('print(ncpus); print(numaid < 64);')).toBe(
      `${readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim() === '0' ? 1 : possible()}\ntrue`,
    );
    expect(cpus().length).toBeLessThanOrEqual(possible());
  });

  it('[BLT-014] jiffies goes on', async () => {
    const { stdout } = await run(
      'begin { @start = jiffies; } interval:ms:100 { @n++; if (@n == 3) { print(jiffies - @start); clear(@n); clear(@start); exit(); } }',
      { signal: 'none' },
    );
    // 200 ms at 100 to 1000 ticks a second, and what a busy machine adds.
    expect(Number(stdout.trim())).toBeGreaterThanOrEqual(15);
    expect(Number(stdout.trim())).toBeLessThan(5000);
  });
});

/** CPUs that the kernel may see: `0-3`. */
function possible(): number {
  const text = readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim();
  return Number(text.split('-').at(-1)) + 1;
}
