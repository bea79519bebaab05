/**
 * Mutants of the loader's C: a small change in a line, in a copy of the loader. The unit tests that have the file in
 * them look at each, those that are about it first; then the nearest tests of `test/`, with the loaders of that copy.
 * Whoever notices first ends it.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Random } from '../support/random.ts';
import { isEquivalent } from './equivalent.ts';
import { nearestTests } from './nearest.ts';
import type { Outcome } from './report.ts';
import { type Line, sampled } from './sample.ts';

const WORK = '.cache/mutants';
/** The loader's Makefile reads the version in the folder above. */
const COPY = join(WORK, 'loader');
const LOADER_BUILD = { BPFSCRIPT_LOADER_BUILD: join(COPY, 'build'), BPFSCRIPT_HANGS_SECONDS: '60' };

/** A line of a file that reads differently. */
export interface Fault extends Line {
  readonly became: string;
}

/** With a fault there a loader that runs as root could end processes of strangers. */
const SIGNALS = /\bkill\(|->pid\b/;

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
  // What is 0 stays so.
  [/(?<=\breturn )(?!(?:0|-1|NULL|false|\w+_OK|\w+_FOUND);)([^;]+)(?=;)/, '0 * ($1)'],
];

/** The line with strings, characters and comments blanked, so that positions stay. */
const blanked = (text: string): string =>
  text
    .replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, (quoted) => '~'.repeat(quoted.length))
    .replaceAll(/\/\*.*?(?:\*\/|$)|\/\/.*$/g, (comment) => '~'.repeat(comment.length));

/** One of the changes that the line can have; nothing where it can have none. */
function changed(line: Line, random: Random): string | undefined {
  if (SIGNALS.test(line.text)) return undefined;
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

/** The loader that is installed: tests that load programs run it, some besides the sanitized one. */
const makesInstalled = (): boolean =>
  runs('make', ['-s', '-C', COPY, 'build/bpfload'], 600) === 'passes';

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

/** Of files that most have in them those that are about other folders would take most of the time. */
const MOST_FAR_TESTS = 6;

/** Those that have the file in them, in the order in which it is worth to ask them. */
function nearest(tests: readonly UnitTest[], file: string): readonly UnitTest[] {
  const folder = dirname(file);
  const distance = ({ subjects }: UnitTest) =>
    subjects.has(file) ? 0 : [...subjects].some((name) => dirname(name) === folder) ? 1 : 2;
  const having = tests
    .filter(({ files }) => files.has(file))
    .toSorted((a, b) => distance(a) - distance(b) || a.seconds - b.seconds);
  const near = having.filter((test) => distance(test) < 2);
  return having.slice(0, Math.max(near.length, MOST_FAR_TESTS));
}

/** Loaders of the copy that a test left behind, because they hang or nobody waited for them. */
function endLeftLoaders(): void {
  const build = resolve(COPY, 'build');
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const link = `/proc/${pid}/exe`;
    if (!existsSync(link)) continue;
    try {
      if (readlinkSync(link).startsWith(build)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** In a session of its own: signals to a whole group of processes stay there. */
function runWhole(tests: readonly string[]): Verdict {
  if (tests.length === 0) return 'passes';
  const words = ['run', '--bail', '1', '--no-file-parallelism', ...tests];
  const verdict = runs(
    'setsid',
    ['--wait', 'node_modules/.bin/vitest', ...words],
    900,
    LOADER_BUILD,
  );
  endLeftLoaders();
  return verdict;
}

/** One fault in each line that can have one, in random order. */
export function* faults(files: readonly string[], random: Random): Generator<Fault> {
  const lines = [...sampled(files, Number.POSITIVE_INFINITY, random)];
  while (lines.length > 0) {
    const [line] = lines.splice(random.below(lines.length), 1);
    const became = line && changed(line, random);
    if (line && became !== undefined) yield { ...line, became };
  }
}

/** The same faults where the files say now what they said then: lines may have moved. */
export function* found(earlier: readonly Fault[]): Generator<Fault> {
  for (const fault of earlier) {
    const lines = readFileSync(fault.file, 'utf8').split('\n');
    const places = lines.flatMap((text, index) => (text === fault.text ? [index + 1] : []));
    const distance = (line: number) => Math.abs(line - fault.line);
    const [line] = places.toSorted((a, b) => distance(a) - distance(b));
    if (line === undefined) process.stderr.write(`${fault.file}:${fault.line}: is gone\n`);
    else yield { ...fault, line };
  }
}

/**
 * `count` of the faults of each group, or as many as there are; those that do not compile are none. `inKernel`: the
 * tests that load programs take part. `ownOnly`: none takes part but the unit tests in C.
 */
export function loaderMutants(
  groups: readonly Iterable<Fault>[],
  count: number,
  { inKernel, ownOnly }: { readonly inKernel: boolean; readonly ownOnly: boolean },
): readonly Outcome[] {
  rmSync(COPY, { recursive: true, force: true });
  cpSync('loader', COPY, { recursive: true, preserveTimestamps: true });
  cpSync('package.json', join(WORK, 'package.json'));
  if (!makes('all') || !makesInstalled()) throw new Error('the loader does not build as it is');
  const tests = unitTests();
  const asked = new Set<string>();
  const outcomes: Outcome[] = [];
  for (const group of groups) {
    let left = count;
    for (const fault of group) {
      if (left <= 0) break;
      const outcome = tried(fault);
      if (outcome === undefined) continue;
      left -= 1;
      outcomes.push(outcome);
      const { place, noticedBy = 'survives' } = outcome;
      process.stderr.write(`${outcomes.length} ${place}: ${noticedBy}\n`);
    }
  }
  // Else whatever makes them fail without a fault has noticed mutants that no test noticed.
  if (!makes('all') || !makesInstalled()) throw new Error('the loader does not build any more');
  if (runWhole([...asked]) !== 'passes')
    throw new Error(`${[...asked].join(' ')}: fail with no mutant`);
  return outcomes;

  function tried(fault: Fault): Outcome | undefined {
    const { file, line, text: was, became } = fault;
    const copy = join(WORK, file);
    const whole = readFileSync(copy, 'utf8');
    writeFileSync(
      copy,
      whole
        .split('\n')
        .with(line - 1, became)
        .join('\n'),
    );
    const builds = makes(file.replace(/^loader\/src\/(.*)c$/, 'build/asan/$1o'));
    const isSame = isEquivalent({ file, was, became });
    const what = { place: `${file}:${line}`, folder: dirname(file), was, became };
    const verdict = isSame ? { isEquivalent: true } : builds ? noticed(fault) : {};
    writeFileSync(copy, whole);
    return builds ? { ...what, ...verdict } : undefined;
  }

  function noticed({ file }: Fault): Pick<Outcome, 'noticedBy' | 'hangs'> {
    const inside = file.replace(/^loader\/src\/(.*)\.c$/, '$1');
    for (const { program, seconds } of nearest(tests, inside)) {
      const verdict = makes(program) ? runUnit(program, seconds) : 'fails';
      if (verdict !== 'passes') return { noticedBy: 'own', hangs: verdict === 'hangs' };
    }
    const whole = ownOnly ? [] : nearestTests(inside, inKernel);
    for (const name of whole) asked.add(name);
    const builds = whole.length === 0 || (makes('all') && (!inKernel || makesInstalled()));
    const verdict = builds ? runWhole(whole) : 'fails';
    return verdict === 'passes'
      ? { noticedBy: undefined }
      : { noticedBy: 'other', hangs: verdict === 'hangs' };
  }
}
