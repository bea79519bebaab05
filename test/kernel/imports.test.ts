import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

const folder = temporaryFolder();
let count = 0;

/** Runs `main.bt` of these files. */
async function runFiles(files: Readonly<Record<string, string>>) {
  count += 1;
  const home = join(folder, String(count));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), text, { mode: 0o644 });
  }
  return run(files['main.bt'] ?? '', { path: join(home, 'main.bt'), signal: 'none' });
}

needs('root').describe('imports', () => {
  it('[GRM-016] bring probes, which run first, and macros', async () => {
    const { stdout, stderr } = await runFiles({
      'main.bt': 'import "lib.bt";\nbegin { print(("main", triple(2))); exit(); }',
      'lib.bt': 'macro triple(x) { x * 3 }\nbegin { print(("lib", triple(1))); @shared = 5; }',
    });
    expect(stderr).toBe('Attached 2 probes\n');
    expect(stdout).toBe('(lib, 3)\n(main, 6)\n\n\n@shared: 5\n');
  });

  it('[CFG-026] bring the same from inside of a block, also of an imported script and of a macro', async () => {
    const allowed = 'config = { unstable_import_statement = enable }\n';
    const { stdout, stderr, status } = await runFiles({
      'main.bt': `${allowed}begin { if (pid > 0) { import "lib.bt"; print(triple(2)); } exit(); }`,
      'lib.bt': 'macro triple(x) { import "deep/more.bt"; once(x) * 3 }',
      'deep/more.bt': 'macro once(x) { x }\nbegin { print("more"); }',
    });
    expect(stderr).toBe('Attached 2 probes\n');
    expect({ stdout, status }).toEqual({ stdout: 'more\n6\n\n\n', status: 0 });
  });

  it('[GRM-016] are relative to the script that has them, and nest', async () => {
    const { stdout } = await runFiles({
      'main.bt': 'import "lib/outer.bt";\nbegin { print("main"); exit(); }',
      'lib/outer.bt': 'import "deep/inner.bt";\nbegin { print(inner); }',
      'lib/deep/inner.bt': 'macro inner() { "inner macro" }\nbegin { print("inner"); }',
    });
    expect(stdout.trim()).toBe('inner\ninner macro\nmain');
  });

  it('[GRM-019] of a folder bring its scripts, not those of the folders in it', async () => {
    const { stdout } = await runFiles({
      'main.bt': 'import "lib";\nbegin { print(one + two); exit(); }',
      'lib/b.bt': 'macro two() { 2 } begin { print("b"); }',
      'lib/a.bt': 'macro one() { 1 } begin { print("a"); }',
      'lib/README.md': 'no script',
      'lib/more/c.bt': 'begin { print("too deep"); }',
    });
    expect(stdout.trim()).toBe('a\nb\n3');
  });

  it('[GRM-021] happen once, whatever asks for them how often and in whatever circle', async () => {
    const { stdout, stderr } = await runFiles({
      'main.bt':
        'import "a.bt";\nimport "./b.bt";\nimport "a.bt";\nbegin { print("main"); exit(); }',
      'a.bt': 'import "b.bt";\nbegin { print("a"); }',
      'b.bt': 'import "a.bt";\nimport "main.bt";\nbegin { print("b"); }',
    });
    expect(stderr).toBe('Attached 3 probes\n');
    expect(stdout.trim()).toBe('b\na\nmain');
  });

  it('name the file in what they report at run time', async () => {
    const { stderr } = await runFiles({
      'main.bt': 'import "lib.bt";\nbegin { exit(); }',
      'lib.bt': '\nbegin { @m[1] = 1; delete(@m, 5); }',
    });
    expect(stderr).toContain(
      "lib.bt:2:20-33: WARNING: Can't delete map element because it does not exist.",
    );
    expect(stderr).toContain('begin { @m[1] = 1; delete(@m, 5); }\n');
  });

  it('bring C definitions', async () => {
    const { stdout, stderr } = await runFiles({
      'main.bt': 'import "lib.bt";\nbegin { print((LIMIT, sizeof(struct own))); exit(); }',
      'lib.bt': '#define LIMIT 12\nstruct own { long a; int b[3]; };\nmacro unused() { 1 }',
    });
    expect(stderr).toBe('Attached 1 probe\n');
    expect(stdout.trim()).toBe('(12, 24)');
  });
});
