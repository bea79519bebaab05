/** Debug information that is not in the program: split off (.dwo, .dwp), shared by several programs (dwz), in folders. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { needs } from '../support/needs.ts';

const ONE = `struct point { int x; short y; char name[8]; };
enum colour { RED, GREEN = 5 };
__attribute__((noinline)) int paint(const struct point *p, enum colour c, long n)
{ __asm__ volatile("" ::: "memory"); return p->x + c + (int)n; }
int other(int);
int main(void) { struct point p = {1, 2, "abc"}; return paint(&p, GREEN, 3) + other(4) > 1000; }
`;
const TWO = `struct point { int x; short y; char name[8]; };
struct pair { struct point a, b; };
static __attribute__((noinline)) int both(const struct pair *p, int k)
{ __asm__ volatile("" ::: "memory"); return p->a.x + p->b.x + k; }
int other(int k) { struct pair p = {{k, 1, "q"}, {2, 3, "r"}}; return both(&p, k); }
`;

const folder = temporaryFolder();
const at = (...parts: readonly string[]) => join(folder, ...parts);

/** In a folder of its own, which is not the one that it was compiled in. */
function compile(name: string, ...flags: readonly string[]): void {
  const made = at(`${name}-made`);
  mkdirSync(made);
  const gcc = (...words: readonly string[]) => execFileSync('gcc', words, { cwd: made });
  for (const file of ['one', 'two'])
    gcc('-O1', '-g', ...flags, '-c', at(`${file}.c`), '-o', `${file}.o`);
  gcc('one.o', 'two.o', '-o', 'program');
  mkdirSync(at(name));
  for (const file of readdirSync(made).filter((each) => !each.endsWith('.o')))
    copyFileSync(join(made, file), at(name, file));
  rmSync(made, { recursive: true });
}

beforeAll(() => {
  writeFileSync(at('one.c'), ONE);
  writeFileSync(at('two.c'), TWO);
  for (const version of [4, 5]) compile(`split${version}`, `-gdwarf-${version}`, '-gsplit-dwarf');
  // Debian's dwp takes DWARF 4 alone.
  compile('package', '-gdwarf-4', '-gsplit-dwarf');
  execFileSync('dwp', ['-e', 'program'], { cwd: at('package') });
  compile('apart', '-gdwarf-5', '-gsplit-dwarf');
  mkdirSync(at('elsewhere'));
  for (const file of ['one.dwo', 'two.dwo']) {
    rmSync(at('package', file));
    copyFileSync(at('apart', file), at('elsewhere', file));
    rmSync(at('apart', file));
  }
  for (const version of [4, 5]) {
    compile(`shared${version}`, `-gdwarf-${version}`);
    const cwd = at(`shared${version}`);
    for (const copy of ['second', 'third']) copyFileSync(join(cwd, 'program'), join(cwd, copy));
    execFileSync('dwz', ['-m', 'common.debug', 'program', 'second', 'third'], { cwd });
  }
});

needs('root').describe('Debug information that the program does not hold', () => {
  it.each([
    ['.dwo files of DWARF 4', 'split4', []],
    ['.dwo files of DWARF 5', 'split5', []],
    ['a package of .dwo files', 'package', []],
    ['.dwo files in a folder of --debuginfo', 'apart', ['--debuginfo', at('elsewhere')]],
    ['a file that dwz has made, DWARF 4', 'shared4', []],
    ['a file that dwz has made, DWARF 5', 'shared5', []],
  ])('is read from %s', (_what, name, flags) => {
    const program = at(name, 'program');
    const script = `
      uprobe:${program}:paint { printf("%d %d %s %d\\n", args.p.x, args.p.y, str(args.p.name), args.n); print(args.c); }
      uprobe:${program}:both { print(args.p.b); }
      uprobe:${program}@two.c:5 { @line = count(); }`;
    const { stdout, stderr } = bpfscript(['-q', '-c', program, ...flags, '-e', script]);
    const lines = stdout.split('\n').filter((line) => line !== '');
    expect(lines.slice(0, 3), stderr).toEqual([
      '1 2 abc 3',
      'GREEN',
      '{ .x = 2, .y = 3, .name = r }',
    ]);
    expect(lines[3]).toMatch(/^@line: [1-9]/);
    expect(bpfscript(['-lv', `uprobe:${program}:paint`, ...flags]).stdout).toBe(
      `uprobe:${program}:paint\n    struct point * p\n    enum colour c\n    int64 n\n`,
    );
  });

  it('is not there where the other file is not, and the script is told so', () => {
    const program = at('apart', 'program');
    const { stderr, status } = bpfscript(['-e', `uprobe:${program}:paint { print(args.n); }`]);
    expect(stderr).toContain("the debug information does not describe the function 'paint'");
    expect(status).toBe(1);
  });
});
