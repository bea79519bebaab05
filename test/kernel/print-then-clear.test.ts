/** `print(@m); clear(@m);` while two CPUs count: the prints together are what was counted, to the last event. */
import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

const EACH = 100_000;
const ALL = 2 * EACH;

/** Ways to count an event, by the map that does; each is printed as numbers that add up to the events. */
const MAPS: Readonly<Record<string, { readonly body: string; readonly then: 'clear' | 'zero' }>> = {
  '@count': { body: '@count = count();', then: 'clear' },
  '@sum': { body: '@sum = sum(1);', then: 'zero' },
  '@stats': { body: '@stats = stats(3);', then: 'clear' },
  '@hist': { body: '@hist = hist(5);', then: 'clear' },
  '@lhist': { body: '@lhist = lhist(5, 0, 10, 1);', then: 'zero' },
  '@series': { body: '@series = tseries(1, 1d, 5, "sum");', then: 'clear' },
  '@keyed': { body: '@keyed[cpu] = count();', then: 'clear' },
  '@zeroed': { body: '@zeroed[tid] = sum(1);', then: 'zero' },
  '@keyed_stats': { body: '@keyed_stats[tid, "a"] = stats(3);', then: 'zero' },
  '@keyed_hist': { body: '@keyed_hist[cpu] = hist(5);', then: 'clear' },
  '@keyed_series': { body: '@keyed_series[cpu] = tseries(1, 1d, 5, "sum");', then: 'clear' },
  '@plain': { body: '@plain[tid]++;', then: 'clear' },
  '@assigned': { body: '@assigned[tid] = 1 + @assigned[tid];', then: 'zero' },
  // Two size classes, and with a delete() somewhere a scalar is kept in a hash map.
  '@text': { body: '@text[str("a long string that has a class"), tid] = count();', then: 'clear' },
  '@deleted': { body: '@deleted = count();', then: 'clear' },
};

const script = (reset: (name: string, then: string) => string): string => `
  config = { unstable_tseries = enable }
  tracepoint:syscalls:sys_enter_getppid /comm == "storm"/ {
    ${Object.values(MAPS)
      .map(({ body }) => body)
      .join(' ')}
  }
  interval:us:500 {
    ${Object.entries(MAPS)
      .map(([name, { then }]) => reset(name, then))
      .join(' ')}
  }
  self:signal:SIGUSR1 { delete(@deleted); }`;

/** All numbers of events in a value, as JSON writes it: counts, buckets, values of intervals. */
function events(value: unknown): number {
  if (typeof value === 'number') return value;
  if (Array.isArray(value)) return value.reduce((total: number, one) => total + events(one), 0);
  if (typeof value !== 'object' || value === null) return 0;
  const { count, value: ofInterval } = value as { count?: number; value?: number };
  if (count !== undefined) return count;
  if (ofInterval !== undefined) return ofInterval;
  return Object.values(value).reduce((total: number, one) => total + events(one), 0);
}

function totals(json: string): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const line of json.split('\n').slice(0, -1)) {
    const { data } = JSON.parse(line) as { data?: Record<string, unknown> };
    for (const [name, value] of Object.entries(data ?? {})) {
      if (name.startsWith('@')) found[name] = (found[name] ?? 0) + events(value);
    }
  }
  return found;
}

const WORKLOAD = `comm storm threads 2 getppid ${EACH}`;

needs('root').describe('maps that are printed and emptied in a storm', () => {
  it('count every event once, whatever kind they are', async () => {
    const { stdout, stderr } = await run(
      script((name, then) => `print(${name}); ${then}(${name});`),
      { workload: WORKLOAD, flags: ['-f', 'json', '-q'] },
    );
    const expected = Object.fromEntries(Object.keys(MAPS).map((name) => [name, ALL]));
    expect(totals(stdout)).toEqual(expected);
    expect(stderr).toBe('');
  });

  it('count every event once as text', async () => {
    let prints = 0;
    // A busy machine comes to few of them, and to one now and then: that shows nothing of two.
    for (let round = 0; round < 5 && prints < 2; round++) {
      const { stdout } = await run(
        `tracepoint:syscalls:sys_enter_getppid /comm == "storm"/ { @n = count(); @k[cpu, tid] = count(); }
       interval:us:500 { print(@n); clear(@n); print(@k); zero(@k); }`,
        { workload: WORKLOAD },
      );
      const sum = (name: string) =>
        [...stdout.matchAll(new RegExp(`^@${name}(?:\\[.*\\])?: (\\d+)$`, 'gm'))].reduce(
          (total, [, number]) => total + Number(number),
          0,
        );
      expect([sum('n'), sum('k')]).toEqual([ALL, ALL]);
      prints = stdout.match(/^@n: [1-9]/gm)?.length ?? 0;
    }
    expect(prints).toBeGreaterThan(1);
  });

  it('lose no least and no greatest value, and no value that was assigned', async () => {
    const { stdout } = await run(
      `tracepoint:syscalls:sys_enter_getppid /comm == "storm"/ {
         @least[tid] = min(-(int64)nsecs); @greatest = max(tid); @seen[tid] = 1; @last = tid; }
       interval:us:500 { print(@least); clear(@least); print(@greatest); clear(@greatest);
         print(@seen); clear(@seen); print(@last); clear(@last); }`,
      { workload: 'comm storm getppid 1' },
    );
    // By an interval, or at the end by a busy loader, for which a signal cancels what is queued.
    for (const line of [
      /^@least\[\d+\]: -\d+$/gm,
      /^@greatest: [1-9]\d*$/gm,
      /^@seen\[\d+\]: 1$/gm,
      /^@last: [1-9]\d*$/gm,
    ])
      expect(stdout.match(line)).toHaveLength(1);
  });

  it('are empty for the programs that come next', async () => {
    const { stdout } = await run(
      `interval:ms:20 { if (@round == 1) { printf("%d %d %d %d\\n", @n, @k[1], has_key(@k, 1), @v);
           printf("%d keys\\n", len(@k)); for ($kv : @z) { printf("%d: %d\\n", $kv.0, $kv.1); } exit(); }
         @n = count(); @k[1] = count(); @k[2] = count(); @v = 7; @z[5] = sum(5);
         clear(@n); clear(@k); clear(@v); zero(@z); @round = 1; }
       END { clear(@n); clear(@k); clear(@v); clear(@z); clear(@round); }`,
      { signal: 'none' },
    );
    expect(stdout.replace(/\n+$/, '\n')).toBe('0 0 0 0\n0 keys\n5: 0\n');
  });
});
