/** A model of aggregations: what each of them says of the numbers that it was given, and what JSON prints of it. */
import type { Random } from './random.ts';

export type Group = readonly bigint[];

export const signed = (value: bigint): bigint => BigInt.asIntN(64, value);
export const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);
const short = (value: bigint): bigint => BigInt.asIntN(32, value);
const total = (numbers: Group): bigint => numbers.reduce((sum, one) => sum + one, 0n);
const sorted = (numbers: Group): Group => numbers.toSorted((a, b) => (a < b ? -1 : 1));
const least = (numbers: Group): bigint => sorted(numbers)[0] ?? 0n;
const most = (numbers: Group): bigint => sorted(numbers).at(-1) ?? 0n;
const mean = (numbers: Group): bigint => total(numbers) / BigInt(numbers.length);

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

/** The same of lhist(x, min, max, step). The last bucket has no upper end, and begins where the last whole step ends. */
function stepOf(min: bigint, max: bigint, step: bigint): (value: bigint) => bigint {
  const end = min + ((max - min) / step) * step;
  return (value) => {
    if (value < min) return min - 1n;
    return value >= end ? end : value - ((value - min) % step);
  };
}

/** An aggregation, without the map that it stands in. */
export interface Aggregation {
  /** Its call, for a number of 64 bits as text. */
  readonly call: (number: string) => string;
  /** What is printed of the numbers that it was given, in the words of `inWords`. */
  readonly is: (numbers: Group) => string;
  /** What the script reads of it, where it may. */
  readonly reads?: (numbers: Group) => bigint;
}

function read(call: (number: string) => string, reads: (numbers: Group) => bigint): Aggregation {
  return { call, reads, is: (numbers) => `${reads(numbers)}` };
}

function histogram(bits: number): Aggregation {
  return {
    call: (number) => (bits === 0 ? `hist(${number})` : `hist(${number}, ${bits})`),
    is: (all) => buckets(all.map(signed), powerOf(bits)),
  };
}

function linear(min: bigint, max: bigint, step: bigint): Aggregation {
  return {
    call: (number) => `lhist(${number}, ${min}, ${max}, ${step})`,
    is: (all) => buckets(all.map(signed), stepOf(min, max, step)),
  };
}

export const AGGREGATIONS: Readonly<Record<string, Aggregation>> = {
  count: read(
    () => 'count()',
    (all) => BigInt(all.length),
  ),
  sum: read(
    (number) => `sum(${number})`,
    (all) => signed(total(all)),
  ),
  usum: read(
    (number) => `sum((uint64)${number})`,
    (all) => unsigned(total(all)),
  ),
  min: read(
    (number) => `min(${number})`,
    (all) => least(all.map(signed)),
  ),
  max: read(
    (number) => `max(${number})`,
    (all) => most(all.map(signed)),
  ),
  umin: read(
    (number) => `min((uint64)${number})`,
    (all) => least(all.map(unsigned)),
  ),
  umax: read(
    (number) => `max((uint64)${number})`,
    (all) => most(all.map(unsigned)),
  ),
  avg: read(
    (number) => `avg((int32)${number})`,
    (all) => mean(all.map(short)),
  ),
  uavg: read(
    (number) => `avg((uint32)${number})`,
    (all) => mean(all.map((one) => BigInt.asUintN(32, one))),
  ),
  stats: {
    call: (number) => `stats((int32)${number})`,
    is: (all) => `${all.length} ${mean(all.map(short))} ${total(all.map(short))}`,
  },
  hist: histogram(0),
  hist5: histogram(5),
  // It takes signed numbers, whatever it is given.
  uhist: { ...histogram(2), call: (number) => `hist((uint64)${number}, 2)` },
  lhist: linear(-100n, 1000n, 7n),
  lhist1: linear(0n, 20n, 1n),
};

/** What an aggregation of a random program is kept by. */
type By = 'none' | 'low' | 'text' | 'both';

/** An aggregation in a map of a random program, in whose name `NAME` is replaced. */
export interface Aggregate extends Aggregation {
  readonly name: string;
  readonly by: By;
}

export function randomAggregate(random: Random, index: number): Aggregate {
  const all = Object.values(AGGREGATIONS);
  const aggregation = all[random.below(all.length)];
  if (!aggregation) throw new Error('there are aggregations');
  const by = random.pick<By>(['none', 'none', 'low', 'text', 'both']);
  return { ...aggregation, by, name: `@g${index}_NAME` };
}

/** A key, in the script or as JSON prints it. */
export function keyText({ by }: Aggregate, number: string, text: string): string {
  return { none: '', low: number, text, both: `${text},${number}` }[by];
}

interface Bucket {
  readonly min?: number | string;
  readonly max?: number | string;
  readonly count: number;
}

/** Maps as JSON prints them: each value in the words of the model, by `@name` or `@name[key]`. */
export function mapsInWords(stdout: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    if (!line.includes('"@')) continue;
    const { data } = JSON.parse(line) as { readonly data: Readonly<Record<string, unknown>> };
    for (const [name, value] of Object.entries(data)) {
      if (isKeyed(value))
        for (const [key, one] of Object.entries(value)) found.set(`${name}[${key}]`, inWords(one));
      else found.set(name, inWords(value));
    }
  }
  return found;
}

/** Whether a value of JSON is a map with keys, and not what stats() says. */
function isKeyed(value: unknown): value is object {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !('average' in value)
  );
}

/** A value of JSON in the words of the model. */
function inWords(value: unknown): string {
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
