/** `tseries(n, interval, num[, aggregation])`, on this kernel. Days are intervals that no test outlasts. */

import { describe, expect, it } from 'vitest';
import { errors, warnings } from '../support/diagnostics.ts';
import { needs } from '../support/needs.ts';
import { type RunOptions, run } from '../support/run.ts';
import { output } from '../support/script.ts';

const QUIET = 'config = { unstable_tseries = enable }';

interface Point {
  readonly interval_start: string;
  readonly value: number;
}

/** The series of a script, by map and key (`@m` or `@m[key]`). */
async function series(
  script: string,
  options: RunOptions = {},
): Promise<ReadonlyMap<string, readonly Point[]>> {
  const result = await run(`${QUIET} ${script}`, {
    signal: 'none',
    ...options,
    flags: ['-f', 'json', '-q'],
    environment: { TZ: 'UTC' },
  });
  expect(result).toMatchObject({ status: 0, stderr: '' });
  const found = new Map<string, readonly Point[]>();
  for (const line of result.stdout.split('\n').slice(0, -1)) {
    const { type, data } = JSON.parse(line) as {
      type: string;
      data: Record<string, readonly Point[] | Record<string, readonly Point[]>>;
    };
    if (type !== 'tseries') continue;
    for (const [name, value] of Object.entries(data)) {
      if (Array.isArray(value)) found.set(name, value);
      else for (const [key, points] of Object.entries(value)) found.set(`${name}[${key}]`, points);
    }
  }
  return found;
}

const values = (points: readonly Point[] | undefined): readonly number[] =>
  (points ?? []).map(({ value }) => value);

describe('the arguments of tseries', () => {
  const one = (call: string) => errors(`${QUIET} begin { @ = ${call}; }`);

  it('[FUN-072] have limits', () => {
    expect(one('tseries(1, 0, 5)')).toEqual([
      'tseries() interval_ns must be >= 1 (0 provided) @ 0',
    ]);
    expect(one('tseries(1, -1, 5)')[0]).toContain('interval_ns must be >= 1 (-1 provided)');
    expect(one('tseries(1, 1s, 0)')).toEqual([
      'tseries() num_intervals must be >= 1 (0 provided) @ 0',
    ]);
    expect(one('tseries(1, 1s, -4)')[0]).toContain('num_intervals must be >= 1 (-4 provided)');
    expect(one('tseries(1, 1s, 1000001)')).toEqual([
      'tseries() num_intervals must be <= 1000000 (1000001 provided) @ 1000001',
    ]);
    expect(one('tseries(1, 9007199254740992, 5)')[0]).toContain('interval_ns must be below 2^53');
    expect(one('tseries(1, 1s, 1000000)')).toEqual([]);
    expect(one('tseries(1, 1, 1)')).toEqual([]);
    expect(one('tseries(1, pid, 5)')[0]).toContain('tseries() expects an integer literal');
    expect(one('tseries("a", 1s, 5)')[0]).toContain('tseries() only supports integer arguments');
    expect(one('tseries(1, 1s)')[0]).toContain('tseries() requires');
  });

  it('[FUN-071] name an aggregation, or none', () => {
    for (const name of ['avg', 'max', 'min', 'sum']) {
      expect(one(`tseries(1, 1s, 5, "${name}")`)).toEqual([]);
    }
    expect(one('tseries(1, 1s, 5, "stats")')).toEqual([
      'tseries() expects one of the following aggregation functions: avg, max, min, sum ("stats" provided) @ "stats"',
    ]);
    expect(one('tseries(1, 1s, 5, pid)')[0]).toContain('(something else provided)');
  });

  it('[FUN-072] keep one shape a map, and fit where they are kept', () => {
    expect(errors(`${QUIET} begin { @ = tseries(1, 1s, 5); @ = tseries(1, 2s, 5); }`)[0]).toContain(
      'Different tseries bounds in a single map unsupported',
    );
    const inHash = 'tseries() num_intervals must be <= 1365 in a hash map (1366 provided)';
    const large = 'tseries(1, 1s, 1366)';
    expect(errors(`${QUIET} begin { @[1] = ${large}; }`)).toEqual([`${inHash} @ 1366`]);
    expect(errors(`${QUIET} begin { @ = ${large}; delete(@); }`)[0]).toContain(inHash);
    expect(errors(`${QUIET} let @ = percpuhash(1); begin { @ = ${large}; }`)[0]).toContain(inHash);
    expect(errors(`${QUIET} begin { @[1] = tseries(1, 1s, 2048, "sum"); }`)).toEqual([]);
  });

  it('[CFG-024] are refused, warned of or allowed', () => {
    const script = (policy: string) =>
      `config = { unstable_tseries = ${policy} } begin { @ = tseries(1, 1s, 5); }`;
    const text = 'Script is using an unstable feature: tseries.';
    expect(errors(script('error'))).toEqual([
      `${text} It has to be enabled in the config e.g. unstable_tseries=enable @ tseries`,
    ]);
    expect(warnings(script('warn'))).toEqual([
      `${text} To prevent this warning you must explicitly enable it in the config e.g. unstable_tseries=enable @ tseries`,
    ]);
    expect(warnings('begin { @ = tseries(1, 1s, 5); }')).toHaveLength(1);
    expect([...errors(script('enable')), ...warnings(script('enable'))]).toEqual([]);
  });

  it('[FUN-072] are no values of a script', () => {
    const use = (text: string) => errors(`${QUIET} begin { @ = tseries(1, 1s, 5); ${text} }`)[0];
    expect(use('$a = @;')).toContain('tseries_t cannot be used in an expression');
    expect(errors(`${QUIET} begin { @[1] = tseries(1, 1s, 5); print(@[1]); }`)[0]).toContain(
      'Map type tseries_t cannot print the value of individual keys',
    );
  });
});

needs('root').describe('tseries', () => {
  it('[FUN-071] keeps the last, average, greatest, least value or the sum of an interval', async () => {
    const add = (value: string) =>
      `@last = tseries(${value}, 1d, 5); @avg = tseries(${value}, 1d, 5, "avg");
       @max = tseries(${value}, 1d, 5, "max"); @min = tseries(${value}, 1d, 5, "min");
       @sum = tseries(${value}, 1d, 5, "sum"); @k["a b", 1] = tseries(${value}, 1d, 5, "sum");
       @u = tseries((uint64)(${value}), 1d, 5, "max");`;
    const found = await series(`BEGIN { ${add('4')} ${add('-9')} ${add('2')} }`);
    const all = [...found].map(([name, points]) => [name, values(points)]);
    expect(Object.fromEntries(all)).toEqual({
      '@last': [2],
      '@avg': [-1],
      '@max': [4],
      '@min': [-9],
      '@sum': [-3],
      '@k[a b,1]': [-3],
      '@u': ['18446744073709551607'],
    });
  });

  it('[FUN-071] [JSN-007] counts what all CPUs did, in the intervals in which they did it', async () => {
    const before = Date.now();
    const found = await series(
      `tracepoint:syscalls:sys_enter_getppid /comm == "series"/ {
         @all = tseries(1, 50ms, 200, "sum"); @cpu[cpu] = tseries(1, 50ms, 200, "sum");
         @big = tseries(1, 1ms, 5000, "sum");
       }`,
      {
        signal: 'SIGINT',
        workload: 'comm series pin 0 getppid 3000 sleep 120 pin 1 getppid 2000',
      },
    );
    const sum = (name: string) =>
      [...found]
        .filter(([key]) => key.startsWith(name))
        .flatMap(([, points]) => values(points))
        .reduce((total, value) => total + value, 0);
    expect([sum('@all'), sum('@cpu'), sum('@big')]).toEqual([5000, 5000, 5000]);
    const starts = (found.get('@all') ?? []).map(({ interval_start: start }) =>
      Date.parse(`${start.slice(0, 23).replace(' ', 'T')}Z`),
    );
    expect(starts.length).toBeGreaterThan(1);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    for (const start of starts) {
      expect(start % 50).toBe(0);
      expect(start).toBeGreaterThan(before - 1000);
      expect(start).toBeLessThan(Date.now() + 1000);
    }
  });

  it('[FUN-071] forgets intervals that are older than the last ones', async () => {
    const found = await series(
      `BEGIN { @start = nsecs; }
       interval:ms:10 { @ = tseries(1, 10ms, 5, "sum"); }
       interval:ms:300 { exit(); }`,
    );
    const points = found.get('@') ?? [];
    expect(points.length).toBeGreaterThan(0);
    expect(points.length).toBeLessThanOrEqual(5);
  });

  it('[OUT-033] [OUT-034] [OUT-036] is drawn as a graph', async () => {
    const text = await output(
      `${QUIET} BEGIN { @empty = tseries(1, 1d, 3); clear(@empty); print(@empty); @a = tseries(3, 1d, 3); @k[7] = tseries(-1, 1d, 3); }
       END { print(@empty); clear(@empty); zero(@k); }`,
    );
    const graph = (low: string, high: string, value: string) =>
      `         ${low.padEnd(21)}${high.padStart(32)}\n` +
      `hh:mm:ss |${'_'.repeat(51)}|\n` +
      `HH:MM:SS |${' '.repeat(25)}*${' '.repeat(25)}| ${value}\n` +
      `         v${'_'.repeat(51)}v\n` +
      `         ${low.padEnd(21)}${high.padStart(32)}\n`;
    // A map is read when its print is handled: after the clear of BEGIN.
    expect(text.replace(/\d\d:\d\d:\d\d/g, 'HH:MM:SS')).toBe(
      '@empty:\n<no data>\n\n@empty:\n<no data>\n\n\n\n' +
        `@a:\n${graph('2', '4', '3')}\n@k[7]:\n<no data>\n\n`,
    );
  });

  it('[OUT-035] marks zero between values on both sides of it', async () => {
    const text = await output(
      `${QUIET} BEGIN { @ = tseries(-10, 1, 1000000, "min"); @ = tseries(10, 1, 1000000, "min"); }`,
    );
    const lines = text.split('\n').filter((line) => / -?10$/.test(line));
    // One nanosecond apart or many: each its own line.
    expect(lines.map((line) => line.replace(/^\S+ /, ''))).toContainEqual(
      `*${' '.repeat(25)}.${' '.repeat(25)}| -10`,
    );
    expect(lines.map((line) => line.replace(/^\S+ /, ''))).toContainEqual(
      `|${' '.repeat(25)}.${' '.repeat(25)}* 10`,
    );
  });

  it('[FUN-072] takes a million intervals', async () => {
    const found = await series('BEGIN { @ = tseries(5, 1s, 1000000); }');
    expect(values(found.get('@'))).toEqual([5]);
  });

  it('[FUN-071] is a map like others to delete, has_key, len, clear and zero', async () => {
    const text = await output(
      `${QUIET} BEGIN {
         @k[1] = tseries(1, 1d, 3); @k[2] = tseries(2, 1d, 3); @s = tseries(1, 1d, 3);
         printf("%d %d %d\\n", len(@k), has_key(@k, 1), has_key(@k, 3));
         delete(@k, 1); delete(@s);
         printf("%d %d %d\\n", len(@k), has_key(@k, 1), has_key(@k, 2));
         clear(@k);
       }`,
    );
    expect(text).toBe('2 1 0\n1 0 1\n\n\n');
  });
});
