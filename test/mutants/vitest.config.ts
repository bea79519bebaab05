/**
 * Tests for mutants of the compiler and the linker: those that need neither root nor a kernel, and of them what
 * BPFSCRIPT_MUTANTS matches. Those of cli and listing run the bundle, which no mutant is in.
 */
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { COMPILING } from '../support/projects.ts';

const chosen = new RegExp(process.env.BPFSCRIPT_MUTANTS ?? '');
const ELSEWHERE = /^test\/(?:compiler\/(?:cli|listing)|docs|architecture|packages)/;

export default defineConfig({
  resolve: { alias: { chevrotain: resolve('node_modules/chevrotain/lib/chevrotain.min.mjs') } },
  test: {
    include: COMPILING.filter((file) => chosen.test(file) && !ELSEWHERE.test(file)),
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 180_000,
    unstubEnvs: true,
  },
});
