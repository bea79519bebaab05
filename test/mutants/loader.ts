/**
 * Mutants of the loader's C: a small change in a line, in a copy of the loader. The unit tests that have the file in
 * them look at each, those that are about it first; then the nearest tests of `test/`, with the sanitized loader of
 * that copy. Whoever notices first ends it.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Random } from '../support/random.ts';
import { isEquivalent } from './equivalent.ts';
import type { Outcome } from './report.ts';
import { type Line, sampled } from './sample.ts';

const WORK = '.cache/mutants';
/** The loader's Makefile reads the version in the folder above. */
const COPY = join(WORK, 'loader');
const LOADER_BUILD = { BPFSCRIPT_LOADER_BUILD: join(COPY, 'build') };

/** Tests with the whole loader, by folder of `loader/src`: those that need no kernel of their own are quick enough. */
const NEAREST: Readonly<Record<string, readonly string[]>> = {
  object: ['test/loader/object'],
  output: ['test/loader/output/replay.test.ts'],
  recording: ['test/loader/output/replay.test.ts'],
};

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

type Verdict = 'passes' | 'fails' | 'hangs';

function runs(command: string, words: readonly string[], seconds: number, env = {}): Verdict {
  const { status, signal } = spawnSync(command, words, {
    timeout: Math.ceil(seconds * 1000),
    killSignal: 'SIGKILL',
    stdio: 'ignore',
    env: { ...process.env, ...env },
  });
  if (status === 0) return 'passes';
  return signal === 'SIGKILL' ? 'hangs' : 'fails';
}

const makes = (target: string): boolean =>
  runs('make', ['-s', '-C', COPY, 'SANITIZE=1', target], 600) === 'passes';

/** A unit test in C. */
interface UnitTest {
  readonly program: string;
  /** Folder and name of each file of the loader that is linked into it, as `base/json`. */
  readonly files: ReadonlySet<string>;
  /** What it includes of the loader, the same way. */
  readonly subjects: ReadonlySet<string>;
  /** How long it may take: much more than it took. */
  readonly seconds: number;
}

/** The global names that files define, to see from a program what it is made of. */
function definedNames(file: string): readonly string[] {
  const { stdout } = spawnSync('nm', ['--defined-only', '-g', file], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return stdout.split('\n').flatMap((line) => line.split(' ')[2] ?? []);
}

/** Builds and runs all unit tests once: they have to hold as things are. */
function unitTests(): readonly UnitTest[] {
  const owners = new Map<string, string>();
  for (const name of readdirSync(join(COPY, 'src'), { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.c'))
      for (const symbol of definedNames(join(COPY, 'build/asan', name.replace(/c$/, 'o'))))
        if (!symbol.startsWith('_')) owners.set(symbol, name.slice(0, -2));
  return readdirSync(join(COPY, 'tests'))
    .filter((name) => /^test_.*\.c$/.test(name))
    .map((source) => {
      const program = `build/tests/${source.slice(0, -2)}`;
      const begin = performance.now();
      if (!makes(program) || runUnit(program, 600) !== 'passes')
        throw new Error(`${source} fails as it is`);
      const text = readFileSync(join(COPY, 'tests', source), 'utf8');
      return {
        program,
        files: new Set(
          definedNames(join(COPY, program)).flatMap((symbol) => owners.get(symbol) ?? []),
        ),
        subjects: new Set([...text.matchAll(/#include "(.*)\.h"/g)].map(([, name]) => name ?? '')),
        seconds: 30 + (10 * (performance.now() - begin)) / 1000,
      };
    });
}

const runUnit = (program: string, seconds: number): Verdict =>
  runs('sh', ['-c', `cd ${COPY} && exec ${program}`], seconds);

/** Those that have the file in them, in the order in which it is worth to ask them. */
function nearest(tests: readonly UnitTest[], file: string): readonly UnitTest[] {
  const folder = dirname(file);
  const distance = ({ subjects }: UnitTest) =>
    subjects.has(file) ? 0 : [...subjects].some((name) => dirname(name) === folder) ? 1 : 2;
  return tests
    .filter(({ files }) => files.has(file))
    .toSorted((a, b) => distance(a) - distance(b) || a.seconds - b.seconds);
}

const wholeTests = (file: string): readonly string[] => NEAREST[basename(dirname(file))] ?? [];

function runWhole(tests: readonly string[]): Verdict {
  if (tests.length === 0) return 'passes';
  return runs(
    'node_modules/.bin/vitest',
    ['run', '--bail', '1', '--no-file-parallelism', ...tests],
    900,
    LOADER_BUILD,
  );
}

/** `count` mutants of the files, or as many as they can have; those that do not compile are none. */
export function loaderMutants(
  files: readonly string[],
  count: number,
  random: Random,
): readonly Outcome[] {
  rmSync(COPY, { recursive: true, force: true });
  cpSync('loader', COPY, { recursive: true, preserveTimestamps: true });
  cpSync('package.json', join(WORK, 'package.json'));
  if (!makes('all')) throw new Error('the loader does not build as it is');
  const tests = unitTests();
  expectWholeTestsPass(files);
  const outcomes: Outcome[] = [];
  const lines = [...sampled(files, Number.POSITIVE_INFINITY, random)];
  while (outcomes.length < count) {
    const [line] = lines.splice(random.below(lines.length), 1);
    if (line === undefined) break;
    const became = changed(line, random);
    if (became === undefined) continue;
    const mutant = { file: line.file, was: line.text, became };
    const copy = join(WORK, line.file);
    const whole = readFileSync(copy, 'utf8');
    const changedLines = whole.split('\n');
    changedLines[line.line - 1] = became;
    writeFileSync(copy, changedLines.join('\n'));
    const object = line.file.replace(/^loader\/src\/(.*)c$/, 'build/asan/$1o');
    if (makes(object)) {
      const outcome = {
        place: `${line.file}:${line.line}`,
        folder: dirname(line.file),
        was: line.text,
        became,
        ...(isEquivalent(mutant) ? { isEquivalent: true } : noticed(tests, line.file)),
      };
      outcomes.push(outcome);
      process.stderr.write(
        `${outcomes.length} ${outcome.place}: ${outcome.noticedBy ?? 'survives'}\n`,
      );
    }
    writeFileSync(copy, whole);
  }
  // Else whatever made them fail since has noticed mutants that no test noticed.
  if (!makes('all')) throw new Error('the loader does not build any more');
  expectWholeTestsPass(files);
  return outcomes;
}

function expectWholeTestsPass(files: readonly string[]): void {
  const all = [...new Set(files.flatMap(wholeTests))];
  if (runWhole(all) !== 'passes') throw new Error(`${all.join(' ')}: fail with no mutant`);
}

function noticed(
  tests: readonly UnitTest[],
  file: string,
): Pick<Outcome, 'noticedBy' | 'hangs' | 'isEquivalent'> {
  const inside = file.replace(/^loader\/src\/(.*)\.c$/, '$1');
  for (const { program, seconds } of nearest(tests, inside)) {
    const verdict = makes(program) ? runUnit(program, seconds) : 'fails';
    if (verdict !== 'passes') return { noticedBy: 'own', hangs: verdict === 'hangs' };
  }
  const verdict = makes('all') ? runWhole(wholeTests(file)) : 'fails';
  return verdict === 'passes'
    ? { noticedBy: undefined }
    : { noticedBy: 'other', hangs: verdict === 'hangs' };
}
