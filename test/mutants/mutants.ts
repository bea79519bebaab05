/**
 * `npm run mutants -- [--count N] [--seed N] [--own] [--kernel] FOLDER|FILE...`: small faults by the hundred, and which
 * of them tests notice; with `--own` those of the folder alone, of the loader the unit tests in C. `--again [--kernel]`: the survivors of the loader's last run, once more.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom, type Random } from '../support/random.ts';
import { type Fault, faults, found, loaderMutants } from './loader.ts';
import { type Outcome, report, survivors } from './report.ts';
import { typescriptMutants } from './typescript.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    kernel: { type: 'boolean', default: false },
    own: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
  },
});

/** Survivors of the loader's last run. */
const KEPT = '.cache/mutants/survivors.json';

function ofLoader(groups: readonly Iterable<Fault>[], count: number): readonly Outcome[] {
  const outcomes = loaderMutants(groups, count, { inKernel: values.kernel, ownOnly: values.own });
  const kept = survivors(outcomes).map(({ place, was, became }): Fault => {
    const [file = '', line] = place.split(':');
    return { file, line: Number(line), text: was, became };
  });
  mkdirSync('.cache/mutants', { recursive: true });
  writeFileSync(KEPT, JSON.stringify(kept, null, 2));
  return outcomes;
}

const filesOf = (path: string): readonly string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name))
    : [path];

const named = (below: RegExp, file: RegExp): readonly (readonly string[])[] =>
  positionals
    .map((path) => filesOf(path).filter((name) => below.test(name) && file.test(name)))
    .map((files) => files.toSorted())
    .filter((files) => files.length > 0);

const count = Number(values.count);
const random = (): Random => createRandom(Number(values.seed));
const parts: (readonly Outcome[])[] = [];
if (values.again) {
  const earlier = JSON.parse(readFileSync(KEPT, 'utf8')) as readonly Fault[];
  parts.push(ofLoader([found(earlier)], earlier.length));
}
const scripts = named(/^(?:compiler|linker)\//, /(?<!\.d)\.ts$/).flat();
if (scripts.length > 0)
  parts.push(await typescriptMutants(scripts, count, Number(values.seed), { ownOnly: values.own }));
// Each path on its own: it has the same faults alone and beside others.
const sources = named(/^loader\/src\//, /\.c$/);
if (sources.length > 0)
  parts.push(
    ofLoader(
      sources.map((files) => faults(files, random())),
      count,
    ),
  );
for (const outcomes of parts) process.stdout.write(report(outcomes));
if (!parts.some((outcomes) => outcomes.length > 0)) {
  process.stderr.write(
    'usage: npm run mutants -- [--count N] [--seed N] [--own] [--kernel] FOLDER|FILE... | --again [--kernel]\n',
  );
  process.exitCode = 2;
}
