/** `-f folded`: stacks for flame graphs on standard output, all else on standard error. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { type RunOptions, type RunResult, run } from '../support/run.ts';
import { runStopping } from '../support/stopping.ts';

const folder = temporaryFolder();
const program = join(folder, 'calls');
/** Three paths to `leaf`, 1, 2 and 4 times; a loop calls it from two places. */
const SOURCE = `#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>
#define KEEP __attribute__((noinline, noclone, used))
KEEP int leaf(int x) { __asm__ volatile("" : "+r"(x) : "r"(__builtin_frame_address(0))); return x; }
KEEP int left(int x) { int y = leaf(x); return y + 1; }
static inline __attribute__((always_inline)) int inner(int x) { int y = leaf(x); return y + 2; }
KEEP int right(int x) { int y = inner(x); int z = inner(y); return y + z; }
int main(int argc, char **argv) {
  int sum = leaf(1);
  if (argc > 1) prctl(PR_SET_NAME, argv[1]);
  for (int i = 0; i < 2; i++) sum += left(i);
  for (int i = 0; i < 2; i++) sum += right(i);
  usleep(1);
  raise(SIGSTOP);
  return sum == 12345;
}
`;

function folded(script: string, options: RunOptions = {}): Promise<RunResult> {
  return run(script, {
    workload: (loader) => runStopping(loader, program),
    ...options,
    flags: ['-f', 'folded', '-q', ...(options.flags ?? [])],
  });
}

/** From the program's own frames on: how main is called is libc's affair. */
function fromMain(stdout: string): readonly string[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replace(/[^;]*__libc_start[^;]*;|_start;/g, ''));
}

function sum(stdout: string): number {
  return [...stdout.matchAll(/ (-?\d+)$/gm)].reduce((total, [, count]) => total + Number(count), 0);
}

needs('root').describe('Folded stacks', () => {
  beforeAll(() => {
    const source = join(folder, 'calls.c');
    writeFileSync(source, SOURCE);
    execFileSync('gcc', [
      '-O1',
      '-g',
      '-fno-omit-frame-pointer',
      '-fno-optimize-sibling-calls',
      '-o',
      program,
      source,
    ]);
  });

  it('begin with the other parts of the key, then the outermost frame; places in one function are one frame', async () => {
    const { stdout, stderr, status } = await folded(
      `uprobe:${program}:leaf+4 { @[ustack, comm] = count(); }`,
    );
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(fromMain(stdout)).toEqual([
      'calls;main;leaf 1',
      'calls;main;left;leaf 2',
      'calls;main;right;inner_[i];leaf 4',
    ]);
    expect(sum(stdout)).toBe(7);
  });

  it('have the sums of the maps that they are of, each map a frame of its own', async () => {
    const script = `uprobe:${program}:leaf+4 { @c[ustack] = count(); @s[pid, ustack] = sum(-3); @i[ustack(raw)]++; @n = count(); }`;
    const { stdout, stderr } = await folded(script);
    const of = (name: string): string =>
      stdout
        .split('\n')
        .filter((line) => line.startsWith(`${name};`))
        .map((line) => `${line}\n`)
        .join('');
    expect([sum(of('@c')), sum(of('@s')), sum(of('@i'))]).toEqual([7, -21, 7]);
    expect(of('@i')).toMatch(/^@i;0x[0-9a-f]+;/);
    expect(of('@s')).toMatch(/^@s;\d+;/);
    expect(stderr).toBe('@n: 7\n');
  });

  it('mark functions of the kernel, and follow the user stack', async () => {
    const { stdout } = await folded(
      `tracepoint:syscalls:sys_enter_clock_nanosleep /comm == "calls"/ { @[kstack, ustack, comm] = count(); }`,
    );
    expect(stdout).toMatch(/^calls;.*main.*;[^;]*_\[k\](;[^;]*_\[k\])* 1\n$/);
    expect(stdout.indexOf('main')).toBeLessThan(stdout.indexOf('_[k]'));
  });

  it('have one line a stack whatever a process calls itself', async () => {
    const { stdout } = await folded(`uprobe:${program}:left { @[comm, ustack(1)] = count(); }`, {
      workload: (loader) => runStopping(loader, program, 'a;b\n\u001b[1m c'),
    });
    expect(stdout).toBe('a:b??[1m c;left 2\n');
  });

  it('leave everything else to standard error, in its order', async () => {
    const script = String.raw`BEGIN { printf("first %d\n", 1); print((1, "x")); @h = hist(5); @[kstack(1)] = hist(3); print(@h); warnf("odd"); }`;
    const { stdout, stderr, status } = await run(script, {
      signal: 'none',
      flags: ['-f', 'folded'],
    });
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
    const [attached, first, tuple, name] = stderr.split('\n');
    expect([attached, first, tuple, name]).toEqual([
      'Attached 1 probe',
      'first 1',
      '(1, x)',
      '@h:',
    ]);
    expect(stderr).toContain('WARNING: odd');
    expect(stderr).toMatch(/^@\[\n/m);
  });

  it('are those that print() asks for, divided as it says', async () => {
    const { stdout } = await folded(
      `uprobe:${program}:leaf+4 { @[ustack(2)] = count(); } END { print(@, 1, 2); clear(@); }`,
    );
    expect(stdout).toMatch(/^right;inner_\[i\];leaf 1\n$|^main;left;leaf 1\n$|;leaf 1\n$/);
  });

  it('are written for what has no frames, too', async () => {
    const { stdout } = await run(
      'tracepoint:sched:sched_switch /pid == 0/ { @[ustack] = 3; exit(); }',
      { signal: 'none', flags: ['-f', 'folded', '-q'] },
    );
    expect(stdout).toBe('[no stack] 3\n');
  });
});
