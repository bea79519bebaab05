/** Folders use what stands below them, and nobody else's libraries. */
import { describe, expect, it } from 'vitest';
import { COMPILER, LOADER } from './layers.ts';
import { filesOf, importsOf, includesOf, type Reference } from './references.ts';
import { offence, placeOf } from './rules.ts';

const TYPESCRIPT = [...filesOf('linker', '.ts'), ...filesOf('compiler', '.ts')];
const C = filesOf('loader/src', '.c', '.h');

function offences(references: readonly Reference[], order: readonly string[]): readonly string[] {
  return references
    .map((reference) => offence(reference, order))
    .filter((text) => text !== undefined);
}

describe('the order of folders', () => {
  it('holds for the imports of linker and compiler', () => {
    const imports = TYPESCRIPT.flatMap(importsOf);
    expect(imports.length).toBeGreaterThan(1000);
    expect(offences(imports, COMPILER)).toEqual([]);
  });

  it('holds for the includes of the loader', () => {
    const includes = C.flatMap((file) => includesOf(file, 'loader/src'));
    expect(includes.length).toBeGreaterThan(500);
    expect(offences(includes, LOADER)).toEqual([]);
  });

  it('names folders that are there', () => {
    const order = [...COMPILER, ...LOADER];
    const used = new Set([...TYPESCRIPT, ...C].map((file) => placeOf(file, order)));
    expect(order.filter((entry) => !used.has(entry))).toEqual([]);
  });
});

describe('a reference against the order', () => {
  const of = (from: string, to: string, order = COMPILER): string | undefined =>
    offence({ from, line: 7, to }, order);

  it('is named with its file and line', () => {
    expect(of('compiler/syntax/parse.ts', 'compiler/lowering/lower.ts')).toBe(
      'compiler/syntax/parse.ts:7: uses compiler/lowering/lower.ts, but compiler/lowering stands above compiler/syntax',
    );
    expect(of('loader/src/base/arena.c', 'loader/src/run/loop.h', LOADER)).toBe(
      'loader/src/base/arena.c:7: uses loader/src/run/loop.h, but loader/src/run stands above loader/src/base',
    );
  });

  it('is told from one within a folder, and from one downward', () => {
    expect(of('compiler/lowering/maps.ts', 'compiler/lowering/state.ts')).toBeUndefined();
    expect(of('compiler/lowering/maps.ts', 'compiler/types/type.ts')).toBeUndefined();
    expect(of('compiler/compile.ts', 'linker/link.ts')).toBeUndefined();
    expect(of('loader/src/run/main.c', 'loader/src/base/text.h', LOADER)).toBeUndefined();
    expect(of('loader/src/run/main.c', 'stdio.h', LOADER)).toBeUndefined();
  });

  it('is named where it takes a library past its owner', () => {
    expect(of('compiler/cli/main.ts', 'elfy')).toBe(
      'compiler/cli/main.ts:7: uses elfy, which only linker/elf may',
    );
    expect(of('compiler/cli/main.ts', 'commander')).toBeUndefined();
  });

  it('is named where it leaves the product', () => {
    expect(of('compiler/compile.ts', 'test/support/run.ts')).toBe(
      'compiler/compile.ts:7: uses test/support/run.ts, which is not of the product',
    );
  });

  it('is named where its folder has no place in the order', () => {
    expect(of('compiler/new/file.ts', 'compiler/types/type.ts')).toBe(
      'compiler/new/file.ts: its folder is not in test/architecture/layers.ts',
    );
    expect(of('loader/src/file.c', 'loader/src/base/text.h', LOADER)).toBe(
      'loader/src/file.c: its folder is not in test/architecture/layers.ts',
    );
  });
});
