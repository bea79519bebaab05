/**
 * Scripts on other kernels: each is built once, and prints the same on all of them, or is refused with the reason; `check`
 * has said so of the object before.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type Compatibility, checkOn } from '../../compiler/compatibility/check.ts';
import { isFault } from '../../compiler/compatibility/finding.ts';
import { type Host, openHost } from '../../compiler/compatibility/host.ts';
import { openObject } from '../../compiler/compatibility/object.ts';
import { loadKernelDescription } from '../../compiler/kernel/load.ts';
import type { KernelChoice } from '../../compiler/kernel/named.ts';
import { build, compileText, temporaryFolder } from '../support/build.ts';
import {
  ARM64_SERIES,
  FOREIGN_SERIES,
  type GuestCommand,
  type GuestResult,
  runInGuest,
} from '../support/guest.ts';
import { descriptionOf, hasKernel } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
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

/** As it is in a guest. */
function textFor(text: string, { getppid }: Architecture): string {
  return text.replaceAll('WORKLOAD', '/workload').replaceAll('GETPPID', getppid);
}

const built = new Map<string, Uint8Array>();

/** The object of a script, which is built once. */
function objectOf(text: string, kernel: KernelChoice = 'default'): Uint8Array {
  const key = `${kernel}:${text}`;
  const object = built.get(key) ?? build(text, { kernel });
  built.set(key, object);
  return object;
}

const ALL = [...FOREIGN_SERIES, ...ARM64_SERIES];
/** So many guests at a time: each has one processor. */
const LANES = 2;
const columns = new Map<string, Promise<ReadonlyMap<string, Cell>>>();

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

/** What a kernel made of a script. */
interface Cell {
  readonly verdict: Verdict;
  /** Absent where there is no object. */
  readonly loaded?: { readonly object: Uint8Array; readonly result: GuestResult };
}

/** An object in a guest, and what becomes of its result. */
interface Job {
  readonly subject: Subject;
  /** What the compiler says of scripts that the architecture has no objects of. */
  readonly refusal?: string;
  readonly object?: Uint8Array;
  readonly command?: GuestCommand;
  /** The object that was built for the very kernel, and knows what the other has to print. */
  readonly oracle?: GuestCommand | undefined;
}

async function buildFor(series: string, folder: string): Promise<readonly Job[]> {
  const architecture = architectureOf(series);
  const jobs: Job[] = [];
  for (const [index, subject] of SUBJECTS.entries()) {
    const text = textFor(subject.text, architecture);
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
    const job: Job = { subject, object, command: command(`${index}.o`, object) };
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

async function columnOf(
  series: string,
  folder: string,
  jobs: readonly Job[],
): Promise<ReadonlyMap<string, Cell>> {
  const commands = [
    ...new Set(jobs.flatMap(({ command, oracle }) => [command ?? [], oracle ?? []].flat())),
  ];
  const results = await runInGuest(series, folder, commands);
  const resultOf = (command: GuestCommand | undefined) =>
    command && results[commands.indexOf(command)];
  const column = new Map<string, Cell>();
  for (const { subject, refusal, object, command, oracle } of jobs) {
    const result = resultOf(command);
    const own = resultOf(oracle);
    const { title, isRight } = subject;
    const printsAsOwn = (stdout: string) =>
      own?.status === 0 && own.stdout === stdout && stdout.trim() !== '';
    if (refusal !== undefined) column.set(title, { verdict: { is: 'refused', reason: refusal } });
    else if (result && object)
      column.set(title, {
        verdict: verdictOf(result, isRight ?? printsAsOwn),
        loaded: { object, result },
      });
  }
  return column;
}

/** Whether an object was loaded, and why not: the sentence without its place. */
interface Answer {
  readonly loads: boolean;
  readonly reasons: readonly string[];
}

function answerOf({ status, stderr }: GuestResult): Answer {
  const [, reason] = /^(?:\S+:\d+(?::[\d-]+)?: )?ERROR: (.*)$/m.exec(stderr) ?? [];
  return { loads: status === 0, reasons: reason === undefined ? [] : [reason] };
}

function answerBefore({ findings, loads }: Compatibility): Answer {
  return { loads, reasons: findings.filter(isFault).flatMap(({ reason }) => reason ?? []) };
}

/** The page is only of all kernels. */
const page = process.env.BPFSCRIPT_MATRIX_PAGE;
if (page !== undefined)
  afterAll(async () => {
    const whole = new Map<string, Column>();
    for (const series of ALL) {
      const column = [...((await columns.get(series)) ?? [])];
      whole.set(series, new Map(column.map(([title, { verdict }]) => [title, verdict])));
    }
    writeMatrix(
      page,
      [...KINDS, ...CASES].map(({ title }) => title),
      whole,
    );
  });

describe.each(ALL)('Linux %s', (series) => {
  let column: ReadonlyMap<string, Cell> = new Map();
  let host: Host | undefined;
  beforeAll(async () => {
    column = (await columns.get(series)) ?? column;
    if (column.size > 0) host = openHost(loadKernelDescription(descriptionOf(series)));
  }, 3_000_000);

  const { builtFor } = architectureOf(series);
  const test = needs(`Linux ${series}`, ...(builtFor ? [`Linux ${builtFor}` as const] : []));
  test.it.each(SUBJECTS)('runs a script right, or says why not, that $title', ({ title }) => {
    const verdict = column.get(title)?.verdict;
    expect(verdict).not.toMatchObject({ is: 'wrong' });
    expect(verdict).toBeDefined();
  });

  test.it.each(SUBJECTS)('does what check says of a script that $title', ({ title }) => {
    const cell = column.get(title);
    expect(cell).toBeDefined();
    if (!cell?.loaded || !host) return;
    const { object, result } = cell.loaded;
    const is = answerOf(result);
    const said = answerBefore(checkOn(openObject(object), host));
    expect({ ...said, reasons: said.reasons.slice(0, 9) }, result.stderr).toMatchObject({
      loads: is.loads,
    });
    for (const reason of is.reasons) expect(said.reasons).toContain(reason);
  });
});
