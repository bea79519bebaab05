/** Which modules a command begins, in counts that no noise moves: each costs at every start (docs/decisions/starting.md). */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['compiler/cli/main.ts'],
  ...{ bundle: true, write: false, metafile: true, outdir: 'dist', logLevel: 'silent' },
  ...{ platform: 'node', format: 'esm' },
});

/** A module and all that it imports at once, without types, which are nothing when it runs. */
function begunBy(entry: string): readonly string[] {
  const begun = new Set<string>();
  const open = [entry];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    const input = metafile.inputs[file];
    if (!input || begun.has(file)) continue;
    begun.add(file);
    for (const { path, kind } of input.imports) if (kind !== 'dynamic-import') open.push(path);
  }
  return [...begun];
}

const command = (name: string): readonly string[] => [
  ...new Set([...begunBy('compiler/cli/main.ts'), ...begunBy(`compiler/cli/commands/${name}.ts`)]),
];

const within = (files: readonly string[], ...folders: readonly string[]): readonly string[] =>
  files.filter((file) => folders.some((folder) => file.startsWith(folder)));

/** How many of them are no packages. */
const ours = (files: readonly string[]): number =>
  files.filter((file) => !file.startsWith('node_modules/')).length;

describe('a command begins', () => {
  it('with few modules, and no command', () => {
    const files = begunBy('compiler/cli/main.ts');
    expect(within(files, 'compiler/cli/commands/')).toEqual([]);
    expect(ours(files)).toBeLessThan(60);
  });

  it('none of the compiler to run a script that is kept', () => {
    const files = command('run');
    expect(
      within(
        files,
        'compiler/compile.ts',
        'compiler/analysis',
        'compiler/lowering',
        'compiler/kernel/load.ts',
        'linker/elf',
        'linker/manifest',
        'node_modules/chevrotain',
        'node_modules/elfy',
      ),
    ).toEqual([]);
    expect(ours(files)).toBeLessThan(55);
  });

  it.each(['check', 'build'])('nothing that draws, sends or asks others to %s', (name) => {
    const files = command(name);
    expect(files).toContain('compiler/compile.ts');
    expect(
      within(
        files,
        'compiler/drawing',
        'compiler/telemetry',
        'compiler/registry',
        'compiler/rollout',
        'node_modules/@bufbuild',
      ),
    ).toEqual([]);
    expect(ours(files)).toBeLessThan(500);
  });
});

describe('the loader', () => {
  it('is one file of two megabytes', () => {
    expect(statSync(join(root, 'loader/build/bpfload')).size).toBeLessThan(2_400_000);
  });
});
