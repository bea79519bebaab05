/** Comments that send the reader to another file of the project send him to one that is there. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const sources = execFileSync(
  'git',
  ['ls-files', '-co', '--exclude-standard', 'compiler', 'linker', 'loader', 'stdlib'],
  { encoding: 'utf8' },
)
  .split('\n')
  .filter((path) => /\.(ts|c|h|cpp|bt)$/.test(path) && existsSync(path));

const PATH = /(?<![\w/.])(?:compiler|linker|loader|docs|test|scripts|stdlib)\/[\w./-]*\w\.\w+/g;

/** `line` as far as it is a comment, or stands in one. */
const commentOf = (line: string): string => /(?:^\s*\*|\/\*|\/\/)(.*)/.exec(line)?.[1] ?? '';

describe('a comment', () => {
  it('names files that exist', () => {
    const named = sources.flatMap((path) =>
      readFileSync(path, 'utf8')
        .split('\n')
        .flatMap((line, index) =>
          [...commentOf(line).matchAll(PATH)].map(([file]) => ({
            at: `${path}:${index + 1}`,
            file,
          })),
        ),
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ file }) => !existsSync(file))).toEqual([]);
  });
});
