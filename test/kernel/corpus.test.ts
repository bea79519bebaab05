/** The scripts that run on other kernels (test/guest/matrix.test.ts), on this one. */
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CASES } from '../guest/corpus.ts';
import { needs } from '../support/needs.ts';
import { run, WORKLOAD } from '../support/run.ts';

const HERE = CASES.filter(
  ({ script }) => existsSync('/sys/kernel/tracing/kprobe_events') || !/^k(ret)?probe:/.test(script),
);
/** On x86-64. */
const GETPPID = '110';

needs('root').describe('On this kernel a script', () => {
  it.each(HERE)('$title', async ({ script, workload, parameters, expected }) => {
    const text = script.replaceAll('WORKLOAD', WORKLOAD).replaceAll('GETPPID', GETPPID);
    const result = await run(text, {
      ...(workload === undefined ? { signal: 'none' } : { workload }),
      ...(parameters === undefined ? {} : { parameters: parameters.split(' ') }),
    });
    expect(result.stdout.trim(), result.stderr).toBe(expected);
    expect(result.status).toBe(0);
  });
});
