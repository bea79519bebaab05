/**
 * Mutated scripts through the compiler, in one process as long as it lives: `node scripts.mjs SECONDS FOLDER`. An
 * exception that nobody expects, an end of the process and 60 seconds without one are findings; FOLDER keeps them. With
 * 0 seconds what is kept in test/fuzz and some hundred scripts of one seed are tried. The seed is printed;
 * BPFSCRIPT_FUZZ_SEED gives one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { compile } from '../../compiler/compile.ts';
import { format } from '../../compiler/format/format.ts';
import { isDescriptionError } from '../../compiler/kernel/error.ts';
import { loadKernelDescription } from '../../compiler/kernel/load.ts';
import { LimitError } from '../../compiler/limits.ts';
import { packageRoot } from '../../compiler/paths.ts';
import { Diagnostics } from '../../compiler/source/diagnostics.ts';
import { RENDERERS } from '../../compiler/source/render/render.ts';
import { createRandom } from '../support/random.ts';
import { mutate, piecesOf } from './mutate.ts';

/** What the worker tells of a script that it has tried, a line of JSON each. */
interface Told {
  readonly compiled: boolean;
  /** Codes of errors and warnings. */
  readonly codes: readonly string[];
  /** Where an exception came from, and the file that holds the script. */
  readonly finding?: { readonly stack: string; readonly file: string };
}

const SECONDS_FOR_ONE = 60;
/** A worker ends after so many: LLVM's memory grows. */
const A_WORKER = 3000;
const WITHOUT_TIME = 300;
const root = packageRoot();

function scriptsBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.bt'))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8'));
}

const KEPT = scriptsBelow(join(root, 'test/fuzz'));

/** Scripts without C: clang would be started for each. */
function seeds(): readonly (readonly string[])[] {
  return ['examples', 'test/corpus', 'stdlib', 'loader/fuzz']
    .flatMap((folder) => scriptsBelow(join(root, folder)))
    .filter((script) => !/#include|\bstruct \w+ \{|\.bpf\.c/.test(script))
    .map(piecesOf);
}

/** Everything that the command would do with it. */
function attempt(script: string, kernel: ReturnType<typeof loadKernelDescription>): Told {
  const codes = new Set<string>();
  let compiled = false;
  try {
    const compilation = compile(
      { name: 'stdin', text: script },
      { kernel, unsafe: true, environment: {} },
    );
    for (const { code } of compilation.diagnostics) codes.add(code);
    for (const render of Object.values(RENDERERS)) {
      render([compilation], { version: '0', color: false });
    }
    compiled = compilation.object?.() !== undefined;
    format({ name: 'stdin', text: script }, new Diagnostics());
  } catch (error) {
    if (!(error instanceof LimitError) && !isDescriptionError(error)) throw error;
  }
  return { compiled, codes: [...codes] };
}

function work(seed: number, count: number, current: string): void {
  const random = createRandom(seed);
  const kernel = loadKernelDescription('default');
  const from = seeds();
  for (let i = 0; i < count; i += 1) {
    const script = (seed === 1 ? KEPT[i] : undefined) ?? mutate(from, random);
    writeFileSync(current, script);
    let told: Told;
    try {
      told = attempt(script, kernel);
    } catch (error) {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const file = current.replace('current', `${seed}-${i}`);
      writeFileSync(file, script);
      told = { compiled: false, codes: [], finding: { stack, file } };
    }
    process.stdout.write(`${JSON.stringify(told)}\n`);
  }
}

/** The innermost places of the compiler's own, which tell findings apart. */
const placeOf = (stack: string): string =>
  stack
    .split('\n')
    .filter((line) => line.includes('.mjs') || line.startsWith('RangeError'))
    .slice(0, 3)
    .join('|')
    .replace(/^RangeError.*/, 'RangeError');

async function watch(seconds: number, folder: string): Promise<number> {
  const until = performance.now() + seconds * 1000;
  const current = join(folder, `scripts-current-${process.pid}.bt`);
  const codes = new Set<string>();
  const found = new Map<string, string>();
  let seed = Number(process.env.BPFSCRIPT_FUZZ_SEED ?? (seconds === 0 ? 1 : Date.now() % 1e9));
  let executions = 0;
  let compiled = 0;
  process.stdout.write(`scripts: seed ${seed}\n`);
  do {
    const count = seconds === 0 ? WITHOUT_TIME : A_WORKER;
    const worker = spawn(
      process.execPath,
      [import.meta.filename, 'work', String(seed), String(count), current],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let begun = performance.now();
    let stopped = false;
    const timer = setInterval(() => {
      const now = performance.now();
      stopped = seconds > 0 && now > until;
      if (stopped || now - begun > SECONDS_FOR_ONE * 1000) worker.kill('SIGKILL');
    }, 200);
    for await (const line of createInterface({ input: worker.stdout })) {
      const told: Told = JSON.parse(line);
      begun = performance.now();
      executions += 1;
      if (told.compiled) compiled += 1;
      for (const code of told.codes) codes.add(code);
      if (!told.finding) continue;
      const place = placeOf(told.finding.stack);
      if (!found.has(place)) process.stderr.write(`${told.finding.file}: ${told.finding.stack}\n`);
      found.set(place, told.finding.file);
    }
    clearInterval(timer);
    if (worker.exitCode === null && worker.signalCode === null) await once(worker, 'exit');
    const status = worker.exitCode ?? worker.signalCode;
    if (!stopped && status !== 0) {
      const file = join(folder, `scripts-${seed}-end-${executions}.bt`);
      copyFileSync(current, file);
      process.stderr.write(`${file}: the compiler ended (${status})\n`);
      found.set(file, file);
    }
    seed += 1;
  } while (seconds > 0 && performance.now() < until);
  rmSync(current, { force: true });
  process.stdout.write(
    `${'scripts'.padEnd(14)} ${String(executions).padStart(12)} ${String(codes.size).padStart(10)} ${String(found.size).padStart(9)}  (coverage: kinds of messages; ${compiled} compiled)\n`,
  );
  return found.size === 0 ? 0 : 1;
}

const [first, ...rest] = process.argv.slice(2);
if (first === 'work') {
  work(Number(rest[0]), Number(rest[1]), rest[2] ?? '');
} else {
  const folder = rest[0] ?? '.cache/fuzz/findings';
  mkdirSync(folder, { recursive: true });
  process.exitCode = await watch(Number(first), folder);
}
