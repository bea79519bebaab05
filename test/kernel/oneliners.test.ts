/** The one-liners that most people meet first, against workloads whose truth is known. */

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { histogram, mapEntries, mapValue, stackEntries, total } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { run, runWorkload, WORKLOAD, waiting } from '../support/run.ts';

/** Whether a process has not ended. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

needs('root').describe('the one-liners', () => {
  it('says hello and ends by itself [PRB-003]', async () => {
    const result = await run('BEGIN { printf("hello world\\n"); }', { signal: 'none' });
    expect(result).toMatchObject({ stdout: 'hello world\n\n\n', status: 0 });
    expect(result.stderr).toBe('Attached 1 probe\n');
  });

  it('shows who opens which file', async () => {
    const result = await run(
      'tracepoint:syscalls:sys_enter_open { printf("%s %s\\n", comm, str(args->filename)); }',
      {
        workload: 'comm opener oldopen 3 /no/such/file',
      },
    );
    expect(result.stdout.match(/^opener \/no\/such\/file$/gm)).toHaveLength(3);
  });

  it('counts system calls by command', async () => {
    const result = await run('tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }', {
      workload: 'comm counted getppid 1000',
    });
    const calls = mapValue(result.stdout, '@', 'counted');
    expect(calls).toBeGreaterThanOrEqual(1000);
    expect(calls).toBeLessThan(1020);
  });

  it('draws the sizes that one process reads, with the older field name', async () => {
    const reader = waiting('read 100 4096 read 7 100');
    const result = await run(
      'tracepoint:syscalls:sys_exit_read /pid == $1/ { @bytes = hist(args->retval); }',
      { parameters: [reader.pid], workload: reader.go },
    );
    const buckets = histogram(result.stdout, '@bytes');
    expect(buckets.filter((bucket) => bucket.count > 0)).toEqual([
      { label: '[64, 128)', count: 7 },
      { label: '[4K, 8K)', count: 100 },
    ]);
  });

  it('counts the events of a wildcard by name, with the older name of the built-in', async () => {
    const result = await run(
      `tracepoint:sched:sched* { @[name] = count(); }
       tracepoint:sched:sched_process_fork /comm == "forking"/ { @forks++; } interval:s:1 { if (@forks >= 20) { exit(); } }`,
      {
        workload: 'comm forking fork 20 sleep 1',
        signal: 'none',
      },
    );
    const forks = mapValue(result.stdout, '@', 'tracepoint:sched:sched_process_fork');
    expect(forks).toBeGreaterThanOrEqual(20);
    expect(mapValue(result.stdout, '@', 'tracepoint:sched:sched_switch')).toBeGreaterThan(20);
    expect(result.status).toBe(0);
  });

  it('samples kernel stacks, with the older name of the built-in', async () => {
    const result = await run('profile:hz:99 { @[stack] = count(); }', { workload: 'storm 1000' });
    const stacks = stackEntries(result.stdout, '@');
    expect(stacks.reduce((sum, stack) => sum + stack.count, 0)).toBeGreaterThan(90);
    expect(
      stacks.some((stack) =>
        stack.frames.some((frame) =>
          /^(do_syscall_64|entry_SYSCALL_64\w*|x64_sys_call)\+\d+$/.test(frame),
        ),
      ),
    ).toBe(true);
  });

  it('counts the kernel stacks that lead to a context switch', async () => {
    const result = await run('tracepoint:sched:sched_switch { @[stack] = count(); }', {
      workload: 'fork 30 sleep 1',
    });
    const stacks = stackEntries(result.stdout, '@');
    const slept = stacks.filter((stack) => stack.frames.some((frame) => /nanosleep\+/.test(frame)));
    expect(slept.reduce((sum, stack) => sum + stack.count, 0)).toBeGreaterThanOrEqual(30);
  });

  it('draws the sizes of block requests', async () => {
    const file = join(tmpdir(), `bpfscript-block-${process.pid}`);
    const result = await run(
      'tracepoint:block:block_rq_complete { @ = hist(args->nr_sector * 512); }',
      {
        workload: () => {
          spawnSync('dd', [
            'if=/dev/zero',
            `of=${file}`,
            'bs=64k',
            'count=20',
            'oflag=dsync',
            'status=none',
          ]);
          rmSync(file);
        },
      },
    );
    expect(total(histogram(result.stdout, '@'))).toBeGreaterThanOrEqual(20);
  });
});

needs('root').describe('the exercises of the lab', () => {
  it('sums the bytes that a command writes, by descriptor', async () => {
    const result = await run(
      'tracepoint:syscalls:sys_enter_write /comm == "bash"/ { @[args->fd] = sum(args->count); }',
      {
        workload: 'comm bash write 100 50',
      },
    );
    expect(mapEntries(result.stdout, '@')).toEqual([['3', 5000]]);
  });

  it('counts close calls by command', async () => {
    const result = await run('tracepoint:syscalls:sys_enter_close{@calls[comm] = count();}', {
      workload: 'comm closer close 1000',
    });
    expect(mapValue(result.stdout, '@calls', 'closer')).toBe(1000);
  });

  it('shows the user stacks of close calls of a renamed thread, after the process has gone', async () => {
    const result = await run(
      `tracepoint:syscalls:sys_enter_getppid /comm == "FuncSched"/
       {
         @calls[ustack] = count();
       }`,
      { workload: 'comm FuncSched stack 40 sleep 100' },
    );
    const [stack, ...others] = stackEntries(result.stdout, '@calls');
    expect(others).toEqual([]);
    expect(stack?.count).toBe(40);
    const names = stack?.frames.map((frame) => frame.replace(/\+\d+( @\S+:\d+)?$/, '')) ?? [];
    expect(names.slice(0, 3)).toEqual(['workload_inner', 'workload_middle', 'workload_outer']);
  });

  it('counts the same with count(), sum(1) and ++', async () => {
    const result = await run(
      `tracepoint:syscalls:sys_enter_getppid /comm == "three"/
       { @a[pid] = count(); @b[pid] = sum(1); @c[pid]++; }`,
      { workload: 'comm three getppid 500' },
    );
    for (const name of ['@a', '@b', '@c']) {
      expect(mapEntries(result.stdout, name).map(([, value]) => value)).toEqual([500]);
    }
  });

  it('prints the time at each interval', async () => {
    const result = await run('interval:s:1 { time("%c\\n"); @n++; if (@n == 2) { exit(); } }', {
      signal: 'none',
    });
    const lines = result.stdout
      .split('\n')
      .filter((line) => /^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/.test(line));
    expect(lines).toHaveLength(2);
  });

  it('prints the busiest, clears, and exits after three rounds', async () => {
    const result = await run(
      `tracepoint:syscalls:sys_enter_getppid { @calls[tid % 16] = count(); }
       interval:ms:300 /len(@calls) >= 2/ { print(@calls, 2); print("--"); clear(@calls); @rounds++; if (@rounds >= 3) { exit(); } }`,
      {
        workload: async (pid) => {
          while (isThere(pid)) await runWorkload('fork 10 getppid 3 sleep 5');
        },
        signal: 'none',
      },
    );
    expect(result.status).toBe(0);
    const rounds = result.stdout.split('--\n');
    expect(rounds).toHaveLength(4);
    for (const round of rounds.slice(0, 3)) expect(mapEntries(round, '@calls')).toHaveLength(2);
    expect(rounds[3]).toMatch(/@rounds: 3\n$/);
  });

  it('keys by pid, tid and command', async () => {
    const result = await run(
      'tracepoint:syscalls:sys_enter_getppid /comm == "keyed"/ { @[pid,tid,comm] = count(); }',
      {
        workload: 'comm keyed threads 2 getppid 10',
      },
    );
    const keys = mapEntries(result.stdout, '@');
    expect(keys.map(([, count]) => count)).toEqual([10, 10]);
    const [first, second] = keys.map(([key]) => key.split(', '));
    expect(first?.[0]).toBe(second?.[0]);
    expect(first?.[1]).not.toBe(second?.[1]);
    expect(first?.[2]).toBe('keyed');
  });

  it('follows one thread that is named when the object is loaded', async () => {
    const thread = waiting('getppid 25 close 5');
    const result = await run(
      'tracepoint:syscalls:sys_enter_getppid, tracepoint:syscalls:sys_enter_close /tid == $1/ { @[probe] = count(); }',
      {
        parameters: [thread.pid],
        workload: thread.go,
      },
    );
    expect(mapValue(result.stdout, '@', 'tracepoint:syscalls:sys_enter_getppid')).toBe(25);
    expect(mapValue(result.stdout, '@', 'tracepoint:syscalls:sys_enter_close')).toBe(5);
  });

  it('times write calls, with their histogram, extremes and the stack of each new maximum', async () => {
    const result = await run(
      `tracepoint:syscalls:sys_enter_write /comm == "timed"/ { @start[tid] = nsecs; }
       tracepoint:syscalls:sys_exit_write /@start[tid]/
       {
         $time_taken = nsecs - @start[tid];
         @count = count();
         @times = hist($time_taken);
         @longest = max($time_taken);
         @shortest = min($time_taken);
         if ($time_taken > @max) { @max = $time_taken; print(ustack); }
         delete(@start[tid])
       }`,
      { workload: 'comm timed write 200 64 sleep 100' },
    );
    expect(mapValue(result.stdout, '@count')).toBe(200);
    expect(total(histogram(result.stdout, '@times'))).toBe(200);
    const longest = mapValue(result.stdout, '@longest') ?? 0;
    expect(mapValue(result.stdout, '@max')).toBe(longest);
    expect(mapValue(result.stdout, '@shortest')).toBeLessThanOrEqual(longest);
    expect(result.stdout).toMatch(/\n {8}(__libc_|__)?write\+\d+( @\S+)?\n {8}\w+\+\d+( @\S+)?\n/);
    expect(mapEntries(result.stdout, '@start')).toEqual([]);
  });

  it('samples the CPUs where others than root work', async () => {
    const result = await run('profile:ms:10 { if (uid != 0) { @[cpu] = count(); } }', {
      workload: () => {
        spawnSync(WORKLOAD, ['spin', '1000'], { uid: 65534, gid: 65534 });
      },
    });
    const samples = mapEntries(result.stdout, '@').reduce((sum, [, count]) => sum + count, 0);
    // One for each 10 ms that it ran, more or less: what shares its CPU runs for less than that at a time.
    expect(samples).toBeGreaterThan(50);
    expect(samples).toBeLessThan(150);
  });
});
