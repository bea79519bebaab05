/** The language on other kernels: each script is built once, and prints the same on all of them. */

import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { isBefore, runInGuest, SERIES } from '../support/guest.ts';
import { hasKernel } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { type RunResult, run, WORKLOAD } from '../support/run.ts';
import { CASES, type Case } from './corpus.ts';

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

describe.each(SERIES)('On Linux %s a script', (series) => {
  const results = new Map<Case, Omit<RunResult, 'endedAfter'>>();
  const folder = temporaryFolder();

  beforeAll(async () => {
    if (!hasKernel(series)) return;
    const commands = CASES.map((each, index) => {
      writeObject(folder, `case${index}`, each.script.replaceAll('WORKLOAD', '/workload'));
      const { workload, parameters } = each;
      return {
        object: `case${index}.o`,
        endsItself: each.workload === undefined,
        ...(workload === undefined ? {} : { workload }),
        ...(parameters === undefined ? {} : { parameters }),
      };
    });
    (await runInGuest(series, folder, commands)).forEach((result, index) => {
      const script = CASES[index];
      if (script) results.set(script, result);
    });
  }, 180_000);

  needs(`Linux ${series}`).it.each(CASES)('$title', (script) => {
    const result = results.get(script);
    // Linux 5.15 is the oldest that is supported. Before it, what is missing has to be named.
    if (isBefore(series, '5.15') && result?.status === 3) {
      expect(result.stdout).toBe('');
      expect(result.stderr).toMatch(/lacks \w+, which the script needs and Linux 5\.\d+ brings/);
      return;
    }
    expect(result?.stdout.trim(), result?.stderr).toBe(script.expected);
    expect(result?.status).toBe(0);
  });
});
