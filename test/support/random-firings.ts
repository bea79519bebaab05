/** Random programs that fire many times, in scripts of several, beside a model of what they print and keep. */
import { expect } from 'vitest';
import { mapsInWords } from './aggregates.ts';
import { type Maps, randomProgram } from './programs.ts';
import { seedsOf } from './random-batches.ts';
import { WORKLOAD } from './run.ts';

const upTo = (count: number): readonly bigint[] =>
  Array.from({ length: count }, (_, index) => BigInt(index));

/** Calls of a traced function by which programs run again: numbers of both signs and all sizes, on two CPUs in turn. */
const BURSTS: readonly (readonly [cpu: 0 | 1, count: number, first: bigint])[] = [
  [0, 1, 0n],
  [1, 12, -6n],
  [0, 5, (1n << 40n) - 2n],
  [1, 4, (1n << 63n) - 4n],
  [0, 3, -(1n << 63n) + 1n],
  [1, 9, 995n],
  [0, 6, -103n],
  [1, 3, 65_534n],
  [0, 7, 0n],
];

/** Of each CPU in a storm: how many calls there are, and with which first number. */
const STORM = { count: 300, first: [-190n, 100n] } as const;

/** Workloads by what programs do: one after the other, or at once. */
export const WORKLOADS = {
  firing: [
    `comm firings ${BURSTS.map(([cpu, count, first]) => `pin ${cpu} call ${count} ${first} 0`).join(' ')}`,
  ],
  storm: STORM.first.map((first, cpu) => `comm firings pin ${cpu} call ${STORM.count} ${first} 0`),
} as const;

const INPUTS = {
  firing: BURSTS.flatMap(([, count, first]) => upTo(count).map((index) => first + index)),
  storm: STORM.first.flatMap((first) => upTo(STORM.count).map((index) => first + index)),
} as const;

type Kind = keyof typeof WORKLOADS;

/** The script of a batch whose programs run at each call. Every other one is a function. */
export function firingScript(batch: number, kind: Kind): string {
  const probe = `uprobe:${WORKLOAD}:workload_target /comm == "firings"/`;
  const programs = seedsOf(batch).map((seed) => {
    const body = randomProgram(seed, kind).body.replaceAll('NAME', `${seed}_`);
    const mark = kind === 'storm' ? '' : `printf("\\n<${seed}>");`;
    return seed % 2 === 0
      ? `${probe} { ${mark}\n${body.replace('INPUT', 'arg0')} }`
      : `fn f${seed}($x : int64) : void { ${body.replace('INPUT', '$x')} }\n${probe} { ${mark} f${seed}((int64)arg0); }`;
  });
  return `config = { perf_rb_pages = 4096 }\n${programs.join('\n')}`;
}

/** What maps of a program hold, by `@name` or `@name[key]`. */
function kept(seed: number, { byNumber, byText, given }: Maps): readonly string[] {
  const lines = [
    ...[...byNumber].map(([key, value]) => `@nNAME[${key}] ${value}`),
    ...[...byText].map(([key, value]) => `@tNAME[${key}] ${value}`),
    ...[...given].flatMap(([{ name, by, is }, byKey]) =>
      [...byKey].map(
        ([key, numbers]) => `${name}${by === 'none' ? '' : `[${key}]`} ${is(numbers)}`,
      ),
    ),
  ];
  return lines.map((line) => line.replace('NAME', `${seed}_`)).sort();
}

/** What printf printed, put together. */
function printedText(stdout: string): string {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{"type": "printf"'))
    .map((line) => (JSON.parse(line) as { readonly data: string }).data)
    .join('');
}

/** Checks what a batch printed as JSON, and what it kept, against the model. */
export function expectFirings(
  batch: number,
  kind: Kind,
  result: { readonly stdout: string; readonly stderr: string; readonly status: number | null },
): void {
  expect(result.status, `${result.stderr}\n${firingScript(batch, kind)}`).toBe(0);
  const printed = printedText(result.stdout);
  const maps = [...mapsInWords(result.stdout)].map(([name, value]) => `${name} ${value}`);
  const programs = seedsOf(batch).map((seed) => [seed, randomProgram(seed, kind)] as const);
  const got = programs.map(([seed, { body }]) => ({
    ...{ seed, body },
    printed: [...printed.matchAll(new RegExp(`^<${seed}>(.*)$`, 'gm'))].map(([, text]) => text),
    kept: maps.filter((line) => new RegExp(`^@(?:n|t|g\\d_)${seed}_[ [\\]]`).test(line)).sort(),
  }));
  const wanted = programs.map(([seed, program]) => {
    const { printed: lines, ...maps } = program.expect(INPUTS[kind]);
    return {
      ...{ seed, body: program.body },
      printed: kind === 'storm' ? [] : lines,
      kept: kept(seed, maps),
    };
  });
  expect(got).toEqual(wanted);
}
