/** Which map becomes which picture, and that pictures say the numbers that were printed. */
import { describe, expect, it } from 'vitest';
import { percentileText, quantile } from '../../../compiler/drawing/buckets.ts';
import { isProblem, type Problem } from '../../../compiler/drawing/findings.ts';
import { page } from '../../../compiler/drawing/page.ts';
import { type Picture, type PictureOptions, pictures } from '../../../compiler/drawing/pictures.ts';
import { readFindings } from '../../../compiler/drawing/read.ts';

const PLAIN: PictureOptions = { icicle: false, sum: false, increments: false };

function tried(text: string, options: Partial<PictureOptions> = {}): readonly Picture[] | Problem {
  const findings = readFindings(Buffer.from(text));
  return isProblem(findings) ? findings : pictures(findings.maps, { ...PLAIN, ...options });
}

function drawn(text: string, options: Partial<PictureOptions> = {}): readonly Picture[] {
  const made = tried(text, options);
  if (isProblem(made)) throw new Error(made.problem);
  return made;
}

/** What a chart says where the mouse is. */
const tips = (picture: Picture | undefined): readonly string[] =>
  picture?.kind === 'chart'
    ? [...picture.svg.matchAll(/<title>([^<]*)<\/title>/g)].map(([, tip]) => tip ?? '')
    : [];

const HISTOGRAM = (name: string, a: number, b: number): string =>
  `@${name}:\n[1]   ${a} |@@ |\n[2, 4)   ${b} |@@ |\n\n`;

describe('a histogram', () => {
  it('has a bar for each bucket, with its share, and percentiles as buckets', () => {
    const [chart] = drawn(HISTOGRAM('h', 1, 3));
    expect(tips(chart)).toEqual(['1: 1 (25.0%)', '[2, 3]: 3 (75.0%)']);
    expect(chart?.kind === 'chart' && chart.svg).toContain('4 values, p50 in [2, 3]');
  });

  it('that was printed several times is a heat map, too', () => {
    const text = `${HISTOGRAM('h', 1, 0)}x\n${HISTOGRAM('h', 1, 2)}x\n${HISTOGRAM('h', 5, 2)}`;
    expect(tips(drawn(text)[0])).toEqual([
      'print 1, 1: 1',
      'print 2, 1: 1',
      'print 2, [2, 3]: 2',
      'print 3, 1: 5',
      'print 3, [2, 3]: 2',
    ]);
    expect(tips(drawn(text, { increments: true })[0])).toEqual([
      'print 1, 1: 1',
      'print 2, [2, 3]: 2',
      'print 3, 1: 4',
    ]);
  });

  it('that was emptied between two prints has what is in it as what came since', () => {
    const text = `${HISTOGRAM('h', 5, 0)}x\n${HISTOGRAM('h', 2, 3)}`;
    expect(tips(drawn(text, { increments: true })[0])).toEqual([
      'print 1, 1: 5',
      'print 2, 1: 2',
      'print 2, [2, 3]: 3',
    ]);
  });

  it('has its percentiles in the buckets where they are', () => {
    const buckets = [
      { high: -1, count: 1 },
      { low: 0, high: 0, count: 0 },
      { low: 1, high: 1, count: 98 },
      { low: 2, count: 1 },
    ];
    expect([0.01, 0.5, 0.99, 0.999].map((part) => quantile(buckets, part))).toEqual([
      buckets[0],
      buckets[2],
      buckets[2],
      buckets[3],
    ]);
    expect(percentileText([])).toBe('0 values');
  });
});

describe('numbers', () => {
  it('are bars, the greatest first, exact also where a double is not', () => {
    const [chart] = drawn('@[a]: 5\n@[b]: 18446744073709551615\n@[c]: -7\n');
    expect(tips(chart)).toEqual(['b: 18,446,744,073,709,551,615', 'a: 5', 'c: -7']);
  });

  it('that were printed several times are lines, by time where it is known', () => {
    const line = (boot: number, a: number): string =>
      JSON.stringify({
        type: 'map',
        boot,
        name: '@',
        key_types: [{ kind: 'string' }],
        data: [{ key: ['a'], value: a }],
      });
    const [lines, bars] = drawn([line(1e9, 4), line(3.5e9, 6)].join('\n'));
    expect(tips(lines)).toEqual(['a, +0.00 s: 4', 'a, +2.50 s: 6']);
    expect(tips(bars)).toEqual(['a: 6']);
  });
});

describe('a series', () => {
  it('is a line over its intervals', () => {
    const points = [1, 2].map((second) => ({
      interval_start: `2026-01-31 12:00:0${second}.000000000`,
      value: second * 10,
    }));
    const [chart] = drawn(JSON.stringify({ type: 'tseries', data: { '@t': points } }));
    expect(tips(chart)).toEqual([
      '2026-01-31 12:00:01.000000000: 10',
      '2026-01-31 12:00:02.000000000: 20',
    ]);
  });
});

describe('stacks', () => {
  const counts = (picture: Picture | undefined): readonly number[] =>
    picture?.kind === 'flame' ? picture.tree.count : [];

  it('are those of the last print, or of all', () => {
    const text = '@[\n  a\n]: 1\nx\n@[\n  a\n]: 5\n';
    expect(counts(drawn(text)[0])).toEqual([5, 5]);
    expect(counts(drawn(text, { sum: true })[0])).toEqual([6, 6]);
  });

  it('of the other input are those of the same map', () => {
    const [graph] = drawn('@a[\n  x\n]: 1\n', {
      before: [
        { name: '@b', prints: [] },
        {
          name: '@a',
          prints: [
            { rows: [], stacks: [{ frames: [{ name: 'x', kind: 'user' }], count: 9, line: 1 }] },
          ],
        },
      ],
    });
    expect(graph?.kind === 'flame' && graph.tree.before).toEqual([9, 9]);
  });
});

it('what has no map with numbers is refused', () => {
  expect(tried('@x: word\n')).toMatchObject({ problem: expect.stringContaining('nothing') });
});

it('a page runs its own code alone, and shows the script', () => {
  const html = page(drawn('@[\n  <b>\n]: 1\n@</script>: 1\n'.replace('@</script>', '@x')), {
    title: '<title>',
    script: 'BEGIN { printf("<script>"); }',
  });
  expect(html.match(/<script>/g)).toHaveLength(1);
  expect(html).toMatch(/script-src &#39;sha256-[A-Za-z0-9+/=]{44}&#39;/);
  expect(html).toContain('BEGIN { printf(&quot;&lt;script&gt;&quot;); }');
});
