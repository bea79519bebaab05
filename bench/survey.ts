/**
 * How much of what the installed bpftrace takes compiles: generated scripts, of which those are kept that its dry run
 * takes; each is compiled in this process. Prints the rate, and the kinds of refusals with an example each.
 */
import { spawnSync } from 'node:child_process';
import { compile } from '../compiler/compile.ts';
import { loadKernelDescription } from '../compiler/kernel/load.ts';
import { setting } from './settings.ts';
import { callStatement, callsOfBuiltins, randomFrom, scriptFrom } from './survey-scripts.ts';

const WANTED = setting('SURVEY_SCRIPTS', 2000);
const SEED = Number(process.env.SURVEY_SEED ?? 1);
/** Scripts that are one for bpftrace, each a line: starting it takes longer than reading them. */
const BATCH = 400;

/** The lines in which bpftrace finds mistakes when it reads, types and generates code; nothing is attached. */
function mistakesOf(script: string): {
  readonly taken: boolean;
  readonly lines: ReadonlySet<number>;
} {
  const { status, error, stderr } = spawnSync(
    'bpftrace',
    ['--unsafe', '-d', '-e', script, '1', '2'],
    { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  if (error) throw new Error(`bpftrace does not run: ${error.message}`);
  const lines = [...stderr.matchAll(/^stdin:(\d+)(?::[\d-]+|-\d+): ERROR/gm)];
  return { taken: status === 0, lines: new Set(lines.map(([, line]) => Number(line) - 1)) };
}

/** There is one BEGIN and one END in a script of bpftrace's: those of several scripts stand as timers. */
const repeatable = (script: string): string => script.replace(/^(?:BEGIN|END)\b/, 'interval:s:1');

/** Those of the scripts that bpftrace takes. */
function taken(scripts: readonly string[]): readonly string[] {
  let left = scripts;
  while (left.length > 0) {
    const mistakes = mistakesOf(left.map(repeatable).join('\n'));
    if (mistakes.taken) return left;
    const better = left.filter((_, index) => !mistakes.lines.has(index));
    if (better.length < left.length) {
      left = better;
      continue;
    }
    // It does not say where: halves tell.
    if (left.length === 1) return [];
    const half = left.length >> 1;
    return [...taken(left.slice(0, half)), ...taken(left.slice(half))];
  }
  return [];
}

const named = (script: string, index: number): string => script.replaceAll('MAP', `s${index}`);

function main(): void {
  const random = randomFrom(SEED);
  const forms = callsOfBuiltins().map((call, index) => ({
    ...call,
    script: named(`tracepoint:raw_syscalls:sys_enter { ${callStatement(call.text)} }`, index),
  }));
  const known = new Set(taken(forms.map(({ script }) => script)));
  const calls = forms.filter(({ script }) => known.has(script));
  const builtins = new Set(calls.map(({ builtin }) => builtin));
  console.log(
    `${builtins.size} built-ins of the table are known to bpftrace, in ${calls.length} forms.`,
  );

  const kept = calls.map(({ script }) => script);
  let made = kept.length;
  while (kept.length < WANTED) {
    const batch = Array.from({ length: BATCH }, () => {
      made += 1;
      return named(scriptFrom(random, calls), made);
    });
    kept.push(...taken(batch));
  }
  console.log(`${made} scripts were made, and ${kept.length} of them are taken by bpftrace.`);

  const kernel = loadKernelDescription('default');
  const refused = new Map<string, { count: number; readonly example: string }>();
  let compiled = 0;
  for (const text of kept) {
    const reason = refusalOf(text, kernel);
    if (reason === undefined) {
      compiled += 1;
      continue;
    }
    const kind = refused.get(reason);
    if (kind) kind.count += 1;
    else refused.set(reason, { count: 1, example: text });
  }
  console.log(`${compiled} compile: ${((100 * compiled) / kept.length).toFixed(2)} %.`);
  for (const [reason, { count, example }] of [...refused].sort((a, b) => b[1].count - a[1].count))
    console.log(`${String(count).padStart(5)}  ${reason}\n       ${example}`);
}

/** Why a script does not compile: the first error, without its names and numbers. */
function refusalOf(
  text: string,
  kernel: ReturnType<typeof loadKernelDescription>,
): string | undefined {
  const source = { name: 'survey', text };
  const compilation = compile(source, { kernel, unsafe: true, environment: {} });
  if (compilation.object) {
    compilation.object();
    return undefined;
  }
  const error = compilation.diagnostics.find(({ severity }) => severity === 'error');
  return error
    ? `${error.code}: ${error.message.replace(/@\w+|\$\w+|\d+/g, '#')}`
    : 'no error is told';
}

main();
