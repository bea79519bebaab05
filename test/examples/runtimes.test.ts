/** Tools that follow programs by the points of their runtimes, on a program that has such points. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { tool } from './support.ts';

const program = join(temporaryFolder(), 'methods');

beforeAll(() => {
  execFileSync('gcc', ['-O1', '-Wall', '-o', program, join(import.meta.dirname, 'methods.c')]);
});

needs('root').it(
  'uflow shows calls of methods with their depth, in strings with and without an end',
  async () => {
    const { stdout, stderr } = await tool('uflow', program, { parameters: [program] });
    expect(stderr).toBe('Attached 5 probes\n');
    expect(stdout.replaceAll(/^\d+ +/gm, '')).toBe(
      `0 <- a.py.inner
0 -> a.py.outer
1 -> a.py.inner
1 <- a.py.inner
0 <- a.py.outer
0 -> Map.main
0 <- Map.main


`,
    );
  },
);
