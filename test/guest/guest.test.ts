/** The same objects, built once against the embedded kernel description, on other kernels. */

import { beforeAll, describe, expect } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { histogram, mapEntries, mapValue, stackEntries, total } from '../support/expect.ts';
import { type GuestCommand, isBefore, runInGuest, SERIES } from '../support/guest.ts';
import { hasKernel } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import type { RunResult } from '../support/run.ts';

type Result = Omit<RunResult, 'endedAfter'>;

const SCRIPTS = {
  hello: 'BEGIN { printf("hello world\\n"); }',
  vfsRead: 'kretprobe:vfs_read /comm == "reader"/ { @bytes = lhist(retval, 0, 2000, 200); }',
  vfsReadTime: `kprobe:vfs_read /comm == "reader"/ { @start[tid] = nsecs; @calls = count(); }
    kretprobe:vfs_read /@start[tid]/ { @ns[comm] = hist(nsecs - @start[tid]); delete(@start[tid]); }`,
  task: `tracepoint:syscalls:sys_enter_getppid /comm == "tasks"/ {
      $task = (struct task_struct *)curtask;
      printf("%d %d %s %d\\n", $task->tgid == pid, $task->pid == tid, $task->comm, $task->real_parent->tgid == curtask->real_parent->tgid);
    }`,
  tracepoint:
    'tracepoint:sched:sched_switch /args.prev_comm == "switcher"/ { @[args.prev_comm] = count(); }',
  arguments:
    'kprobe:vfs_write /comm == "writer"/ { @[func, arg2] = count(); } kretprobe:vfs_write /comm == "writer"/ { @ret[retval] = count(); }',
  stacks: 'kprobe:vfs_read /comm == "reader"/ { @[kstack] = count(); }',
  user: 'uprobe:/workload:workload_target { @[arg0, arg1] = count(); } uretprobe:/workload:workload_target { @ret[retval] = count(); }',
  loops: `tracepoint:syscalls:sys_enter_getppid /comm == "loops"/ { for $i : 0..100 { @sum = @sum + $i; } @n[pid % 2] = 5; }
    END { for $kv : @n { printf("%d\\n", $kv.1); } }`,
  functions: `fn six($a : int64, $b : int8, $c : string[8], $d : int64, $e : uint8, $f : string[8]) : string {
      for $i : 0..$d { if $i == $a { printf("%s %d %d\\n", $c, $b, $e); return $f; } }
      return comm;
    }
    fn note($s : string) : void { @[$s] = count(); }
    tracepoint:syscalls:sys_enter_getppid /comm == "functions"/ { note(six(3, -1, "in", 40, 200, "found")); note(six(50, 0, "", 40, 0, "")); }
    uprobe:/workload:workload_target { note("target"); }`,
  series: `config = { unstable_tseries = enable } tracepoint:syscalls:sys_enter_getppid /comm == "series"/ {
      @all = tseries(1, 1d, 5, "sum"); @large = tseries(2, 1d, 1000000, "sum"); @keys[comm] = tseries(3, 1d, 1365); }`,
  clock: `config = { unstable_tseries = enable } tracepoint:syscalls:sys_enter_getppid /comm == "clock"/ {
      printf("%s\\n", strftime("%Y", nsecs)); @series = tseries(1, 1s, 60, "sum"); @seconds = max(elapsed / 1000000000); }`,
  missing: 'kprobe:no_such_function { @ = count(); }',
} as const;

const COMMANDS: Readonly<Record<keyof typeof SCRIPTS, Omit<GuestCommand, 'object'>>> = {
  hello: { endsItself: true },
  vfsRead: { workload: 'comm reader read 50 100 read 20 1000 read 3 4096' },
  vfsReadTime: { workload: 'comm reader read 50 100' },
  task: { workload: 'comm tasks getppid 2' },
  tracepoint: { workload: 'comm switcher fork 5 comm switcher sleep 1' },
  arguments: { workload: 'comm writer write 10 33' },
  stacks: { workload: 'comm reader read 7 10' },
  user: { workload: 'call 5 7 8' },
  loops: { workload: 'comm loops getppid 3' },
  functions: { workload: 'comm functions getppid 4 call 5 7 8' },
  series: { workload: 'comm series getppid 50', flags: '-f json -q' },
  clock: {
    script:
      '/workload comm clock getppid 1; date -s "2041-01-01 00:00:00" >/dev/null; /workload comm clock getppid 1',
  },
  missing: { endsItself: true },
};

describe.each(SERIES.filter((series) => !isBefore(series, '5.15')))('Linux %s', (series) => {
  const names = Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[];
  const results = new Map<string, Result>();
  const folder = temporaryFolder();
  const of = (name: keyof typeof SCRIPTS): Result => {
    const result = results.get(name);
    if (!result) throw new Error(`no result of ${name}`);
    return result;
  };

  beforeAll(async () => {
    if (!hasKernel(series)) return;
    for (const name of names) writeObject(folder, name, SCRIPTS[name]);
    const commands = names.map((name) => ({ object: `${name}.o`, ...COMMANDS[name] }));
    (await runInGuest(series, folder, commands)).forEach((result, index) => {
      results.set(names[index] ?? '', result);
    });
  });

  const test = needs(`Linux ${series}`).it;

  test('says hello', () => {
    expect(of('hello')).toMatchObject({ stdout: 'hello world\n\n\n', status: 0 });
  });

  test('draws what vfs_read returns [PRB-013]', () => {
    expect(histogram(of('vfsRead').stdout, '@bytes').filter((bucket) => bucket.count > 0)).toEqual([
      { label: '[0, 200)', count: 50 },
      { label: '[1000, 1200)', count: 20 },
      { label: '[2000, ...)', count: 3 },
    ]);
  });

  test('times vfs_read by command [PRB-007]', () => {
    const { stdout } = of('vfsReadTime');
    expect(mapValue(stdout, '@calls')).toBe(50);
    expect(total(histogram(stdout, '@ns[reader]'))).toBe(50);
    expect(mapEntries(stdout, '@start')).toEqual([]);
  });

  test('reads the fields of task_struct by CO-RE [AOT-001]', () => {
    expect(of('task').stdout).toBe('1 1 tasks 1\n1 1 tasks 1\n\n\n');
  });

  test('reads tracepoint fields where this kernel has them [AOT-004]', () => {
    expect(mapValue(of('tracepoint').stdout, '@', 'switcher')).toBeGreaterThanOrEqual(5);
  });

  test('gives arguments, return value and name of a function', () => {
    expect(mapEntries(of('arguments').stdout, '@')).toEqual([['vfs_write, 33', 10]]);
    expect(mapEntries(of('arguments').stdout, '@ret')).toEqual([['33', 10]]);
  });

  test('calls functions with values in registers, on the stack and in memory [GRM-037]', () => {
    const { stdout } = of('functions');
    expect(stdout).toContain('in -1 200\nin -1 200\nin -1 200\nin -1 200\n');
    expect(mapEntries(stdout, '@')).toEqual([
      ['found', 4],
      ['functions', 4],
      ['target', 5],
    ]);
  });

  test('names the frames of kernel stacks', () => {
    const [stack, ...others] = stackEntries(of('stacks').stdout, '@');
    expect(others).toEqual([]);
    expect(stack?.count).toBe(7);
    expect(stack?.frames.join(' ')).toMatch(/vfs_read\+\d+ .*ksys_read\+\d+ .*do_syscall_64\+\d+/);
  });

  test('traces functions of a program', () => {
    expect(mapEntries(of('user').stdout, '@')).toEqual(
      [7, 8, 9, 10, 11].map((first) => [`${first}, 8`, 1]),
    );
    expect(mapEntries(of('user').stdout, '@ret').map(([key]) => key)).toEqual([
      '15',
      '16',
      '17',
      '18',
      '19',
    ]);
  });

  test('loops over ranges and maps', () => {
    expect(mapValue(of('loops').stdout, '@sum')).toBe(3 * 4950);
    expect(of('loops').stdout).toMatch(/^5\n/);
  });

  test('[FUN-071] keeps series', () => {
    const values = of('series')
      .stdout.split('\n')
      .map((text) => text.replace(/"interval_start":"[^"]*",/, ''));
    expect(values.slice(0, 3)).toEqual([
      '{"type": "tseries", "data": {"@all": [{"value":50}]}}',
      '{"type": "tseries", "data": {"@keys": {"series": [{"value":3}]}}}',
      '{"type": "tseries", "data": {"@large": [{"value":100}]}}',
    ]);
  });

  test('follows a clock that is set in times of day, and keeps series and durations straight', () => {
    const { stdout } = of('clock');
    const [before, after] = stdout.split('\n');
    expect(Number(before)).toBeLessThan(2041);
    expect(after).toBe('2041');
    const points = [...stdout.matchAll(/^\d\d:\d\d:\d\d .*[|*] (\d+|-)$/gm)];
    expect(points.length).toBeLessThan(20);
    expect(points.reduce((sum, [, value]) => sum + (Number(value) || 0), 0)).toBe(2);
    expect(mapValue(stdout, '@seconds')).toBeLessThan(60);
  });

  test('says which function is missing', () => {
    expect(of('missing')).toMatchObject({ status: 1, stdout: '' });
    expect(of('missing').stderr).toContain('No matches for kprobe no_such_function.');
  });
});
