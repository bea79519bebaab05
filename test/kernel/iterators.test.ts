/** Iterators: programs that the kernel runs for each task, file, map. */
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { build } from '../support/build.ts';
import { mapValue } from '../support/expect.ts';
import { canRun, LOADER_ASAN, type RunResult, run, WORKLOAD } from '../support/run.ts';
import { errors } from '../support/script.ts';

function iterate(script: string, ...flags: readonly string[]): Promise<RunResult> {
  return run(script, { signal: 'none', flags, loader: LOADER_ASAN });
}

/** While a process with four threads more is there. */
async function withThreads<T>(use: (pid: number) => Promise<T>): Promise<T> {
  const words = ['comm', 'iterated', 'threads', '4', 'comm', 'thread', 'sleep', '2000'];
  const child = spawn(WORKLOAD, words, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('close', resolve));
  try {
    while (readdirSync(`/proc/${child.pid}/task`).length < 5)
      await new Promise((resolve) => setTimeout(resolve, 10));
    return await use(child.pid ?? 0);
  } finally {
    child.kill();
    await ended;
  }
}

describe.runIf(canRun)('iter:task', () => {
  it('runs once for each task, prints, and ends [PRB-055]', async () => {
    await withThreads(async (pid) => {
      const { stdout, stderr, status } = await iterate(
        `iter:task { if (ctx.task.tgid == ${pid}) { printf("%-10s|%d|%5d|%x\\n", ctx.task.comm, ctx.task.pid, ctx.task.tgid, 255); @[ctx.task.comm] = count(); }
           @all = count(); if (ctx.task.pid == 0) { @zero = count(); } }`,
      );
      const threads = readdirSync(`/proc/${pid}/task`).map(Number);
      const lines = threads.map(
        (id) =>
          `${(id === pid ? 'iterated' : 'thread').padEnd(10)}|${id}|${String(pid).padStart(5)}|ff`,
      );
      expect(stdout.split('\n\n')[0]?.split('\n').sort(), stderr).toEqual(lines.sort());
      expect(mapValue(stdout, '@', 'iterated')).toBe(1);
      expect(mapValue(stdout, '@', 'thread')).toBe(4);
      // The call behind the last task, without one, does not count.
      expect(mapValue(stdout, '@zero')).toBeUndefined();
      expect(stderr).toBe('Attached 1 probe\n');
      expect(status).toBe(0);
    });
  });

  it('of -p is of the threads of that process', async () => {
    await withThreads(async (pid) => {
      const { stdout } = await iterate(
        'iter:task { @[ctx.task.tgid] = count(); }',
        '-p',
        String(pid),
      );
      expect(stdout.trim()).toBe(`@[${pid}]: 5`);
    });
  });

  it('loses nothing, however much is printed', async () => {
    const line = 'x'.repeat(500);
    const { stdout } = await iterate(
      `iter:task { $pid = ctx.task.pid; for $i : 0..200 { printf("%d %d ${line}\\n", $pid, $i); } }`,
    );
    const lines = stdout.trimEnd().split('\n');
    const numbers = new Map<string, number>();
    for (const text of lines) {
      const [id = '', index] = text.split(' ');
      expect(Number(index)).toBe(numbers.get(id) ?? 0);
      numbers.set(id, Number(index) + 1);
      expect(text.endsWith(line)).toBe(true);
    }
    expect(new Set(numbers.values())).toEqual(new Set([200]));
    expect(numbers.size).toBeGreaterThan(20);
  });

  it('ends at exit(), with its status; other output comes in its order', async () => {
    const { stdout, status } = await iterate(
      'iter:task { @n += 1; printf("first\\n"); print((@n, "tuple")); print(@n); clear(@n); exit(7); }',
    );
    expect(stdout).toMatch(/^first\n\(1, tuple\)\n@n: \d+\n\n\n$/);
    expect(status).toBe(7);
  });
});

describe.runIf(canRun)('other iterators', () => {
  it('task_file knows files, with their paths read as structs [PRB-055]', async () => {
    const pid = process.pid;
    openSync(mkdtempSync('/tmp/iterated-'), 'r');
    const { stdout } = await iterate(
      `iter:task_file { if (ctx.task.tgid == ${pid}) { printf("%d %s\\n", ctx.fd, str(ctx.file.f_path.dentry.d_name.name)); } }`,
    );
    expect(stdout).toMatch(/^\d+ iterated-\w+$/m);
    const open = readdirSync(`/proc/${pid}/fd`).length;
    const seen = new Set(stdout.split('\n').map((line) => line.split(' ')[0])).size;
    expect(Math.abs(seen - open)).toBeLessThan(10);
  });

  it('task_vma and bpf_map know what they iterate', async () => {
    const first = Number.parseInt(readFileSync('/proc/self/maps', 'latin1'), 16);
    const { stdout } = await iterate(
      `iter:task_vma { if (ctx.task.tgid == ${process.pid}) { print(ctx.vma.vm_start); } }`,
    );
    expect(stdout.split('\n').map(Number)).toContain(first);
    const maps = await iterate(
      'iter:bpf_map { @mine[ctx.map.name] = count(); @ids = max(ctx.map.id); }',
    );
    expect(mapValue(maps.stdout, '@mine', 'AT_mine')).toBeGreaterThanOrEqual(1);
    expect(maps.status).toBe(0);
  });
});

describe('an iter probe', () => {
  it('is alone in its script [PRB-057]', () => {
    const message = 'Only single iter attach point is allowed.';
    expect(errors('iter:task { } BEGIN { }')).toEqual([`${message} @ iter:task`]);
    expect(errors('iter:task { } it:bpf_map { }')).toEqual([
      `${message} @ iter:task`,
      `${message} @ it:bpf_map`,
    ]);
    expect(errors('iter:task,iter:task_file { }')).toHaveLength(2);
    expect(() => build('iter:task { }')).not.toThrow();
  });

  it('names an iterator that there is', () => {
    expect(errors('iter:nope { }')).toEqual([
      'iter nope not available for your kernel version. @ iter:nope',
    ]);
    expect(errors('iter { }')).toEqual(["iter should specify a iterator's name @ iter"]);
    expect(errors('iter:task* { }')).toEqual([
      'wildcards are not allowed for iter probe type @ iter:task*',
    ]);
    expect(errors('iter:task { print(ctx.no_such); }')[0]).toContain('no_such');
  });
});
