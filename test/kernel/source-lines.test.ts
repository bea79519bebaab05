/** uprobes at lines of the source: `uprobe:PATH@FILE:LINE[:COLUMN]`. */

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { mapEntries, mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { type RunOptions, type RunResult, run } from '../support/run.ts';

const folder = temporaryFolder();
const SOURCE = `#include <stdio.h>
static inline __attribute__((always_inline)) int square(int x) {
  int y = x * x;
  return y + 1;
}
__attribute__((noinline)) int work(int n) {
  int sum = 0;
  for (int i = 0; i < n; i++) {
    sum += i;
    __asm__ volatile("" : "+r"(sum));
  }
  sum += square(sum);
  printf("%d\\n", sum);
  return sum + square(n);
}
int main(void) { return work(5) == 0; }
`;
const program = (name: string): string => join(folder, name);

needs('root').describe('uprobes at source lines', () => {
  const trace = (name: string, body: string, options: RunOptions = {}): Promise<RunResult> =>
    run(body.replaceAll('PROGRAM', program(name)), {
      workload: () => {
        execFileSync(program(name));
      },
      ...options,
    });
  beforeAll(() => {
    mkdirSync(join(folder, 'src'));
    writeFileSync(join(folder, 'src/work.c'), SOURCE);
    const build = (name: string, ...flags: readonly string[]): void => {
      execFileSync('gcc', ['-O1', '-o', name, ...flags, 'src/work.c'], { cwd: folder });
    };
    for (const version of [2, 3, 4, 5]) build(`dwarf${version}`, `-gdwarf-${version}`, '-g');
    build('dwarf64', '-g', '-gdwarf64');
    build('compressed', '-g', '-gz', '-static', '-no-pie');
    build('plain');
    execFileSync('clang-14', ['-O0', '-g', '-o', program('clang'), join(folder, 'src/work.c')]);
    for (const name of ['stripped', 'named']) {
      build(name, '-g');
      execFileSync('objcopy', ['--only-keep-debug', name, `${name}.debug`], { cwd: folder });
      execFileSync('strip', ['--strip-debug', name], { cwd: folder });
    }
  });

  const LINES = `
    uprobe:PROGRAM@work.c:9 { @loop[func] = count(); }
    uprobe:PROGRAM@src/work.c:13 { @once[probe, func] = count(); }
    uprobe:PROGRAM@work.c:3 { @inlined = count(); }`;

  it.each(['dwarf2', 'dwarf3', 'dwarf4', 'dwarf5', 'dwarf64', 'compressed', 'clang'])(
    'run where the line is entered, in all its copies, with %s [PRB-034]',
    async (name) => {
      const result = await trace(name, LINES);
      expect(result.stderr).toContain('Attached 4 probes\n');
      expect(mapEntries(result.stdout, '@loop')).toEqual([['work', 5]]);
      expect(mapEntries(result.stdout, '@once')).toEqual([
        [`uprobe:${program(name)}@src/work.c:13, work`, 1],
      ]);
      expect(mapValue(result.stdout, '@inlined')).toBe(2);
    },
  );

  it('tell the parts of a line apart by their columns [PRB-034]', async () => {
    const result = await trace(
      'dwarf5',
      'uprobe:PROGRAM@work.c:8:8 { @start = count(); } uprobe:PROGRAM@$1:$2:27 { @next = count(); }',
      { parameters: ['work.c', '8'] },
    );
    expect(mapValue(result.stdout, '@start')).toBe(1);
    expect(mapValue(result.stdout, '@next')).toBe(5);
  });

  it('find separate debug files by build id and by name [PRB-034] [CLI-028]', async () => {
    const body = 'uprobe:PROGRAM@work.c:9 { @[func] = count(); }';
    const missing = await trace('stripped', body);
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain(
      `No debug information for '${program('stripped')}', so its source lines are not known.`,
    );
    const id =
      /Build ID: ([0-9a-f]+)/.exec(
        execFileSync('readelf', ['-n', program('stripped')], { encoding: 'utf8' }),
      )?.[1] ?? '';
    const byId = join(folder, 'debug/.build-id', id.slice(0, 2), `${id.slice(2)}.debug`);
    mkdirSync(dirname(byId), { recursive: true });
    copyFileSync(program('stripped.debug'), byId);
    const found = await trace('stripped', body, {
      flags: ['--debuginfo', `/nonexistent:${join(folder, 'debug')}`],
    });
    expect(mapEntries(found.stdout, '@')).toEqual([['work', 5]]);

    // Beside the program, by .gnu_debuglink: only with the right checksum.
    execFileSync('objcopy', ['--add-gnu-debuglink=named.debug', 'named'], { cwd: folder });
    const named = await trace('named', body);
    expect(mapEntries(named.stdout, '@')).toEqual([['work', 5]]);
    copyFileSync(program('stripped'), program('named.debug'));
    expect((await trace('named', body)).stderr).toContain('No debug information for');
  });

  it('say what is missing, and where the nearest code is [PRB-034]', async () => {
    const errors = async (name: string, place: string): Promise<string> => {
      const result = await trace(name, `uprobe:PROGRAM@${place} { @ = count(); }`);
      expect(result.status).toBe(1);
      return result.stderr;
    };
    expect(await errors('dwarf5', 'work.c:11')).toContain(
      'work.c:11: the line has no code. The nearest lines with code: 10, 12.',
    );
    expect(await errors('dwarf5', 'work.c:900')).toContain('The nearest line with code: 16.');
    expect(await errors('dwarf5', 'ork.c:9')).toContain(
      "the debug information of the program has no source file 'ork.c'",
    );
    expect(await errors('dwarf5', 'work.c:9:77')).toContain(
      'no statement begins at that column of the line.',
    );
    expect(await errors('plain', 'work.c:9')).toContain('Build it with -g');
    const wrong = await trace('dwarf5', 'uprobe:PROGRAM@work.c:$1 { @ = count(); }', {
      parameters: ['nine'],
    });
    expect(wrong.stderr).toContain("'work.c:nine' is no source line");
    const gone = await trace('nowhere', 'uprobe:PROGRAM@work.c:9 { }', { workload: () => {} });
    expect(gone.stderr).toContain(`uprobe target file '${program('nowhere')}' does not exist`);
  });
});
