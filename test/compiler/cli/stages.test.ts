/** bpftrace's flags that show or write what the compiler makes. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/build.ts';
import { runHere } from '../../support/command-here.ts';

const folder = temporaryFolder();
const SCRIPT = 'BEGIN { @x = 1; exit(); }';
const args = (...flags: readonly string[]): readonly string[] => [
  ...flags,
  ...['--kernel', 'default', '-e', SCRIPT],
];

/** What stands below the banner of each stage that was shown. */
function stages(text: string): ReadonlyMap<string, string> {
  const parts = text.split(/\n([\w-]+)\n(-+)\n/);
  const found = new Map<string, string>();
  for (let at = 1; at < parts.length; at += 3) {
    expect(parts[at + 1]).toHaveLength(parts[at]?.length ?? 0);
    found.set(parts[at] ?? '', parts[at + 2] ?? '');
  }
  return found;
}

describe('-d', () => {
  it('shows stages of the compiler by their names, and runs nothing [CLI-010]', async () => {
    const result = await runHere(
      args('-d', 'parse,ast,types', '-d', 'codegen,codegen-opt', '-d', 'dis'),
    );
    expect(result).toMatchObject({ stderr: '', status: 0 });
    const shown = stages(result.stdout);
    expect([...shown.keys()]).toEqual(['parse', 'ast', 'types', 'codegen', 'codegen-opt', 'dis']);
    expect(shown.get('parse')).toMatch(/^1:1\t/);
    expect(JSON.parse(shown.get('ast') ?? '')).toMatchObject({ kind: 'program' });
    expect(JSON.parse(shown.get('types') ?? '')).toMatchObject({ maps: [{ name: '@x' }] });
    expect(shown.get('codegen')).toContain('define dso_local i32 @begin_1');
    expect(shown.get('codegen-opt')).toContain('@begin_1');
    expect(shown.get('codegen-opt')).not.toBe(shown.get('codegen'));
    expect(shown.get('dis')).toMatch(/^begin_1:/m);
  });

  it('refuses other stages [CLI-010]', async () => {
    expect(await runHere(args('-d', 'ast,nonsense'))).toEqual({
      stdout: '',
      stderr:
        "ERROR: unknown stage 'nonsense' of -d\n" +
        'HINT: Stages are all, parse, ast, types, codegen, codegen-opt, dis, libbpf, verifier.\n',
      status: 2,
    });
  });
});

describe('Flags that write files', () => {
  const built = async (): Promise<Buffer> => {
    const object = join(folder, 'built.o');
    expect((await runHere(['build', '-e', SCRIPT, '-o', object])).status).toBe(0);
    return readFileSync(object);
  };

  it('--emit-elf and --aot give the object of `build -o` [CLI-020] [CLI-021]', async () => {
    for (const flag of ['--emit-elf', '--aot']) {
      const object = join(folder, `${flag}.o`);
      expect(await runHere(args(flag, object))).toEqual({ stdout: '', stderr: '', status: 0 });
      expect(readFileSync(object).equals(await built())).toBe(true);
    }
  });

  it('--emit-llvm gives the code before and after the optimiser [CLI-020]', async () => {
    const prefix = join(folder, 'code');
    expect(await runHere(args('--emit-llvm', prefix))).toEqual({
      stdout: '',
      stderr: '',
      status: 0,
    });
    const original = readFileSync(`${prefix}.original.ll`, 'utf8');
    const optimized = readFileSync(`${prefix}.optimized.ll`, 'utf8');
    expect(original).toContain('define dso_local i32 @begin_1');
    expect(optimized).toContain('@begin_1');
    expect(optimized).not.toBe(original);
  });

  it('write nothing for a script with errors', async () => {
    const object = join(folder, 'wrong.o');
    const result = await runHere(['--aot', object, '-e', 'BEGIN { $x }', '--kernel', 'default']);
    expect(result).toMatchObject({ stdout: '', status: 1 });
    expect(() => readFileSync(object)).toThrow();
  });
});

describe('-k', () => {
  it('excludes itself, --no-warnings and --aot [CLI-011] [CLI-012]', async () => {
    const refused = async (flags: readonly string[], message: string): Promise<void> => {
      expect(await runHere(args(...flags))).toEqual({
        stdout: '',
        stderr: `ERROR: ${message}\n`,
        status: 2,
      });
    };
    await refused(['-kk'], '-k is given twice');
    await refused(['-k', '-k'], '-k is given twice');
    await refused(['-k', '--no-warnings'], '-k and --no-warnings exclude each other');
    await refused(['-k', '--aot', join(folder, 'k.o')], '-k and --aot exclude each other');
  });

  it('costs scripts without it nothing: their code has no warnings [CLI-011]', async () => {
    const reading = 'BEGIN { print(@x[str(uptr(1))]); @x["a"] = 1; }';
    const code = async (...flags: readonly string[]): Promise<string> =>
      (await runHere([...flags, '-d', 'codegen-opt', '--kernel', 'default', '-e', reading])).stdout;
    const warnings = (text: string): number => text.match(/call i64 @told_/g)?.length ?? 0;
    expect((await code('-k')).length).toBeGreaterThan((await code()).length);
    expect(warnings(await code('-k'))).toBeGreaterThan(warnings(await code()));
  });
});

describe('BPFTRACE_BTF', () => {
  it('has to name a file that can be read [CLI-038]', async () => {
    const before = process.env.BPFTRACE_BTF;
    process.env.BPFTRACE_BTF = '/no/such.btf';
    try {
      for (const command of [
        ['list', 'struct sock'],
        ['-e', 'BEGIN { print(curtask.pid); }'],
      ])
        expect(await runHere(command)).toMatchObject({
          stdout: '',
          stderr: expect.stringContaining('cannot read /no/such.btf: no such file or directory'),
          status: 1,
        });
    } finally {
      if (before === undefined) delete process.env.BPFTRACE_BTF;
      else process.env.BPFTRACE_BTF = before;
    }
  });
});
