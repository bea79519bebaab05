import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // One file at a time: the tests load programs into one kernel, and what one file's workload does, another file's
    // probe on the same function or system call would see.
    pool: 'forks',
    poolOptions: { forks: { maxForks: 1, minForks: 1 } },
    testTimeout: 30_000,
    hookTimeout: 180_000,
    reporters: ['default', './test/support/feature-report.ts'],
  },
});
