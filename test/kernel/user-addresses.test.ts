/** uaddr(): variables of traced programs. */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileText, temporaryFolder } from '../support/build.ts';
import { said } from '../support/diagnostics.ts';
import { needs } from '../support/needs.ts';
import { type RunOptions, type RunResult, run } from '../support/run.ts';

const folder = temporaryFolder();
const program = (name: string): string => join(folder, name);
const SOURCE = `#include <stdint.h>
#define KEEP __attribute__((noinline, used))
uint8_t one = 8;
uint16_t two = 1600;
uint32_t four = 320000;
uint64_t eight = 6400000000000ull;
static struct { int a[5]; } odd = {{41, 42}};
__thread int local = 9;
KEEP long touch(void) {
  odd.a[1]++;
  local++;
  return one + two + four + eight + odd.a[0];
}
KEEP long twice(void) { return touch() + 1; }
int main(void) { return twice() == 0; }
`;
beforeAll(() => {
  writeFileSync(program('variables.c'), SOURCE);
  const build = (name: string, ...flags: readonly string[]): void => {
    execFileSync('gcc', ['-O1', ...flags, '-o', name, 'variables.c'], { cwd: folder });
  };
  build('pie', '-fpie', '-pie');
  build('fixed', '-static', '-no-pie', '-fno-pie');
});

function trace(name: string, script: string, options: RunOptions = {}): Promise<RunResult> {
  return run(script.replaceAll('PROGRAM', program(name)), {
    workload: () => {
      execFileSync(program(name));
    },
    ...options,
  });
}

describe('uaddr', () => {
  it("points to what the symbol's size holds, and to 64 bits where that is not known [FUN-028]", () => {
    const sizes = (path: string): readonly string[] =>
      ['one', 'two', 'four', 'eight', 'odd'].map((name) => {
        const { typed } = compileText(`uprobe:${path}:touch { $p = uaddr("${name}"); print($p); }`);
        const type = typed?.probes[0]?.variables[0]?.type;
        return type?.kind === 'pointer' && type.to.kind === 'int' && !type.to.signed
          ? `uint${8 * type.to.size}`
          : '';
      });
    expect(sizes(program('pie'))).toEqual(['uint8', 'uint16', 'uint32', 'uint64', 'uint64']);
    expect(new Set(sizes('/nonexistent/program'))).toEqual(new Set(['uint64']));
  });

  it('is there in probes of programs only, for names that are known [FUN-028]', () => {
    expect(said('BEGIN { print(uaddr("x")); }')).toEqual([
      'error: uaddr can not be used with "begin" probes @ uaddr("x")',
    ]);
    expect(said('uprobe:/bin/sh:main { $x = "a"; print(uaddr($x)); }')[0]).toContain(
      'uaddr() expects a string literal',
    );
  });
});

needs('root').describe('variables of programs', () => {
  it.each(['pie', 'fixed'])(
    'are read where they are in the process: %s [FUN-028]',
    async (name) => {
      const { stdout } = await trace(
        name,
        `uprobe:PROGRAM:touch {
         print((*uaddr("one"), *uaddr("two"), *uaddr("four"), *uaddr("eight"), *((int32 *)uaddr("odd") + 1)));
       }
       uprobe:PROGRAM:tw*ce { print(*uaddr("two")); }
       uretprobe:PROGRAM:touch { print((*(int32[2] *)uaddr("odd"), *uaddr("two"))); }`,
      );
      expect(stdout.trim().split('\n').sort()).toEqual(
        ['(8, 1600, 320000, 6400000000000, 42)', '([41,43], 1600)', '1600'].sort(),
      );
    },
  );

  it('say what is missing [FUN-028]', async () => {
    const missing = await trace('pie', 'uprobe:PROGRAM:touch { print(uaddr("zz")); }');
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain(`pie has no symbol 'zz', which uaddr() asks for.`);
    // Each thread has its own.
    const local = await trace('pie', 'uprobe:PROGRAM:touch { print(uaddr("local")); }');
    expect(local.stderr).toContain(`has no symbol 'local'`);
    const several = await trace('pie', 'uprobe:PROGRAM:t* { print(uaddr("one")); }');
    expect(several.stderr).toContain('is attached to several places');
  });
});
