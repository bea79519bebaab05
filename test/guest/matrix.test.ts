/** Scripts on other kernels: each is built once, and prints the same on all of them, or is refused with the reason. */

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileText, temporaryFolder, writeObject } from '../support/build.ts';
import { type GuestCommand, type GuestResult, runInGuest, SERIES } from '../support/guest.ts';
import { descriptionOf, hasKernel } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { run, WORKLOAD } from '../support/run.ts';
import { CASES, type Case } from './corpus.ts';
import { KINDS, type Kind } from './kinds.ts';
import { type Verdict, verdictOf, writeMatrix } from './verdict.ts';

const HERE = CASES.filter(
  ({ script }) => existsSync('/sys/kernel/tracing/kprobe_events') || !/^k(ret)?probe:/.test(script),
);

needs('root').describe('On this kernel a script', () => {
  it.each(HERE)('$title', async ({ script, workload, parameters, expected }) => {
    const result = await run(script.replaceAll('WORKLOAD', WORKLOAD), {
      ...(workload === undefined ? { signal: 'none' } : { workload }),
      ...(parameters === undefined ? {} : { parameters: parameters.split(' ') }),
    });
    expect(result.stdout.trim(), result.stderr).toBe(expected);
    expect(result.status).toBe(0);
  });
});

/** An object in a guest, and what becomes of its result. */
interface Job {
  readonly command: GuestCommand;
  readonly title: string;
  /** It was built for the very kernel, so that it knows what the other has to print. */
  readonly isOracle: boolean;
}

const columns = new Map<string, Map<string, Verdict>>();

/** The page is only of all kernels. */
const page = process.env.BPFSCRIPT_MATRIX_PAGE;
if (page !== undefined)
  afterAll(() =>
    writeMatrix(
      page,
      [...KINDS, ...CASES].map(({ title }) => title),
      columns,
    ),
  );

describe.each(SERIES)('On Linux %s a script', (series) => {
  const verdicts = new Map<string, Verdict>();
  columns.set(series, verdicts);
  const folder = temporaryFolder();

  beforeAll(async () => {
    if (!hasKernel(series)) return;
    const jobs = [
      ...CASES.map((each, index) => jobOf(folder, `case${index}`, each)),
      ...KINDS.flatMap((each, index) => jobsOf(folder, `kind${index}`, each, series)),
    ];
    const results = await runInGuest(
      series,
      folder,
      jobs.map(({ command }) => command),
    );
    const resultOf = (title: string, isOracle: boolean): GuestResult | undefined =>
      results[jobs.findIndex((job) => job.title === title && job.isOracle === isOracle)];
    for (const { title, expected } of [...CASES, ...KINDS]) {
      const result = resultOf(title, false);
      const oracle = resultOf(title, true);
      if (result)
        verdicts.set(
          title,
          verdictOf(result, (stdout) => {
            if (typeof expected === 'string') return stdout.trim() === expected;
            if (expected) return expected.test(stdout);
            return oracle?.status === 0 && oracle.stdout === stdout && stdout.trim() !== '';
          }),
        );
    }
  }, 400_000);

  needs(`Linux ${series}`).it.each([...CASES, ...KINDS])('$title', ({ title }) => {
    const verdict = verdicts.get(title);
    expect(verdict?.is === 'wrong' ? verdict.result : verdict?.is).toMatch(/^(right|refused)$/);
  });
});

function jobOf(folder: string, name: string, each: Case): Job {
  writeObject(folder, name, each.script.replaceAll('WORKLOAD', '/workload'));
  const { workload, parameters, title } = each;
  return {
    title,
    isOracle: false,
    command: {
      object: `${name}.o`,
      endsItself: workload === undefined,
      ...(workload === undefined ? {} : { workload }),
      ...(parameters === undefined ? {} : { parameters }),
    },
  };
}

function jobsOf(folder: string, name: string, each: Kind, series: string): readonly Job[] {
  const { title, text, workload, script, expected } = each;
  const command = (object: string): GuestCommand => ({
    object,
    endsItself: text.includes('exit();'),
    ...(workload === undefined ? {} : { workload }),
    ...(script === undefined ? {} : { script }),
  });
  writeObject(folder, name, text);
  const job: Job = { title, isOracle: false, command: command(`${name}.o`) };
  if (expected !== undefined) return [job];
  const { object } = compileText(text, { kernel: descriptionOf(series) });
  // What this kernel has no name for cannot be built for it: then the other object has to be refused.
  if (!object) return [job];
  const own = `${name}-${series}.o`;
  writeFileSync(join(folder, own), object());
  return [job, { title, isOracle: true, command: command(own) }];
}
