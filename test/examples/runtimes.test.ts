/** Tools that follow programs by the points of their runtimes, on a program that has such points. */
import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { tool } from './support.ts';

const folder = temporaryFolder();
const program = join(folder, 'methods');
const runtimes = join(folder, 'runtimes');

beforeAll(() => {
  for (const made of [program, runtimes]) {
    const source = join(import.meta.dirname, `${basename(made)}.c`);
    execFileSync('gcc', ['-O1', '-Wall', '-fno-omit-frame-pointer', '-o', made, source]);
  }
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
1 -> Map.rest
1 <- Map.rest
0 <- Map.main


`,
    );
  },
);

needs('root').it('javaflow indents calls of methods by their depth', async () => {
  const { stdout } = await tool('javaflow', program, { parameters: [program] });
  const [head, ...lines] = stdout.trimEnd().split('\n');
  expect(head).toBe('CPU PID     TID           TIME(s) METHOD');
  for (const line of lines) expect(line).toMatch(/^\d+ +(\d+) +\1 +\d+\.\d{6} /);
  expect(lines.map((line) => line.replace(/^\d+ +\d+ +\d+ +\d+\.\d{6} /, ''))).toEqual([
    '-> Map.main',
    '  -> Map.rest',
    '  <- Map.rest',
    '<- Map.main',
  ]);
});

needs('root').it('gcpauses shows how long a collection takes, and its parts', async () => {
  const { stdout, stderr } = await tool('gcpauses', runtimes, { parameters: [runtimes] });
  // Both ends of the four parts that Julia has.
  expect(stderr).toBe('Attached 10 probes\n');
  const rows = stdout.split('\n').filter((line) => line.startsWith('runtimes '));
  const parts = rows.map((row) => row.split(/ +/)[2]);
  expect(parts).toEqual(Array(3).fill(['stop', 'mark', 'sweep', 'all']).flat());
  for (let at = 0; at < rows.length; at += 4) {
    const [stop = 0, mark = 0, sweep = 0, all = 0] = rows
      .slice(at, at + 4)
      .map((row) => Number(row.split(/ +/)[3]));
    expect(Math.min(stop, mark)).toBeGreaterThanOrEqual(2000);
    // Each was cut to whole microseconds.
    expect(all).toBeGreaterThanOrEqual(stop + mark + sweep - 3);
  }
  for (const part of ['all', 'mark', 'stop', 'sweep'])
    expect(mapSum(stdout, `@us[runtimes, ${part}]`)).toBe(3);
});

needs('root').it(
  'jlallocs has a size for each allocation, and stacks with their bytes',
  async () => {
    const { stdout, stderr } = await tool('jlallocs', runtimes, { parameters: [runtimes] });
    expect(stderr).toBe('Attached 2 probes\n');
    expect(stdout).toMatch(/^@size\[runtimes, \d+\]:$/m);
    expect(stdout).toMatch(/^\[64, 128\) +4 \|/m);
    expect(stdout).toMatch(/^\[4K, 8K\) +1 \|/m);
    expect(stdout).toMatch(/^@bytes\[\n +jl_gc_alloc\+/m);
    const bytes = [...stdout.matchAll(/^\]: (\d+)$/gm)].map(([, sum]) => Number(sum));
    expect(bytes.reduce((all, each) => all + each, 0)).toBe(64 + 80 + 96 + 112 + 5000);
  },
);

needs('root').it('nodeflow pairs responses with their requests', async () => {
  const { stdout, stderr } = await tool('nodeflow', runtimes, { parameters: [runtimes] });
  expect(stderr).toBe('Attached 7 probes\n');
  const rows = stdout.split('\n').filter((line) => /^\d+ +2\d /.test(line));
  expect(
    rows.map((row) =>
      row
        .replace(/^\d+ +/, '')
        .replace(/ +\d+ <-/, ' <-')
        .replace(/ +/g, ' '),
    ),
  ).toEqual([
    '21 server -> GET /users',
    '22 client -> POST /login',
    '22 client <- POST /login',
    '21 server <- GET /users',
  ]);
  const took = rows.slice(2).map((row) => Number(/ (\d+) <-/.exec(row)?.[1]));
  expect(Math.min(...took)).toBeGreaterThanOrEqual(1500);
  expect(mapSum(stdout, '@us[server]')).toBe(1);
});

/** The counts of a histogram. */
function mapSum(output: string, name: string): number {
  const rest = output.split(`${name}:\n`)[1]?.split('\n\n')[0] ?? '';
  return [...rest.matchAll(/ (\d+) \|/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}
