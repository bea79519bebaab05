/** Functions of C++ by the names that people read. */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { mapEntries } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { type RunResult, run } from '../support/run.ts';
import { runStopping } from '../support/stopping.ts';

const folder = temporaryFolder();
const program = join(folder, 'shapes');
const SOURCE = `
#include <signal.h>
#define KEEP __attribute__((noinline, used))
template <class T> KEEP T larger(T a, T b) { asm volatile(""); return a > b ? a : b; }
namespace geometry {
  struct Shape {
    int sides;
    KEEP Shape(int n) : sides(n) { asm volatile(""); }
    KEEP int area(int a) { asm volatile(""); return a * sides; }
    KEEP int area(int a, int b) { asm volatile(""); return a * b * sides; }
    KEEP int operator+(int a) { asm volatile(""); return sides + a; }
  };
  KEEP int area(long x) { asm volatile(""); return (int)x; }
}
namespace { KEEP int hidden(int x) { asm volatile(""); return x + 1; } }
extern "C" KEEP int area(int x) { asm volatile(""); return x; }
int main() {
  geometry::Shape shape(3);
  int sum = 0;
  for (int i = 0; i < 2; i++) sum += shape.area(i);
  for (int i = 0; i < 3; i++) sum += shape.area(i, 2);
  for (int i = 0; i < 4; i++) sum += geometry::area((long)i);
  for (int i = 0; i < 5; i++) sum += larger<int>(i, 2) + (int)larger<long>(i, 2);
  sum += hidden(1) + area(7) + (shape + 1);
  raise(SIGSTOP); /* its memory map is read meanwhile */
  return sum == 0;
}`;

const start = (loader: number): Promise<void> => runStopping(loader, program);

needs('root').describe('C++ names', () => {
  const trace = (script: string): Promise<RunResult> => run(script, { workload: start });
  beforeAll(() => {
    writeFileSync(join(folder, 'shapes.cpp'), SOURCE);
    execFileSync('g++', ['-O1', '-o', program, 'shapes.cpp'], { cwd: folder });
  });

  it('stand for all overloads, and for one with its parameters [PRB-033]', async () => {
    const all = await trace(
      `uprobe:${program}:cpp:"geometry::Shape::area" { @[func] = count(); @at[probe] = count(); }`,
    );
    expect(all.stderr).toContain('Attached 2 probes\n');
    expect(mapEntries(all.stdout, '@')).toEqual([
      ['geometry::Shape::area(int)', 2],
      ['geometry::Shape::area(int, int)', 3],
    ]);
    expect(mapEntries(all.stdout, '@at')).toEqual([
      [`uprobe:${program}:cpp:geometry::Shape::area(int)`, 2],
      [`uprobe:${program}:cpp:geometry::Shape::area(int, int)`, 3],
    ]);
    const one = await trace(
      `uprobe:${program}:cpp:"geometry::Shape::area(int, int)" { @[func, arg2] = count(); }`,
    );
    expect(mapEntries(one.stdout, '@')).toEqual([['geometry::Shape::area(int, int), 2', 3]]);
  });

  it('may be patterns, templates, operators, or of no namespace [PRB-033]', async () => {
    const result = await trace(
      `uprobe:${program}:cpp:"*::area" { @all[func] = count(); }
       uprobe:${program}:cpp:area { @c[func] = count(); }
       uprobe:${program}:cpp:"larger<int>" { @template[func] = count(); }
       uprobe:${program}:cpp:"larger<long>(long, long)" { @long[func] = count(); }
       uprobe:${program}:cpp:"(anonymous namespace)::hidden" { @hidden[func] = count(); }
       uprobe:${program}:cpp:"geometry::Shape::operator+" { @operator[func] = sum(arg1); }
       uretprobe:${program}:cpp:"geometry::area(long)" { @returns[func] = max(retval); }`,
    );
    expect(mapEntries(result.stdout, '@all')).toEqual([
      ['geometry::Shape::area(int)', 2],
      ['geometry::Shape::area(int, int)', 3],
      ['geometry::area(long)', 4],
    ]);
    expect(mapEntries(result.stdout, '@c')).toEqual([['area', 1]]);
    expect(mapEntries(result.stdout, '@template')).toEqual([['int larger<int>(int, int)', 5]]);
    expect(mapEntries(result.stdout, '@long')).toEqual([['long larger<long>(long, long)', 5]]);
    expect(mapEntries(result.stdout, '@hidden')).toEqual([
      ['(anonymous namespace)::hidden(int)', 1],
    ]);
    expect(mapEntries(result.stdout, '@operator')).toEqual([
      ['geometry::Shape::operator+(int)', 1],
    ]);
    expect(mapEntries(result.stdout, '@returns')).toEqual([['geometry::area(long)', 3]]);
  });

  it('may be given as the file has them [PRB-033]', async () => {
    const mangled = '_ZN8geometry5Shape4areaEi';
    for (const name of [mangled, `cpp:${mangled}`]) {
      const result = await trace(`uprobe:${program}:${name} { @[func] = count(); }`);
      expect(mapEntries(result.stdout, '@')).toEqual([['geometry::Shape::area(int)', 2]]);
    }
  });

  it('that match nothing are errors [PRB-033]', async () => {
    const result = await trace(`uprobe:${program}:cpp:"geometry::perimeter" { @ = count(); }`);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain(`No matches for uprobe ${program}:cpp:geometry::perimeter.`);
  });

  it('are shown in stacks, by usym and by func, unless the script wants them plain [CFG-008]', async () => {
    const script = (config: string): string => `${config}
      uprobe:${program}:cpp:"geometry::area" { @[ustack(1), usym(reg("ip")), func] = count(); }`;
    const readable = await trace(script(''));
    expect(readable.stdout).toContain(
      `@[
        geometry::area(long)+0
, geometry::area(long), geometry::area(long)]: 4`,
    );
    const plain = await trace(script('config = { cpp_demangle = false }'));
    expect(plain.stdout).toContain(
      `@[
        _ZN8geometry4areaEl+0
, _ZN8geometry4areaEl, _ZN8geometry4areaEl]: 4`,
    );
  });
});
