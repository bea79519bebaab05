/** Places that the kernel is told of, for its verifier's log. */
import { describe, expect, it } from 'vitest';
import { readExtension } from '../../../linker/btf/extension.ts';
import { readElf } from '../../../linker/elf/read.ts';
import { build } from '../../support/build.ts';

/** [line, column] of all records of an object. */
function records(script: string): readonly (readonly [number, number])[] {
  const extension = readElf(build(script)).sections.find(({ name }) => name === '.BTF.ext');
  return readExtension(extension?.data ?? new Uint8Array()).lines.flatMap((section) =>
    section.records.map(({ line, column }) => [line, column] as const),
  );
}

describe('line records', () => {
  const statement = (before: number) => `begin {${' '.repeat(before)}printf("%d", pid); }\n`;

  it('have the line and column of each statement', () => {
    expect(records(statement(10))).toContainEqual([1, 18]);
    expect(records(`\n\n${statement(1014)}`)).toContainEqual([3, 1022]);
    expect(records(statement(1015))).toContainEqual([1, 1023]);
  });

  it('stay in their line where its columns are more than ten bits hold', () => {
    for (const before of [1016, 1017, 5000, 70_000])
      expect(new Set(records(statement(before)).map(([line]) => line))).toEqual(new Set([1]));
    expect(records(statement(5000))).toContainEqual([1, 1023]);
  });
});
