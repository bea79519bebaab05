/** Mutants of compiler and linker, by StrykerJS with its runner for vitest. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Random } from '../support/random.ts';
import type { Outcome } from './report.ts';
import { sampled } from './sample.ts';

/** Of its report (mutation-testing-report-schema), what is read here. */
interface StrykerReport {
  readonly files: Readonly<
    Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>
  >;
}

interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

/** Lines and columns begin at 1. */
interface Place {
  readonly line: number;
  readonly column: number;
}

const WORK = '.cache/mutants';
/** A text of a message, or of a table, is worth no test of its own. */
const LEFT_OUT = ['StringLiteral', 'Regex'];

/** Runs mutants in ranges of files (`FILE:LINE[:COLUMN]-LINE[:COLUMN]`) against the tests that match. */
function stryker(ranges: readonly string[], tests: string): StrykerReport {
  mkdirSync(WORK, { recursive: true });
  const file = join(WORK, 'report.json');
  const config = join(WORK, 'stryker.json');
  writeFileSync(
    config,
    JSON.stringify({
      testRunner: 'vitest',
      vitest: { configFile: 'test/mutants/vitest.config.ts', related: false },
      plugins: ['@stryker-mutator/vitest-runner'],
      mutate: ranges,
      mutator: { excludedMutations: LEFT_OUT },
      coverageAnalysis: 'perTest',
      concurrency: 1,
      ignorePatterns: ['.cache', 'bench', 'docs/pictures', 'loader/build', 'test/workload/build'],
      tempDirName: join(WORK, 'copies'),
      reporters: ['json'],
      jsonReporter: { fileName: file },
      timeoutMS: 60_000,
      allowConsoleColors: false,
    }),
  );
  const { status, stdout, stderr } = spawnSync('node_modules/.bin/stryker', ['run', config], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, BPFSCRIPT_MUTANTS: tests },
  });
  if (status !== 0) throw new Error(`stryker: status ${status}\n${stdout.slice(-3000)}${stderr}`);
  return JSON.parse(readFileSync(file, 'utf8')) as StrykerReport;
}

const KILLED = new Set(['Killed', 'Timeout', 'RuntimeError']);
/** Those that do not compile, or are left out, are none. */
const NONE = new Set(['CompileError', 'Ignored', 'Pending']);

function textAt(source: string, { start, end }: Mutant['location']): string {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  lines[lines.length - 1] = (lines.at(-1) ?? '').slice(0, end.column - 1);
  lines[0] = (lines[0] ?? '').slice(start.column - 1);
  return lines.join('\n');
}

const identity = (file: string, { location: { start, end }, mutatorName, replacement }: Mutant) =>
  JSON.stringify([file, start, end, mutatorName, replacement]);

/** What tests mirror: `compiler/types`, `linker`. */
const roomOf = (folder: string): string =>
  folder.startsWith('linker') ? 'linker' : folder.split('/').slice(0, 2).join('/');

/** About `count` mutants of the files, against the tests that mirror their folders, then those that are left against all. */
export function typescriptMutants(
  files: readonly string[],
  count: number,
  random: Random,
): readonly Outcome[] {
  const outcomes = new Map<string, Outcome>();
  for (const room of new Set(files.map((file) => roomOf(dirname(file))))) {
    const own = files.filter((file) => roomOf(dirname(file)) === room);
    const share = Math.max(1, Math.round((count * own.length) / files.length));
    const ranges = sampled(own, share, random).map(({ file, line }) => `${file}:${line}-${line}`);
    run(ranges, `^test/${room}/`, 'own');
  }
  const left = [...outcomes].filter(([, { noticedBy }]) => noticedBy === undefined);
  const ranges = left.map(([key]) => {
    const [file, start, end] = JSON.parse(key) as [string, Place, Place];
    return `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
  });
  if (ranges.length > 0) run(ranges, '', 'other');
  return [...outcomes.values()];

  function run(mutate: readonly string[], tests: string, who: 'own' | 'other'): void {
    for (const [file, { source, mutants }] of Object.entries(stryker(mutate, tests).files))
      for (const mutant of mutants) {
        const key = identity(file, mutant);
        if (NONE.has(mutant.status) || (who === 'other' && !outcomes.has(key))) continue;
        outcomes.set(key, {
          place: `${file}:${mutant.location.start.line}`,
          folder: roomOf(dirname(file)),
          was: textAt(source, mutant.location),
          became: mutant.replacement ?? mutant.mutatorName,
          noticedBy: KILLED.has(mutant.status) ? who : undefined,
        });
      }
  }
}
