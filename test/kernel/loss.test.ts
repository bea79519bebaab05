/** Storms: order, and what does not fit is counted, told with its place, and takes no room from the rest. */

import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { type RunResult, run, WORKLOAD } from '../support/run.ts';

const GETPPID = 'tracepoint:syscalls:sys_enter_getppid /comm == "storm"/';
const SMALL_RING = 'config = { perf_rb_pages = 16 }';

/** Sum of the first group of a pattern over a text. */
function sum(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].reduce((total, [, number]) => total + Number(number), 0);
}

/** What each thread printed: its sequence numbers, in the order in which they came. */
function sequences(lines: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const line of lines) {
    const match = /^(\d+) (\d+)$/.exec(line);
    if (!match) continue;
    const [, thread = '', number] = match;
    const sequence = found.get(thread) ?? [];
    sequence.push(Number(number));
    found.set(thread, sequence);
  }
  return found;
}

/** Two threads, on two CPUs, print so many lines each. What is queued when a child ends counts, unlike after a signal. */
const storm = (each: number, flags: readonly string[] = []): Promise<RunResult> =>
  run(
    `${SMALL_RING} ${GETPPID} { @n[tid]++; printf("%d %d\\n", tid, @n[tid]); } END { clear(@n); }`,
    {
      flags: ['-c', `${WORKLOAD} comm storm threads 2 getppid ${each}`, ...flags],
      signal: 'none',
    },
  );

function expectOrdered(found: ReadonlyMap<string, readonly number[]>): void {
  expect(found.size).toBe(2);
  for (const sequence of found.values()) {
    expect(
      sequence.every((number, index) => index === 0 || number > (sequence[index - 1] ?? 0)),
    ).toBe(true);
  }
}

needs('root').describe('a storm of events', () => {
  it('[OUT-055] delivers what it does not count as lost, in the order of each CPU, as text', async () => {
    const { stdout, stderr, status } = await storm(150_000);
    const found = sequences(stdout.split('\n'));
    const delivered = [...found.values()].reduce((total, { length }) => total + length, 0);
    const lost = Number(/^WARNING: Total lost event count: (\d+)$/m.exec(stderr)?.[1] ?? 0);
    expect(delivered + lost).toBe(300_000);
    expect(sum(stderr, /^Lost (\d+) events$/gm)).toBe(lost);
    expect(sum(stderr, /^stdin:1:\d+-\d+: WARNING: (\d+) events of this place were lost/gm)).toBe(
      lost,
    );
    expectOrdered(found);
    expect(status).toBe(0);
  });

  it('[JSN-012] delivers what it does not count as lost, in the order of each CPU, as JSON', async () => {
    const { stdout, stderr } = await storm(150_000, ['-f', 'json', '-q']);
    const messages = stdout
      .split('\n')
      .slice(0, -1)
      .map(
        (line) =>
          JSON.parse(line) as { type: string; count?: number; data?: unknown; line?: number },
      );
    const lines = messages
      .filter(({ type }) => type === 'printf')
      .map(({ data }) => String(data).trimEnd());
    const losses = messages.filter(({ type }) => type === 'lost_events');
    const lost = losses.reduce((total, { count }) => total + (count ?? 0), 0);
    expect(lines.length + lost).toBe(300_000);
    for (const loss of losses) expect(loss).toMatchObject({ filename: 'stdin', line: 1 });
    expectOrdered(sequences(lines));
    expect(stderr).toBe('');
  });

  it('tells which place lost how much', async () => {
    // Nobody reads the ring while BEGIN runs: each place loses what comes after it is full.
    const { stdout, stderr } = await run(
      `config = { perf_rb_pages = 1 } BEGIN {
        for $i : 0..1000 { printf("a\\n"); }
        for $i : 0..500 { printf("b\\n"); print($i); } }`,
      { signal: 'none' },
    );
    const lost = (line: number, column: number): number =>
      sum(
        stderr,
        new RegExp(`^stdin:${line}:${column}-\\d+: WARNING: (\\d+) events of this place`, 'gm'),
      );
    expect(lost(2, 28) + (stdout.match(/^a$/gm)?.length ?? 0)).toBe(1000);
    expect([lost(3, 27), lost(3, 42)]).toEqual([500, 500]);
    expect(stderr).toMatch(/^Lost \d+ events$/m);
  });

  it('does not lose what print, clear and time ask for when the ring is full', async () => {
    const { stdout, stderr } = await run(
      `config = { perf_rb_pages = 1 } BEGIN {
        for $i : 0..1000 { printf("a\\n"); }
        @x = 5; @k[1] = 7; @s = count();
        print(@x); print(@k); clear(@x); zero(@k); print(@s); clear(@s); print(@s); time("time\\n"); }`,
      { signal: 'none' },
    );
    const [, behind = ''] = /^(?:a\n)+([\s\S]*)$/.exec(stdout) ?? [];
    expect(behind).toBe('@x: 5\n@k[1]: 7\n@s: 1\n@s: 0\ntime\n\n\n@k[1]: 0\n');
    const lost = Number(/Total lost event count: (\d+)/.exec(stderr)?.[1]);
    expect(lost + (stdout.match(/^a$/gm)?.length ?? 0)).toBe(1000);
  });

  it('counts prints that were merged as lost', async () => {
    const { stdout, stderr } = await run(
      `config = { perf_rb_pages = 1 } BEGIN { for $i : 0..1000 { printf("a\\n"); } for $i : 0..10 { print(@x); } @x = 1; }`,
      { signal: 'none' },
    );
    expect(stdout.match(/^@x: 1$/gm)).toHaveLength(2);
    expect(sum(stderr, /: WARNING: (\d+) events of this place/g)).toBe(
      1009 - (stdout.match(/^a$/gm)?.length ?? 0),
    );
  });
});

needs('root').describe('a storm of warnings', () => {
  it('takes no room from data, and is counted to the last', async () => {
    const { stdout, stderr } = await run(
      `let @m = hash(1); ${GETPPID} {
        @n++; @m[@n] = 1; if (@n % 100 == 0) { printf("%d\\n", @n); } } END { clear(@m); }`,
      { flags: ['-c', `${WORKLOAD} comm storm getppid 100000`], signal: 'none' },
    );
    expect(stderr).not.toContain('Lost');
    expect(stdout.match(/^\d+$/gm)).toHaveLength(1000);
    const told = stderr.match(/^stdin:2:\d+-\d+: WARNING: Map full/gm)?.length ?? 0;
    expect(told).toBeGreaterThanOrEqual(10);
    expect(told).toBeLessThan(100);
    const more = sum(
      stderr,
      /^stdin:2:\d+-\d+: WARNING: (\d+) more times: Map full; can't update/gm,
    );
    expect(told + more).toBe(99_999);
  });

  it('is counted by place, also in JSON', async () => {
    const script = `BEGIN { $zero = (uint64)0; if (pid == 0) { $zero = 1; }
      for $i : 0..50 { @a = 5 / $zero; @m[1] = 1; delete(@m, 7); } clear(@m); clear(@a); }`;
    const text = await run(script, { signal: 'none' });
    expect(text.stderr.match(/: WARNING: Divide or modulo by 0/g)).toHaveLength(10);
    expect(text.stderr.match(/: WARNING: Can't delete map element/g)).toHaveLength(10);
    expect(text.stderr.match(/^stdin:2:\d+-\d+: WARNING: 40 more times: /gm)).toHaveLength(2);
    const json = await run(script, { signal: 'none', flags: ['-f', 'json', '-q'] });
    const counts = json.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { type: string; count?: number });
    const of = (type: string) =>
      counts.filter((line) => line.type === type).reduce((all, { count = 1 }) => all + count, 0);
    expect([of('runtime_error'), of('helper_error')]).toEqual([50, 50]);
    const quiet = await run(script, { signal: 'none', flags: ['--no-warnings'] });
    expect(quiet.stderr).toBe('Attached 1 probe\n');
  });
});

needs('root').describe('print and clear of a map by one event', () => {
  const EACH = 200_000;
  const total = (text: string): number => sum(text, /^@n(?:\[\d+\])?: (\d+)$/gm);

  it.each([
    ['with keys', '@n[cpu] = count();'],
    ['with keys and plain values', '@n[tid]++;'],
    ['without keys', '@n = count();'],
  ])('count everything once: a map %s', async (_title, body) => {
    const { stdout } = await run(`${GETPPID} { ${body} } interval:ms:5 { print(@n); clear(@n); }`, {
      workload: `comm storm threads 2 getppid ${EACH}`,
    });
    expect(total(stdout)).toBe(2 * EACH);
    // A busy machine comes to few of them.
    expect(stdout.match(/^@n/gm)?.length).toBeGreaterThan(1);
  });
});
