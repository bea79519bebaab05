/** Random programs that fire many times on two CPUs, with maps and aggregations, beside a model of what they keep. */
import { it } from 'vitest';
import { needs } from '../support/needs.ts';
import { expectFirings, firingScript, WORKLOADS } from '../support/random-firings.ts';
import { run, runWorkload } from '../support/run.ts';

const BATCHES = Array.from({ length: 2 }, (_, batch) => batch);

needs('root').describe('Random programs that fire again', () => {
  it.each(
    (['firing', 'storm'] as const).flatMap((kind) =>
      BATCHES.map((batch) => [kind, batch] as const),
    ),
  )('print and keep what the model says: %s, batch %d', async (kind, batch) => {
    const result = await run(firingScript(batch, kind), {
      workload: async () => {
        await Promise.all(WORKLOADS[kind].map(runWorkload));
      },
      flags: ['-q', '-f', 'json'],
    });
    expectFirings(batch, kind, result);
  });
});
