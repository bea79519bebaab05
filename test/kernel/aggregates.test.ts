/** Aggregations on two CPUs, with and without keys, over numbers of both signs and all sizes, beside a model. */
import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { run, WORKLOAD } from '../support/run.ts';

/** Calls of a traced function: `count` of them with `first`, `first + 1`, ... on a CPU. */
interface Burst {
  readonly cpu: 0 | 1;
  readonly count: number;
  readonly first: bigint;
}

const BURSTS: readonly Burst[] = [
  { cpu: 0, count: 1, first: 0n },
  { cpu: 1, count: 40, first: -20n },
  { cpu: 0, count: 33, first: 1n << 40n },
  { cpu: 1, count: 9, first: (1n << 63n) - 9n },
  { cpu: 0, count: 5, first: -(1n << 63n) + 1n },
  { cpu: 1, count: 300, first: 900n },
  { cpu: 0, count: 7, first: -130n },
  { cpu: 1, count: 3, first: 65_534n },
];
const VALUES: readonly bigint[] = BURSTS.flatMap(({ count, first }) =>
  Array.from({ length: count }, (_, index) => first + BigInt(index)),
);

type Group = readonly bigint[];
/** What one aggregation says of the numbers that it was given, as text. */
type Model = (numbers: Group) => unknown;

const signed = (value: bigint): bigint => BigInt.asIntN(64, value);
const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);
const total = (numbers: Group): bigint => numbers.reduce((sum, one) => sum + one, 0n);
const sorted = (numbers: Group): Group => numbers.toSorted((a, b) => (a < b ? -1 : 1));
const least = (numbers: Group): bigint => sorted(numbers)[0] ?? 0n;
const most = (numbers: Group): bigint => sorted(numbers).at(-1) ?? 0n;

/** Non-empty buckets by their lower ends, in order. */
function buckets(numbers: Group, lower: (value: bigint) => bigint): string {
  const counts = new Map<bigint, number>();
  for (const value of numbers) counts.set(lower(value), (counts.get(lower(value)) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([from, count]) => `${from}:${count}`)
    .join(' ');
}

/** The lower end of a value's bucket of hist(x, bits): all negative numbers are in one, which has none. */
function powerOf(bits: number): (value: bigint) => bigint {
  return (value) => {
    if (value < 0n) return -1n;
    const length = value.toString(2).length;
    if (length <= bits + 1) return value;
    const shift = BigInt(length - bits - 1);
    return (value >> shift) << shift;
  };
}

const AGGREGATIONS: Readonly<Record<string, { readonly text: string; readonly is: Model }>> = {
  count: { text: 'count()', is: (all) => `${all.length}` },
  sum: { text: 'sum($s)', is: (all) => `${signed(total(all.map(signed)))}` },
  usum: { text: 'sum($u)', is: (all) => `${unsigned(total(all.map(unsigned)))}` },
  min: { text: 'min($s)', is: (all) => `${least(all.map(signed))}` },
  max: { text: 'max($s)', is: (all) => `${most(all.map(signed))}` },
  umin: { text: 'min($u)', is: (all) => `${least(all.map(unsigned))}` },
  umax: { text: 'max($u)', is: (all) => `${most(all.map(unsigned))}` },
  avg: {
    text: 'avg($n)',
    is: (all) => `${total(all.map((one) => BigInt.asIntN(32, one))) / BigInt(all.length)}`,
  },
  stats: {
    text: 'stats($n)',
    is: (all) => {
      const sum = total(all.map((one) => BigInt.asIntN(32, one)));
      return `${all.length} ${sum / BigInt(all.length)} ${sum}`;
    },
  },
  hist: { text: 'hist($s)', is: (all) => buckets(all.map(signed), powerOf(0)) },
  hist5: { text: 'hist($s, 5)', is: (all) => buckets(all.map(signed), powerOf(5)) },
  // It takes signed numbers, whatever it is given.
  uhist: { text: 'hist($u, 2)', is: (all) => buckets(all.map(signed), powerOf(2)) },
  lhist: {
    text: 'lhist($s, -100, 1000, 7)',
    is: (all) =>
      buckets(all.map(signed), (value) => {
        if (value < -100n) return -101n;
        // The last bucket has no upper end, and begins where the last whole step ends.
        return value > 999n ? 999n : value - ((value + 100n) % 7n);
      }),
  },
};

/** By no key, by the lowest bits, and by a text. */
const KEYS: Readonly<Record<string, readonly [text: string, of: (value: bigint) => string]>> = {
  all: ['', () => ''],
  low: ['[$u & 3]', (value) => `${unsigned(value) & 3n}`],
  text: [
    '[$s < 0 ? "below" : "zero or above", (uint8)($u & 1)]',
    (value) => `${value < 0n ? 'below' : 'zero or above'},${unsigned(value) & 1n}`,
  ],
};

const SCRIPT = `
uprobe:${WORKLOAD}:workload_target /comm == "aggregates"/ {
  $s = (int64)arg0; $u = (uint64)arg0; $n = (int32)arg0;
  ${Object.entries(AGGREGATIONS)
    .flatMap(([name, { text }]) =>
      Object.entries(KEYS).map(([by, [key]]) => `@${name}_${by}${key} = ${text};`),
    )
    .join('\n  ')}
}`;

interface Bucket {
  readonly min?: number | string;
  readonly max?: number | string;
  readonly count: number;
}

/** A printed value in the words of the model. */
function inWords(value: unknown): unknown {
  if (Array.isArray(value))
    return (value as readonly Bucket[])
      .filter(({ count }) => count > 0)
      .map(({ min, max, count }) => `${BigInt(min ?? max ?? 0)}:${count}`)
      .join(' ');
  if (typeof value === 'object' && value !== null) {
    const { count, average, total: sum } = value as Readonly<Record<string, unknown>>;
    return `${count} ${average} ${sum}`;
  }
  return `${value}`;
}

function printed(stdout: string): Readonly<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const line of stdout.split('\n')) {
    if (!line.includes('"@')) continue;
    const { data } = JSON.parse(line) as { readonly data: Readonly<Record<string, unknown>> };
    for (const [name, value] of Object.entries(data)) {
      if (name.endsWith('_all')) found[name] = inWords(value);
      else
        for (const [key, one] of Object.entries(value as object))
          found[`${name} ${key}`] = inWords(one);
    }
  }
  return found;
}

function modelled(): Readonly<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const [name, { is }] of Object.entries(AGGREGATIONS))
    for (const [by, [, of]] of Object.entries(KEYS))
      for (const key of new Set(VALUES.map(of)))
        found[`@${name}_${by}${by === 'all' ? '' : ` ${key}`}`] = is(
          VALUES.filter((value) => of(value) === key),
        );
  return found;
}

needs('root').describe('aggregations', () => {
  it('of many numbers on two CPUs are what arithmetic says', async () => {
    const { stdout, stderr, status } = await run(SCRIPT, {
      workload: [
        'comm aggregates',
        ...BURSTS.map(({ cpu, count, first }) => `pin ${cpu} call ${count} ${first} 0`),
      ].join(' '),
      flags: ['-q', '-f', 'json'],
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(printed(stdout)).toEqual(modelled());
  });
});
