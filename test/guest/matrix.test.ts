/** Scripts on other kernels: each is built once, and prints the same on all of them, or is refused with the reason. */

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KernelChoice } from '../../compiler/kernel/load.ts';
import { build, compileText, temporaryFolder } from '../support/build.ts';
import { ARM64_SERIES, type GuestCommand, runInGuest, SERIES } from '../support/guest.ts';
import { descriptionOf, hasKernel } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { runObject, WORKLOAD } from '../support/run.ts';
import { CASES } from './corpus.ts';
import { KINDS } from './kinds.ts';
import { type Column, type Verdict, verdictOf, writeMatrix } from './verdict.ts';

/** A script of either table. */
interface Subject {
  readonly title: string;
  readonly text: string;
  readonly command: Omit<GuestCommand, 'object'>;
  /** Whether that is what it has to print; without it, what an object prints that was built for the kernel. */
  readonly isRight?: (stdout: string) => boolean;
}

const SUBJECTS: readonly Subject[] = [
  ...CASES.map(({ title, script, workload, parameters, expected }) => ({
    title,
    text: script,
    command: {
      endsItself: workload === undefined,
      ...(workload === undefined ? {} : { workload }),
      ...(parameters === undefined ? {} : { parameters }),
    },
    isRight: (stdout: string) => stdout.trim() === expected,
  })),
  ...KINDS.map(({ title, text, workload, script, expected }) => ({
    title,
    text,
    command: {
      endsItself: text.includes('exit();'),
      ...(workload === undefined ? {} : { workload }),
      ...(script === undefined ? {} : { script }),
    },
    ...(expected ? { isRight: (stdout: string) => expected.test(stdout) } : {}),
  })),
];

/** What the objects of an architecture are built with, and how they see it. */
interface Architecture {
  readonly kernel: KernelChoice;
  /** The series whose kernel has to be there for that. */
  readonly builtFor: string | undefined;
  readonly getppid: string;
}

const X86: Architecture = { kernel: 'default', builtFor: undefined, getppid: '110' };
/** No description of it is embedded. */
const ARM64: Architecture = {
  kernel: descriptionOf('arm64-6.12'),
  builtFor: 'arm64-6.12',
  getppid: '173',
};

const architectureOf = (series: string): Architecture =>
  ARM64_SERIES.includes(series) ? ARM64 : X86;

function textFor(text: string, { getppid }: Architecture, workload: string): string {
  return text.replaceAll('WORKLOAD', workload).replaceAll('GETPPID', getppid);
}

const built = new Map<string, Uint8Array>();

/** The object of a script, which is built once. */
function objectOf(text: string, kernel: KernelChoice = 'default'): Uint8Array {
  const key = `${kernel}:${text}`;
  const object = built.get(key) ?? build(text, { kernel });
  built.set(key, object);
  return object;
}

const HERE = CASES.filter(
  ({ script }) => existsSync('/sys/kernel/tracing/kprobe_events') || !/^k(ret)?probe:/.test(script),
);
const hostFolder = temporaryFolder();

needs('root').describe('On this kernel a script', () => {
  it.each(HERE)('$title', async ({ script, workload, parameters, expected }) => {
    const path = join(hostFolder, 'script.o');
    writeFileSync(path, objectOf(textFor(script, X86, WORKLOAD)));
    const result = await runObject(path, {
      ...(workload === undefined ? { signal: 'none' } : { workload }),
      ...(parameters === undefined ? {} : { parameters: parameters.split(' ') }),
    });
    expect(result.stdout.trim(), result.stderr).toBe(expected);
    expect(result.status).toBe(0);
  });
});

const ALL = [...SERIES, ...ARM64_SERIES];
/** So many guests at a time: each has one processor. */
const LANES = 2;
const columns = new Map<string, Promise<Column>>();

beforeAll(() => {
  const lanes: Promise<unknown>[] = Array.from({ length: LANES }, () => Promise.resolve());
  let building: Promise<unknown> = Promise.resolve();
  ALL.filter(isHere).forEach((series, index) => {
    const folder = temporaryFolder();
    const jobs = building.then(() => buildFor(series, folder));
    const column = Promise.all([jobs, lanes[index % LANES]]).then(([ready]) =>
      columnOf(series, folder, ready),
    );
    columns.set(series, column);
    // The tests of the series say what went wrong.
    lanes[index % LANES] = column.catch(() => undefined);
    building = jobs.catch(() => undefined);
  });
});

function isHere(series: string): boolean {
  const { builtFor } = architectureOf(series);
  return hasKernel(series) && (builtFor === undefined || hasKernel(builtFor));
}

/** An object in a guest, and what becomes of its result. */
interface Job {
  readonly subject: Subject;
  /** What the compiler says of scripts that the architecture has no objects of. */
  readonly refusal?: string;
  readonly command?: GuestCommand;
  /** The object that was built for the very kernel, and knows what the other has to print. */
  readonly oracle?: GuestCommand | undefined;
}

async function buildFor(series: string, folder: string): Promise<readonly Job[]> {
  const architecture = architectureOf(series);
  const jobs: Job[] = [];
  for (const [index, subject] of SUBJECTS.entries()) {
    const text = textFor(subject.text, architecture, '/workload');
    const command = (name: string, object: Uint8Array): GuestCommand => {
      writeFileSync(join(folder, name), object);
      return { ...subject.command, object: name };
    };
    const refusal = refusalOf(text, architecture);
    if (refusal !== undefined) {
      jobs.push({ subject, refusal });
      continue;
    }
    const object = objectOf(text, architecture.kernel);
    const job: Job = { subject, command: command(`${index}.o`, object) };
    // What this kernel has no name for cannot be built for it: then the other object has to be refused.
    const own = subject.isRight
      ? undefined
      : compileText(text, { kernel: descriptionOf(series) }).object?.();
    // On the kernel that it was built for, an object is its own.
    const isSame = own && Buffer.compare(own, object) === 0;
    jobs.push(
      own ? { ...job, oracle: isSame ? job.command : command(`${index}-own.o`, own) } : job,
    );
    // Others have their turn: the tests on this kernel, and what the runner has to hear.
    await setImmediate();
  }
  return jobs;
}

/** What is not there on arm64 is said when the script is compiled. On x86-64 all of it is. */
function refusalOf(text: string, { kernel, builtFor }: Architecture): string | undefined {
  if (builtFor === undefined) return undefined;
  const { diagnostics } = compileText(text, { kernel });
  const error = diagnostics.find(({ severity }) => severity === 'error');
  return error && / is not available on aarch64$/.test(error.message) ? error.message : undefined;
}

async function columnOf(series: string, folder: string, jobs: readonly Job[]): Promise<Column> {
  const commands = [
    ...new Set(jobs.flatMap(({ command, oracle }) => [command ?? [], oracle ?? []].flat())),
  ];
  const results = await runInGuest(series, folder, commands);
  const resultOf = (command: GuestCommand | undefined) =>
    command && results[commands.indexOf(command)];
  const column = new Map<string, Verdict>();
  for (const { subject, refusal, command, oracle } of jobs) {
    const result = resultOf(command);
    const own = resultOf(oracle);
    const { title, isRight } = subject;
    if (refusal !== undefined) column.set(title, { is: 'refused', reason: refusal });
    else if (result)
      column.set(
        title,
        verdictOf(
          result,
          isRight ??
            ((stdout) => own?.status === 0 && own.stdout === stdout && stdout.trim() !== ''),
        ),
      );
  }
  return column;
}

/** The page is only of all kernels. */
const page = process.env.BPFSCRIPT_MATRIX_PAGE;
if (page !== undefined)
  afterAll(async () => {
    const whole = new Map<string, Column>();
    for (const series of ALL) whole.set(series, (await columns.get(series)) ?? new Map());
    writeMatrix(
      page,
      [...KINDS, ...CASES].map(({ title }) => title),
      whole,
    );
  });

describe.each(ALL)('On Linux %s a script', (series) => {
  let verdicts: Column = new Map();
  beforeAll(async () => {
    verdicts = (await columns.get(series)) ?? verdicts;
  }, 3_000_000);

  const { builtFor } = architectureOf(series);
  const test = needs(`Linux ${series}`, ...(builtFor ? [`Linux ${builtFor}` as const] : []));
  test.it.each(SUBJECTS)('$title', ({ title }) => {
    const verdict = verdicts.get(title);
    expect(verdict).not.toMatchObject({ is: 'wrong' });
    expect(verdict).toBeDefined();
  });
});
