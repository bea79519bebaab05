/** Debug information that stands in other files: which of them are taken, and what is read there. */
import { cpSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createPrograms } from '../../../compiler/dwarf/programs.ts';
import { typeName } from '../../../compiler/types/names.ts';
import { kernelDescription, temporaryFolder } from '../../support/build.ts';
import { splitPrograms } from '../../support/split-programs.ts';

const folder = temporaryFolder();
const at = (...parts: readonly string[]): string => join(folder, ...parts);

beforeAll(() => splitPrograms(folder));

const NOT_DESCRIBED = "the debug information does not describe the function 'paint'";

/** Arguments of two functions, and members of the struct that one of them is given. */
function readFrom(path: string, folders: readonly string[] = []): readonly string[] {
  const programs = createPrograms(folders);
  const program = programs.open(path);
  if ('reason' in program) return [program.reason];
  const lists = ['paint', 'both'].map((name) => program.arguments(name, 'x86_64'));
  const point = program.types.struct('struct', 'point');
  const members = point ? programs.beside(kernelDescription().types).members(point) : [];
  return [
    ...lists.map((list) =>
      'reason' in list
        ? list.reason
        : list.map(({ name, type, register }) => `${name} ${typeName(type)} ${register}`).join(),
    ),
    members.map(({ name, bitOffset }) => `${name} ${bitOffset / 8}`).join(),
    String(program.types.enumerator('GREEN')?.value),
  ];
}

const WHOLE = [
  'p struct point * 0,c enum colour 1,n int64 2',
  'p struct pair * 0,k int32 1',
  'x 0,y 4,name 6',
  '5',
];

/** A copy of the files of a program, so that a test may change them. */
function copyOf(name: string, to: string): string {
  cpSync(at(name), at(to), { recursive: true });
  return at(to, 'program');
}

describe('what is split off', () => {
  it.each(['split4', 'split5', 'package', 'shared4', 'shared5'])('is read of %s', (name) => {
    expect(readFrom(at(name, 'program'))).toEqual(WHOLE);
  });

  it('is looked for in folders that are named', () => {
    const program = at('apart', 'program');
    expect(readFrom(program)[0]).toBe(NOT_DESCRIBED);
    expect(readFrom(program, [at('nowhere'), at('elsewhere')])).toEqual(WHOLE);
  });

  it('may be there for a part of the program alone', () => {
    const program = copyOf('split5', 'half');
    rmSync(at('half', 'one.dwo'));
    expect(readFrom(program).slice(0, 2)).toEqual([NOT_DESCRIBED, WHOLE[1]]);
  });

  it.each(['split4', 'split5'])('is not that of another unit: %s', (name) => {
    const program = copyOf(name, `${name}-swapped`);
    const own = (file: string) => at(`${name}-swapped`, file);
    renameSync(own('one.dwo'), own('x'));
    renameSync(own('two.dwo'), own('one.dwo'));
    renameSync(own('x'), own('two.dwo'));
    expect(readFrom(program)[0]).toBe(NOT_DESCRIBED);
    writeFileSync(own('one.dwo'), 'no ELF file');
    expect(readFrom(program)[0]).toBe(NOT_DESCRIBED);
  });

  it('may stand in a package in a folder, under the name of the program', () => {
    const program = copyOf('package', 'moved');
    rmSync(at('moved', 'program.dwp'));
    expect(readFrom(program)[0]).toBe(NOT_DESCRIBED);
    expect(readFrom(program, [at('package')])).toEqual(WHOLE);
    renameSync(program, at('moved', 'other'));
    expect(readFrom(at('moved', 'other'), [at('package')])[0]).toBe(NOT_DESCRIBED);
  });
});

describe('what programs share', () => {
  it.each(['shared4', 'shared5'])('is read of the file that is meant alone: %s', (name) => {
    const program = copyOf(name, `${name}-moved`);
    const shared = at(`${name}-moved`, 'common.debug');
    expect(readFrom(program)).toEqual(WHOLE);
    renameSync(shared, at(`${name}-moved`, 'x'));
    expect(readFrom(program)).not.toEqual(WHOLE);
    // It is looked for in folders by the name that it has.
    expect(readFrom(program, [at(name)])).toEqual(WHOLE);
    cpSync(at(name === 'shared4' ? 'shared5' : 'shared4', 'common.debug'), shared);
    expect(readFrom(program)).not.toEqual(WHOLE);
  });
});
