import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { HANGS_MS } from './test/support/patience.ts';
import { ALONE, BOOTING, COMPILING, INSTALLING } from './test/support/projects.ts';

/** Longer than what tests wait for, so that these say first what did not come. */
const LONGEST = 3 * HANGS_MS;

const YIELD = 'test/support/yield.ts';

export default defineConfig({
  // One file instead of several hundred: tests start 200 ms sooner.
  resolve: { alias: { chevrotain: resolve('node_modules/chevrotain/lib/chevrotain.min.mjs') } },
  test: {
    pool: 'forks',
    // A worker opens the parser, LLVM and descriptions once and not for each file: half of what the tests cost.
    isolate: false,
    poolOptions: { forks: { minForks: 1, maxForks: Math.min(availableParallelism(), 4) } },
    // What hangs ends; how long a test takes is nothing that tests say: guests are emulated, and machines may be busy.
    testTimeout: LONGEST,
    hookTimeout: LONGEST,
    unstubEnvs: true,
    reporters: ['default', './test/support/feature-report.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'compile',
          include: [...COMPILING],
          // A test that asserts nothing proves nothing.
          expect: { requireAssertions: true },
          setupFiles: [YIELD],
          // After the guests, whose files take longest: short ones at the end leave no worker without work.
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'guests',
          include: [...BOOTING],
          setupFiles: [YIELD],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'packages',
          include: [...INSTALLING],
          setupFiles: [YIELD],
          sequence: { groupOrder: 3 },
        },
      },
      {
        extends: true,
        // The next file gets ready while one runs.
        test: {
          name: 'alone',
          include: [...ALONE],
          setupFiles: [YIELD, 'test/support/alone.ts'],
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
