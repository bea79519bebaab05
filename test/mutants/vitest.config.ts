/**
 * Tests for mutants of the compiler and the linker: those that need neither root nor a kernel. The files that
 * `.cache/mutants/sources.json` lists are replaced by those with faults; BPFSCRIPT_MUTANTS is what warm-runner.ts is
 * asked for, if anything.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { COMPILING } from '../support/projects.ts';

const WORK = '.cache/mutants';
const faults = JSON.parse(readFileSync(join(WORK, 'faults.json'), 'utf8')) as { file: string }[];
const files = new Set(faults.map(({ file }) => file));
const isWarm = Boolean(process.env.BPFSCRIPT_MUTANTS);

export default defineConfig({
  resolve: { alias: { chevrotain: resolve('node_modules/chevrotain/lib/chevrotain.min.mjs') } },
  plugins: [
    {
      name: 'faults',
      enforce: 'pre',
      load(id) {
        const file = id.slice(process.cwd().length + 1);
        return files.has(file) ? readFileSync(join(WORK, 'sources', file), 'utf8') : null;
      },
    },
  ],
  test: {
    include: [...COMPILING],
    pool: 'forks',
    isolate: false,
    poolOptions: { forks: { singleFork: true } },
    testTimeout: 60_000,
    hookTimeout: 180_000,
    unstubEnvs: true,
    ...(isWarm ? { runner: resolve('test/mutants/warm-runner.ts') } : {}),
  },
});
