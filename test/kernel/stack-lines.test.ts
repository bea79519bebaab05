/** Source lines in stacks of processes, from debug information. */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { type RunResult, run } from '../support/run.ts';
import { runStopping } from '../support/stopping.ts';

const folder = temporaryFolder();
const source = join(folder, 'calls.c');
const SOURCE = `#include <signal.h>
#define KEEP __attribute__((noinline, noclone, used))
KEEP int leaf(int x) {
  __asm__ volatile("" : : "r"(__builtin_frame_address(0)));
  return x + 1;
}
KEEP int middle(int x) {
  int y = leaf(x);
  return y + 1;
}
int main(void) {
  int sum = middle(1);
  raise(SIGSTOP);
  return sum == 0;
}
`;

const inlined = join(folder, 'inlined.cpp');
const INLINED = `#include <signal.h>
namespace shapes {
  inline __attribute__((always_inline)) int square(int x) {
    __asm__ volatile("nop" : "+r"(x));
    return x * x;
  }
  inline __attribute__((always_inline)) int cube(int x) {
    return x * square(x);
  }
}
__attribute__((noinline)) int work(int x) {
  __asm__ volatile("");
  return shapes::cube(x) + 1;
}
int main() {
  int sum = work(3);
  raise(SIGSTOP);
  return sum == 0;
}
`;

needs('root').describe('stacks with debug information', () => {
  const trace = (name: string, config = ''): Promise<RunResult> => {
    const program = join(folder, name);
    return run(
      `${config} uprobe:${program}:leaf+4 { @[ustack(3)] = count(); @perf[ustack(perf, 3)] = count(); }`,
      {
        workload: (loader) => runStopping(loader, program),
      },
    );
  };
  beforeAll(() => {
    writeFileSync(inlined, INLINED);
    for (const version of [2, 4, 5])
      execFileSync(
        'g++',
        ['-O1', '-g', `-gdwarf-${version}`, '-o', `inlined-${version}`, 'inlined.cpp'],
        {
          cwd: folder,
        },
      );
    execFileSync('clang-14', ['-O1', '-g', '-o', 'inlined-clang', inlined], { cwd: folder });
    writeFileSync(source, SOURCE);
    for (const [name, flag] of [
      ['dwarf4', '-gdwarf-4'],
      ['dwarf5', '-gdwarf-5'],
      ['plain', '-g0'],
    ] as const)
      execFileSync(
        'gcc',
        ['-O1', '-fno-omit-frame-pointer', '-fno-optimize-sibling-calls', '-o', name, flag, source],
        { cwd: folder },
      );
  });

  it.each(['dwarf4', 'dwarf5'])(
    'show file and line of each frame, of callers that of the call, with %s [OUT-038]',
    async (name) => {
      const { stdout } = await trace(name);
      const lines = /^@\[\n((?:.*\n)*?)\]: 1$/m.exec(stdout)?.[1]?.split('\n') ?? [];
      expect(lines[0]).toBe(`        leaf+4 @${source}:5`);
      expect(lines[1]).toMatch(new RegExp(`^ {8}middle\\+\\d+ @${source}:8$`));
      expect(lines[2]).toMatch(new RegExp(`^ {8}main\\+\\d+ @${source}:12$`));
      // What other programs read stays as they know it.
      expect(stdout).toMatch(
        new RegExp(`^\\t[0-9a-f]+ leaf\\+4 \\(${join(folder, name)}\\)$`, 'm'),
      );
    },
  );

  it.each(['inlined-2', 'inlined-4', 'inlined-5', 'inlined-clang'])(
    'show what was inlined there, the innermost first, in %s [OUT-038]',
    async (name) => {
      const program = join(folder, name);
      const { stdout } = await run(`uprobe:${program}@inlined.cpp:4 { print(ustack(1)); }`, {
        workload: (loader) => runStopping(loader, program),
      });
      expect(stdout).toMatch(
        new RegExp(
          `^ {8}shapes::square\\(int\\) \\[inlined\\] @${inlined}:4\n {8}shapes::cube\\(int\\) \\[inlined\\] @${inlined}:8\n {8}work\\(int\\)\\+\\d+ @${inlined}:13$`,
          'm',
        ),
      );
    },
  );

  /** A program without symbols, whose debug file is beside it; with the address of a place in it. */
  const stripped = (program: string) => {
    const start = execFileSync(
      'sh',
      [
        '-c',
        `cp ${program} stripped && objcopy --only-keep-debug stripped stripped.debug && strip stripped && objcopy --add-gnu-debuglink=stripped.debug stripped && nm ${program} | grep " leaf$" | cut -d" " -f1`,
      ],
      { cwd: folder, encoding: 'utf8' },
    ).trim();
    return { program: join(folder, 'stripped'), address: Number.parseInt(start, 16) + 4 };
  };
  const traceStripped = (of: string, config = ''): Promise<RunResult> => {
    const { program, address } = stripped(of);
    return run(`${config} uprobe:${program}:${address} { @[ustack(2)] = count(); }`, {
      workload: (loader) => runStopping(loader, program),
    });
  };

  it('take names and lines of stripped programs from their debug files [OUT-037] [OUT-038]', async () => {
    const result = await traceStripped('dwarf5');
    expect(result.stdout).toMatch(
      new RegExp(
        `^@\\[\\n {8}leaf\\+4 @${source}:5\\n {8}middle\\+\\d+ @${source}:8\\n\\]: 1$`,
        'm',
      ),
    );
  });

  it('keep names of debug files where the script wants no lines, and where these have none [OUT-037] [CFG-021]', async () => {
    for (const result of [
      await traceStripped('dwarf5', 'config = { show_debug_info = false }'),
      await traceStripped('plain'),
    ])
      expect(result.stdout).toMatch(/^@\[\n {8}leaf\+4\n {8}middle\+\d+\n\]: 1$/m);
  });

  it('show none without it, or where the script does not want them [OUT-038] [CFG-021]', async () => {
    for (const result of [
      await trace('plain'),
      await trace('dwarf5', 'config = { show_debug_info = false }'),
    ])
      expect(result.stdout).toMatch(/^@\[\n {8}leaf\+4\n {8}middle\+\d+\n {8}main\+\d+\n\]: 1$/m);
  });
});
