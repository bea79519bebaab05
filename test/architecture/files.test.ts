/** Files stay small, and every built-in is tested. */
import { describe, expect, it } from 'vitest';
import { builtins } from '../../compiler/builtins/builtins.ts';
import { filesOf, linesOf } from './references.ts';

const LINES = 600;

describe('a file of code', () => {
  it(`has at most ${LINES} lines`, () => {
    const folders = [
      'bench',
      'compiler',
      'linker',
      'loader',
      'scripts',
      'stdlib',
      'test',
      'examples',
    ];
    const files = folders.flatMap((folder) =>
      filesOf(folder, '.ts', '.c', '.h', '.cpp', '.sh', '.bt'),
    );
    expect(files.length).toBeGreaterThan(500);
    const lengths = files.map((file) => [file, linesOf(file).length - 1] as const);
    expect(lengths.filter(([, lines]) => lines > LINES)).toEqual([]);
  });
});

describe('a built-in', () => {
  /** The names that no line of code (not comments) in these folders has as a word. */
  function untested(...folders: readonly string[]): readonly string[] {
    const words = new Set(
      folders
        .flatMap((folder) => filesOf(folder, '.ts'))
        .flatMap(linesOf)
        .filter((line) => !/^\s*(\*|\/\*|\/\/|import )/.test(line))
        .flatMap((line) => line.match(/\w+/g) ?? []),
    );
    // arg0 to arg11 are one built-in.
    const names = new Set(builtins.map(({ name }) => name.replace(/^arg\d+$/, 'arg0')));
    return [...names].filter((name) => !words.has(name));
  }

  it('is used in a test of the compiler', () => {
    expect(untested('test/compiler/builtins', 'test/compiler/analysis')).toEqual([]);
  });

  it('is run in a test on a kernel', () => {
    expect(untested('test/kernel', 'test/guest')).toEqual([]);
  });
});
