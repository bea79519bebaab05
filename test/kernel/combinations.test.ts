/** What is right by itself, together: predicates with `||`, choices of texts, and exit() while the ring is full. */
import { expect, it } from 'vitest';
import { mapEntries } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { run, WORKLOAD } from '../support/run.ts';

const NUMBERS = [...Array.from({ length: 8 }, (_, index) => index), 990, 991, -7, -5];
const CALLS = 'call 8 0 7 call 2 990 0 call 1 -7 0 call 1 -5 0';

needs('root').describe('predicates', () => {
  it('hold where one side of || does, whichever it is', async () => {
    const probe = `uprobe:${WORKLOAD}:workload_target`;
    const { stdout } = await run(
      `${probe} /arg0 == 5 || (int64)arg0 > 990 || (arg1 == 7 && arg0 < 3) || (int64)arg0 < -5/ { @mixed[(int64)arg0] = count(); }
       ${probe} /!(arg0 == 5 || arg0 == 6) && (arg1 == 0 || arg0 & 1)/ { @not[(int64)arg0] = count(); }
       ${probe} /(arg0 & 1 ? arg1 == 7 : arg1 == 0) || @seen++ < 0/ { @choice[(int64)arg0] = count(); }`,
      { workload: CALLS },
    );
    const keys = (name: string) =>
      mapEntries(stdout, name)
        .map(([key]) => Number(key))
        .sort((a, b) => a - b);
    const wanted = (holds: (number: number, second: number) => boolean) =>
      NUMBERS.filter((number, index) => holds(number, index < 8 ? 7 : 0)).sort((a, b) => a - b);
    expect(keys('@mixed')).toEqual(
      wanted((a, b) => a === 5 || a > 990 || (b === 7 && a >= 0 && a < 3) || a < -5),
    );
    expect(keys('@not')).toEqual(
      wanted((a, b) => a !== 5 && a !== 6 && (b === 0 || (a & 1) === 1)),
    );
    expect(keys('@choice')).toEqual(wanted((a, b) => (a & 1 ? b === 7 : b === 0)));
    expect(mapEntries(stdout, '@seen')).toEqual([['', NUMBERS.length - keys('@choice').length]]);
  });
});

needs('root').describe('choices', () => {
  it('are of literals, numbers and texts of other lengths on either side', async () => {
    const { stdout } = await run(
      `uprobe:${WORKLOAD}:workload_target /comm == "choices"/ {
         $n = (int64)arg0; $t = $n % 3 == 0 ? "zero" : $n % 3 == 1 ? "one, and longer" : comm;
         $x = $n < 0 ? -1 : 4294967296; $u = $n < 0 ? (uint64)18446744073709551615 : (uint64)$n;
         printf("%d %s %d %lld %llu %s\\n", $n, $t, strlen($t), $x, $u, ($n & 1 ? "" : "even"));
       }`,
      { workload: `comm choices ${CALLS}` },
    );
    const text = (n: number) =>
      n % 3 === 0 ? 'zero' : n % 3 === 1 ? 'one, and longer' : 'choices';
    expect(stdout.split('\n').slice(0, NUMBERS.length)).toEqual(
      NUMBERS.map((n) => {
        const [x, u] = n < 0 ? ['-1', '18446744073709551615'] : ['4294967296', `${n}`];
        return `${n} ${text(n)} ${text(n).length} ${x} ${u} ${n & 1 ? '' : 'even'}`;
      }),
    );
  });
});

needs('root').describe('exit() while the ring is full', () => {
  it('ends tracing with its status, and every event before it was printed or told as lost', async () => {
    const text = 'a text that fills a small ring soon, since it is as long as this one is. '.repeat(
      4,
    );
    const { stdout, stderr, status } = await run(
      `config = { perf_rb_pages = 1 }
       uprobe:${WORKLOAD}:workload_target { @made = count(); printf("%s%d\\n", "${text}", arg0); if (arg0 == 3000) { exit(7); } }`,
      { signal: 'none', flags: ['-c', `${WORKLOAD} call 20000 0 7`] },
    );
    expect(status).toBe(7);
    const [[, made] = ['', 0]] = mapEntries(stdout, '@made');
    // What comes while the loader learns of it is counted, too.
    expect(made).toBeGreaterThan(3000);
    const lines = stdout.split('\n').filter((line) => line.startsWith(text));
    const lost = Number(/Total lost event count: (\d+)/.exec(stderr)?.[1] ?? 0);
    // What stands in the ring behind it is not printed.
    expect(lines.length + lost).toBeGreaterThanOrEqual(3000);
    expect(lines.length + lost).toBeLessThanOrEqual(Number(made));
    expect(lost).toBeGreaterThan(0);
  });
});
