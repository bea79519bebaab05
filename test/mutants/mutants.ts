/** `npm run mutants -- [--count N] [--seed N] FOLDER|FILE...`: small faults by the hundred, and which of them tests notice. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom } from '../support/random.ts';
import { loaderMutants } from './loader.ts';
import { report } from './report.ts';
import { typescriptMutants } from './typescript.ts';

const KINDS = [
  { below: /^(?:compiler|linker)\//, file: /(?<!\.d)\.ts$/, run: typescriptMutants },
  { below: /^loader\/src\//, file: /\.c$/, run: loaderMutants },
];

const filesOf = (path: string): readonly string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name))
    : [path];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' } },
});
const files = positionals.flatMap(filesOf).toSorted();
let isComplete = positionals.length > 0;
for (const { below, file, run } of KINDS) {
  const own = files.filter((name) => below.test(name) && file.test(name));
  if (own.length === 0) continue;
  const outcomes = run(own, Number(values.count), createRandom(Number(values.seed)));
  process.stdout.write(report(outcomes));
  isComplete &&= outcomes.length > 0;
}
if (!isComplete) {
  process.stderr.write('usage: npm run mutants -- [--count N] [--seed N] FOLDER|FILE...\n');
  process.exitCode = 2;
}
