/** Blocks that the loader runs itself: tests, benchmarks, those of its own signal, and end. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, type RunResult, run, runWorkload } from '../support/run.ts';

const validate = new Ajv2020({ strict: false }).compile(
  JSON.parse(readFileSync(new URL('../../docs/output.schema.json', import.meta.url), 'utf8')),
);

/** Runs a script that ends by itself, under sanitizers. */
function ended(
  script: string,
  flags: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<RunResult> {
  return run(script, { flags, environment, signal: 'none', loader: LOADER_ASAN });
}

/** The data of each line, by the name in it. */
function results(stdout: string, type: string): Readonly<Record<string, unknown>> {
  const lines = stdout.trimEnd().split('\n');
  return Object.assign(
    {},
    ...lines.map((text) => {
      const line = JSON.parse(text);
      expect(validate(line), text).toBe(true);
      expect(line.type).toBe(type);
      return line.data;
    }),
  );
}

const TESTS = `
  begin { printf("begun\\n"); }
  test:passes { @n = 1; printf("hidden\\n"); warnf("hidden"); }
  test:returns { printf("shown %d\\n\\nagain\\n", @n); return 1; }
  test:asserts { assert(@n == 2, "n is not two"); }
  test:exits { print(@n); system("echo %d", 5); exit(3); }
  test:exits_well { @n = 7; exit(0); }
  test:skips /@n == 8/ { return 1; }
  bench:unused { @bench = 1; }
  end { printf("ended\\n"); }`;

/** Durations differ. */
const masked = (text: string): string => text.replace(/\(\d+ (ns|us|ms|s)\)$/gm, '(T)');

needs('root').describe('--test', () => {
  it('runs the tests and nothing else, and shows what failed ones printed [PRB-005] [OUT-065] [CLI-018]', async () => {
    const { stdout, stderr, status } = await run(TESTS, {
      flags: ['--test', '--unsafe'],
      unsafe: true,
      signal: 'none',
      loader: LOADER_ASAN,
    });
    expect(masked(stdout)).toBe(`[==========] Running 6 tests.
[ RUN      ] passes
[       OK ] passes (T)
[ RUN      ] returns
shown 1
again
[  FAILED  ] returns (T)
[ RUN      ] asserts
assertions.bt:5:3-39: ERROR: assert failed: n is not two
stdin:5:18-49: expanded from
  test:asserts { assert(@n == 2, "n is not two"); }
                 ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
[  FAILED  ] asserts (T)
[ RUN      ] exits
@n: 1
5
[  FAILED  ] exits (T)
[ RUN      ] exits_well
[       OK ] exits_well (T)
[ RUN      ] skips
[       OK ] skips (T)
[==========] 6 tests ran.
[  PASSED  ] 3 tests.
[  FAILED  ] 3 tests, listed below:
[  FAILED  ] returns
[  FAILED  ] asserts
[  FAILED  ] exits
`);
    expect(stderr).toBe('');
    expect(status).toBe(1);
  });

  it('ends with 0 if all passed, with colours if asked for [OUT-065]', async () => {
    const script = 'test:one { } interval:s:1 { exit(); }';
    const plain = await ended(script, ['--test']);
    expect(masked(plain.stdout)).toBe(
      '[==========] Running 1 test.\n[ RUN      ] one\n[       OK ] one (T)\n' +
        '[==========] 1 test ran.\n[  PASSED  ] 1 test.\n',
    );
    expect(plain.status).toBe(0);
    const coloured = await ended('test:one { return 1; }', ['--test'], {
      BPFTRACE_COLOR: 'always',
    });
    expect(coloured.stdout).toContain('\x1b[32m[==========]\x1b[0m Running 1 test.');
    expect(coloured.stdout).toContain('\x1b[31m[  FAILED  ]\x1b[0m one (');
  });

  it('gives results as JSON [JSN-013]', async () => {
    const { stdout, status } = await ended(
      'test:good { printf("a\\n"); } test:bad { errorf("wrong"); }',
      ['--test', '-f', 'json'],
    );
    expect(results(stdout, 'test_result')).toEqual({
      good: { duration: expect.any(Number), passed: true, output: 'a\n' },
      bad: {
        duration: expect.any(Number),
        passed: false,
        output: expect.stringMatching(/^stdin:1:\d+-\d+: ERROR: wrong\n$/),
      },
    });
    expect(status).toBe(1);
  });

  it('is what a script with tests alone needs [CLI-018]', async () => {
    for (const [script, flags, message] of [
      ['test:a { }', [], 'No probes attached; use --test to run test probes.'],
      ['bench:a { }', [], 'No probes attached; use --bench to run bench probes.'],
      ['BEGIN { }', ['--test'], 'The script has no test probes.'],
      ['test:a { }', ['--bench'], 'The script has no bench probes.'],
    ] as const)
      expect(await ended(script, flags)).toMatchObject({
        stdout: '',
        stderr: `ERROR: ${message}\n`,
        status: 1,
      });
    const traced = await ended('test:a { @t = 1; } BEGIN { @b = 1; } bench:b { @c = 1; }', []);
    expect(traced).toMatchObject({
      stdout: '\n\n@b: 1\n',
      stderr: 'Attached 1 probe\n',
      status: 0,
    });
  });

  it('is a flag of the command that compiles, too [CLI-018]', () => {
    const path = join(temporaryFolder(), 'tests.bt');
    writeFileSync(path, 'test:sum { assert(1 + 1 == 2, "no"); } bench:sum { @ = sum(1); }');
    const tests = bpfscript(['--test', path]);
    expect(tests.stdout).toContain('[  PASSED  ] 1 test.\n');
    expect(tests.status).toBe(0);
    const benchmarks = bpfscript(['--bench', path]);
    expect(benchmarks.stdout).toMatch(/^Benchmark .*\n-+\nsum +\d+ +\d+\n$/);
    expect(benchmarks.status).toBe(0);
  });
});

needs('root').describe('--bench', () => {
  const long = 'a_name_of_more_than_forty_columns_is_shown_whole';

  it('shows what a run takes in columns [PRB-006] [OUT-066]', async () => {
    const { stdout, stderr, status } = await ended(
      `begin { printf("begun\\n"); } bench:nothing { } test:t { return 1; }
       bench:${long} { for $i : 0..200 { @[pid, $i] = count(); } printf("%s\\n", comm); }`,
      ['--bench'],
    );
    const [head, rule, ...rows] = stdout.trimEnd().split('\n');
    const width = long.length + 1;
    expect(head).toBe(`${'Benchmark'.padEnd(width)}${'Time(ns)'.padEnd(15)}Iterations`);
    expect(rule).toBe('-'.repeat(width + 15 + 'Iterations'.length));
    const times = rows.map((row) => {
      const [, name = '', time, runs] = /^(.{49})(\d+) +(\d+)$/.exec(row) ?? [];
      expect(Number(runs)).toBeGreaterThanOrEqual(64);
      return [name.trim(), Number(time)] as const;
    });
    expect(times.map(([name]) => name)).toEqual(['nothing', long]);
    // Two hundred look-ups take longer than none.
    expect(times[1]?.[1]).toBeGreaterThan(times[0]?.[1] ?? Number.NaN);
    expect(times[1]?.[1]).toBeGreaterThan(200);
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('gives results as JSON [JSN-013]', async () => {
    const { stdout, status } = await ended('bench:one { @ = nsecs; } bench:two { @ = pid; }', [
      ...['--bench', '-f', 'json'],
    ]);
    const number = expect.any(Number);
    expect(results(stdout, 'benchmark_result')).toEqual({
      one: { average: number, iters: number },
      two: { average: number, iters: number },
    });
    expect(status).toBe(0);
  });
});

needs('root').describe('self:signal:SIGUSR1', () => {
  const twice = async (pid: number): Promise<void> => {
    for (const count of [3, 4]) {
      await runWorkload(`comm selfish getppid ${count}`);
      process.kill(pid, 'SIGUSR1');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  it('runs at the signal, in the place of printing all maps [PRB-004]', async () => {
    const result = await run(
      `tracepoint:syscalls:sys_enter_getppid /comm == "selfish"/ { @calls = count(); @all = count(); }
       self:signal:SIGUSR1 { printf("%s %s\\n", probe, probetype); print(@calls); clear(@calls); }`,
      { workload: twice, loader: LOADER_ASAN },
    );
    const line = 'self:signal:SIGUSR1 special\n';
    expect(result.stdout).toBe(`${line}@calls: 3\n${line}@calls: 4\n\n\n@all: 7\n`);
    expect(result.stderr).toBe('Attached 2 probes\n');
  });

  it('alone keeps the script alive; exit() ends it [PRB-004]', async () => {
    const result = await run(
      'self:signal:SIGUSR1 { @n += 1; if (@n == 2) { exit(9); } } END { printf("%d\\n", @n); }',
      { workload: twice, signal: 'none', loader: LOADER_ASAN },
    );
    expect(result.stdout).toBe('2\n\n\n@n: 2\n');
    expect(result.status).toBe(9);
  });
});

needs('root').describe('end', () => {
  it('runs after all is detached, and can use maps [PRB-002]', async () => {
    const result = await run(
      `tracepoint:raw_syscalls:sys_enter { @calls = count(); @last[comm] = nsecs; }
       END { $first = (uint64)@calls; for $i : 0..20000 { @spin = nsecs; }
             printf("%d %d\\n", len(@last) > 0, (uint64)@calls == $first); print(@spin > 0); delete(@spin); clear(@last); @more = 5; }`,
      { workload: 'storm 50', loader: LOADER_ASAN },
    );
    expect(result.stdout).toMatch(/^1 1\n(true|1)\n\n\n@calls: \d+\n@more: 5\n$/);
    expect(mapValue(result.stdout, '@calls')).toBeGreaterThan(1000);
  });
});
