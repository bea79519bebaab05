/** Aggregations on two CPUs, with and without keys, over numbers of both signs and all sizes, beside a model. */
import { expect, it } from 'vitest';
import { AGGREGATIONS, mapsInWords, unsigned } from '../support/aggregates.ts';
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
  $s = (int64)arg0; $u = (uint64)arg0;
  ${Object.entries(AGGREGATIONS)
    .flatMap(([name, { call }]) =>
      Object.entries(KEYS).map(([by, [key]]) => `@${name}_${by}${key} = ${call('$s')};`),
    )
    .join('\n  ')}
}`;

function modelled(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, { is }] of Object.entries(AGGREGATIONS))
    for (const [by, [, of]] of Object.entries(KEYS))
      for (const key of new Set(VALUES.map(of)))
        found.set(
          `@${name}_${by}${by === 'all' ? '' : `[${key}]`}`,
          is(VALUES.filter((value) => of(value) === key)),
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
    expect(mapsInWords(stdout)).toEqual(modelled());
  });
});
