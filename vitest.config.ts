import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Tests load programs into one kernel and measure against workloads on two cores: files run side by
    // side, the tests of a file one after the other.
    pool: 'forks',
    poolOptions: { forks: { maxForks: 2, minForks: 1 } },
    testTimeout: 30_000,
    hookTimeout: 180_000,
    reporters: ['default', './test/support/feature-report.ts'],
  },
});
