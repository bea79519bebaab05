/** Programs whose debug information stands elsewhere: split off (.dwo, .dwp), shared (dwz), in folders. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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

/**
 * Makes, each in a folder of its own, `split4`, `split5`, `package`, `shared4`, `shared5`, and `apart`, whose .dwo files are in
 * `elsewhere`.
 */
export function splitPrograms(folder: string): void {
  const at = (...parts: readonly string[]) => join(folder, ...parts);
  // The folder is not the one that it was compiled in.
  const compile = (name: string, ...flags: readonly string[]): void => {
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
  };

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
}
