/** Iterators: programs that the kernel runs for each task, file, map. */

import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { build } from '../support/build.ts';
import { errors } from '../support/diagnostics.ts';
import { mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, type RunResult, run, WORKLOAD } from '../support/run.ts';

function iterate(script: string, ...flags: readonly string[]): Promise<RunResult> {
  return run(script, { signal: 'none', flags, loader: LOADER_ASAN });
}

/** While a process with four threads more is there. */
async function withThreads<T>(use: (pid: number) => Promise<T>): Promise<T> {
  const words = ['comm', 'iterated', 'threads', '4', 'comm', 'thread', 'sleep', '60000'];
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

needs('root').describe('iter:task', () => {
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
    // An expectation for each of them would take longer than all else.
    const wrong = lines.filter((text) => {
      const [id = '', index] = text.split(' ');
      const expected = numbers.get(id) ?? 0;
      numbers.set(id, expected + 1);
      return Number(index) !== expected || !text.endsWith(line);
    });
    expect(wrong).toEqual([]);
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

needs('root').describe('other iterators', () => {
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

  it('give paths of open and of mapped files', async () => {
    const pid = process.pid;
    openSync(mkdtempSync('/tmp/iterated-'), 'r');
    const files = await iterate(
      `iter:task_file { $file = ctx.file; if (ctx.task.tgid == ${pid}) { printf("%d %s %d\\n", ctx.fd, path(ctx.file.f_path), path(ctx.file.f_path) == path($file.f_path)); } }`,
    );
    expect(files.stdout, files.stderr).toMatch(/^\d+ \/tmp\/iterated-\w+ 1$/m);
    const mapped = await iterate(
      `iter:task_vma { if (ctx.task.tgid == ${pid} && ctx.vma.vm_file != 0) { @[path(ctx.vma.vm_file.f_path)] = count(); } }`,
    );
    expect(mapped.stdout, mapped.stderr).toContain(`@[${realpathSync('/proc/self/exe')}]: `);
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

needs('root').describe('iter:cgroup', () => {
  it('goes through all groups from the root on', async () => {
    const { stdout, stderr, status } = await iterate(
      'iter:cgroup { if (ctx.cgroup != 0) { @n = count(); @top = min(ctx.cgroup.level); } }',
    );
    expect(status, stderr).toBe(0);
    expect(mapValue(stdout, '@n')).toBeGreaterThanOrEqual(1);
    expect(mapValue(stdout, '@top')).toBe(0);
  });
});

needs('root').describe('a pinned iterator', () => {
  const path = `/sys/fs/bpf/tasks-${process.pid}`;
  afterEach(() => rmSync(path, { force: true }));

  it('prints when its file is read, without the loader [PRB-056]', async () => {
    await withThreads(async (pid) => {
      const script = (pin: string) =>
        `iter:task:${pin} { if (ctx.task.tgid == ${pid}) { @ = count();
           printf("%-10s|%d|%5d|%x %lx %hhd %ckB %sx 100%% \\xc2\\xb5 %p", ctx.task.comm, ctx.task.pid, ctx.task.tgid, -1, -1, 255, 65, "str", 4096);
           printf(" %d%d%d%d%d%d%d%d%d%d%d%d%d\\n", 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, ${2n ** 32n + 4n}); } }`;
      const { stdout, stderr, status } = await run(script(`tasks-${process.pid}`), {
        flags: ['--allow-write', '/sys/fs/bpf'],
        signal: 'none',
        loader: LOADER_ASAN,
      });
      expect(stdout, stderr).toBe(`Program pinned to ${path}\n`);
      expect(stderr).toBe('');
      expect(status).toBe(0);

      const expected = readdirSync(`/proc/${pid}/task`).map((id) => {
        const name = readFileSync(`/proc/${pid}/task/${id}/comm`, 'utf8').trim().padEnd(10);
        const group = String(pid).padStart(5);
        return `${name}|${id}|${group}|ffffffff ffffffffffffffff -1 AkB strx 100% \u00b5 0x1000 1234567891234`;
      });
      expect(expected).toHaveLength(5);
      // Each reader runs it anew.
      for (let reader = 0; reader < 2; reader++) {
        const text = execFileSync('cat', [path], { encoding: 'utf8' });
        expect(text.trimEnd().split('\n').sort()).toEqual(expected.sort());
      }

      const again = await run(script(path), {
        flags: ['--allow-write', path],
        signal: 'none',
        loader: LOADER_ASAN,
      });
      expect(again.stdout).toBe('');
      expect(again.stderr).toContain(`Cannot pin the iterator to ${path}: it exists.`);
      expect(again.status).toBe(1);
      rmSync(path);
      expect(existsSync(path)).toBe(false);
    });
  });

  it('is in a BPF file system', async () => {
    const { stderr, status } = await run('iter:task:/tmp/tasks { printf("x\\n"); }', {
      flags: ['--allow-write', '/tmp'],
      signal: 'none',
      loader: LOADER_ASAN,
    });
    expect(stderr).toContain('the folder has to be in a BPF file system');
    expect(status).toBe(1);
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
