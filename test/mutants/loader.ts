/**
 * Mutants of the loader's C: a small change in a line, in a copy of the loader. Its unit tests look at each, then the
 * tests of objects and output, with the sanitized loader of that copy.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Random } from '../support/random.ts';
import type { Outcome } from './report.ts';
import { type Line, sampled } from './sample.ts';

const WORK = '.cache/mutants';
/** The loader's Makefile reads the version in the folder above. */
const COPY = join(WORK, 'loader');

type Change = readonly [pattern: RegExp, became: string];

/** Mistakes that people make, at one place of a line each. Strings and comments are not looked at. */
const CHANGES: readonly Change[] = [
  [/(?<= )<(?= )/, '<='],
  [/(?<= )<=(?= )/, '<'],
  [/(?<= )>(?= )/, '>='],
  [/(?<= )>=(?= )/, '>'],
  [/(?<= )==(?= )/, '!='],
  [/(?<= )!=(?= )/, '=='],
  [/(?<= )&&(?= )/, '||'],
  [/(?<= )\|\|(?= )/, '&&'],
  [/(?<=[\w)\]] )\+(?= [\w(])/, '-'],
  [/(?<=[\w)\]] )-(?= [\w(])/, '+'],
  [/(?<= )<<(?= )/, '>>'],
  [/(?<= )>>(?= )/, '<<'],
  [/(?<= )\+=(?= )/, '='],
  [/\btrue\b/, 'false'],
  [/\bfalse\b/, 'true'],
  [/\bcontinue;/, 'break;'],
  [/\bbreak;/, 'continue;'],
  [/(?<=\bif \()(?=.*\)( \{)?$)/, '1 || '],
  [/(?<=\bif \()(?=.*\)( \{)?$)/, '0 && '],
  [/(?<=\bif \()!(?=[\w(])/, ''],
  [/(?<=[ (])([1-9]\d*)(?=[;),\] ])/, '($1 + 1)'],
  [/^\t+(?!return|goto|break|continue|case|default)[\w>[\].-]+(?: [+|-]?= .*|\(.*\));$/, ';'],
  [/(?<=\breturn )(?!0;|-1;|NULL;)([^;]+)(?=;)/, '0 * ($1)'],
];

/** The line with strings, characters and comments blanked, so that positions stay. */
const blanked = (text: string): string =>
  text
    .replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, (quoted) => '~'.repeat(quoted.length))
    .replaceAll(/\/\*.*?(?:\*\/|$)|\/\/.*$/g, (comment) => '~'.repeat(comment.length));

/** One of the changes that the line can have; nothing where it can have none. */
function changed(line: Line, random: Random): string | undefined {
  const plain = blanked(line.text);
  const possible = CHANGES.flatMap(([pattern, became]) => {
    const match = pattern.exec(plain);
    if (match === null) return [];
    const own = line.text.slice(match.index, match.index + match[0].length);
    const text =
      own === ''
        ? became
        : own.replace(
            pattern.source.startsWith('^') ? /^.*$/ : own,
            became.replace('$1', () => own),
          );
    return [line.text.slice(0, match.index) + text + line.text.slice(match.index + own.length)];
  });
  return possible.length === 0 ? undefined : possible[random.below(possible.length)];
}

function passes(command: string, words: readonly string[], seconds: number, env = {}): boolean {
  const { status } = spawnSync(command, words, {
    timeout: seconds * 1000,
    killSignal: 'SIGKILL',
    stdio: 'ignore',
    env: { ...process.env, ...env },
  });
  return status === 0;
}

const make = (...words: readonly string[]): boolean =>
  passes('make', ['-s', '-C', COPY, ...words], 300);

/** About `count` mutants of the files; those that do not compile are none. */
export function loaderMutants(
  files: readonly string[],
  count: number,
  random: Random,
): readonly Outcome[] {
  rmSync(COPY, { recursive: true, force: true });
  cpSync('loader', COPY, { recursive: true, preserveTimestamps: true });
  cpSync('package.json', join(WORK, 'package.json'));
  if (!make('SANITIZE=1') || !make('check')) throw new Error('the loader fails as it is');
  const outcomes: Outcome[] = [];
  const lines = [...sampled(files, Number.POSITIVE_INFINITY, random)];
  while (outcomes.length < count) {
    const [line] = lines.splice(random.below(lines.length), 1);
    if (line === undefined) break;
    const became = changed(line, random);
    if (became === undefined) continue;
    const copy = join(WORK, line.file);
    const whole = readFileSync(copy, 'utf8');
    const changedLines = whole.split('\n');
    changedLines[line.line - 1] = became;
    writeFileSync(copy, changedLines.join('\n'));
    if (make('SANITIZE=1'))
      outcomes.push({
        place: `${line.file}:${line.line}`,
        folder: dirname(line.file),
        was: line.text,
        became,
        noticedBy: noticed(),
      });
    writeFileSync(copy, whole);
  }
  return outcomes;
}

function noticed(): Outcome['noticedBy'] {
  if (!make('check')) return 'own';
  return passes('node_modules/.bin/vitest', ['run', '--bail', '1', 'test/loader'], 600, {
    BPFSCRIPT_LOADER_BUILD: join(COPY, 'build'),
  })
    ? undefined
    : 'other';
}
