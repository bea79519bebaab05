/** Names of functions, of tables made by hand and beside nm. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { functionNames } from '../../../compiler/binary/symbols.ts';
import { SHF, SHT } from '../../../linker/elf/elf.ts';
import { openElfFile } from '../../../linker/elf/file.ts';
import { temporaryFolder } from '../../support/build.ts';
import { compileTraced } from '../../support/traced.ts';
import { elfOf, type ProgramSymbol, symbolTable } from './elf.ts';

/** Sections: none, code, data, symbols, strings. */
function namesOf(list: readonly ProgramSymbol[], type: number = SHT.symtab): readonly string[] {
  const { symbols, strings } = symbolTable(list);
  return functionNames(
    elfOf([
      { type: 0 },
      { name: '.text', flags: SHF.alloc | SHF.exec },
      { name: '.data', flags: SHF.alloc | SHF.write },
      { name: '.symtab', type, bytes: symbols, link: 4 },
      { name: '.strtab', type: 3, bytes: strings },
    ]),
  );
}

describe('names of functions', () => {
  it('are those of both tables, sorted, each once', () => {
    expect(namesOf([{ name: 'b' }, { name: 'a' }, { name: 'b' }])).toEqual(['a', 'b']);
    expect(namesOf([{ name: 'a' }], SHT.dynsym)).toEqual(['a']);
    expect(namesOf([{ name: 'a' }], 3)).toEqual([]);
  });

  it('are those of code: without a type, functions and indirect ones', () => {
    const types = Array.from({ length: 16 }, (_, type) => ({ name: `t${type}`, type }));
    expect(namesOf(types)).toEqual(['t0', 't10', 't2']);
  });

  it('are those that stand in a section with code', () => {
    expect(
      namesOf([
        { name: 'undefined', section: 0 },
        { name: 'code', section: 1 },
        { name: 'data', section: 2 },
        { name: 'behind', section: 5 },
        { name: 'absolute', section: 0xfff1 },
      ]),
    ).toEqual(['code']);
  });

  it('have no version, and at least a letter', () => {
    expect(namesOf([{ name: 'memcpy@@GLIBC_2.14' }, { name: 'f@V1' }, { name: '@V1' }])).toEqual([
      'f',
      'memcpy',
    ]);
  });

  it('need the strings of their table', () => {
    const { symbols } = symbolTable([{ name: 'a' }]);
    expect(
      functionNames(elfOf([{ type: SHT.symtab, bytes: symbols, link: 9, flags: SHF.exec }])),
    ).toEqual([]);
  });

  it('end with the last whole symbol of a table', () => {
    const { symbols, strings } = symbolTable([{ name: 'a' }, { name: 'b' }]);
    const cut = (bytes: number) =>
      functionNames(
        elfOf([
          { type: 3, bytes: strings },
          { flags: SHF.exec },
          { type: SHT.symtab, bytes: symbols.subarray(0, bytes) },
        ]),
      );
    expect([47, 48].map(cut)).toEqual([['a'], ['a', 'b']]);
  });

  it('are those that nm lists', () => {
    const program = compileTraced(temporaryFolder(), 'program', 'gcc', ['-O1', '-g']);
    const listed = (letters: string): readonly string[] =>
      ['-a', '-D'].flatMap((flag) =>
        execFileSync('nm', [flag, program], { encoding: 'utf8' })
          .split('\n')
          .map((line) => line.split(' '))
          .filter(([, letter = '']) => letter !== '' && letters.includes(letter))
          .map(([, , name = '']) => name.replace(/@.*/, ''))
          // Symbols of sections, which -a shows: no functions.
          .filter((name) => !name.startsWith('.')),
      );
    // Weak ones may be data, too.
    const weak = new Set(listed('W'));
    expect(functionNames(openElfFile(program)).filter((name) => !weak.has(name))).toEqual(
      [...new Set(listed('Tti'))].sort(),
    );
  });
});
