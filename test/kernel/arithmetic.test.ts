/**
 * Integer arithmetic in the kernel beside an oracle of 64-bit arithmetic here: random expressions over values that
 * the compiler cannot know. The seed is fixed; a failing row shows its expression.
 */

import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

interface Int {
  readonly bits: 8 | 16 | 32 | 64;
  readonly signed: boolean;
}

/** An expression with its value and type as the language defines them. */
interface Term {
  readonly text: string;
  readonly value: bigint;
  readonly type: Int | 'bool';
}

const S64: Int = { bits: 64, signed: true };
const U64: Int = { bits: 64, signed: false };
const WIDTHS = [8, 16, 32, 64] as const;

function wrap(value: bigint, { bits, signed }: Int): bigint {
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

/** xorshift64: the same rows in every run. */
function generator(seed: bigint): () => bigint {
  let state = seed;
  return () => {
    state ^= BigInt.asUintN(64, state << 13n);
    state ^= state >> 7n;
    state ^= BigInt.asUintN(64, state << 17n);
    return state;
  };
}

const EDGES: readonly bigint[] = [
  0n,
  1n,
  2n,
  3n,
  7n,
  10n,
  63n,
  127n,
  128n,
  255n,
  32768n,
  65535n,
  2147483647n,
  2147483648n,
  4294967295n,
  9223372036854775807n,
  -9223372036854775808n,
  -2147483648n,
  -128n,
  -7n,
  -2n,
  -1n,
];

function wide(type: Int | 'bool'): Int {
  return type !== 'bool' && !type.signed ? U64 : S64;
}

/** A bool fits every integer type, so it takes the other side's sign. */
function common(a: Term, b: Term): Int {
  if (a.type === 'bool' && b.type === 'bool') return U64;
  if (a.type === 'bool') return wide(b.type);
  if (b.type === 'bool') return wide(a.type);
  return a.type.signed || b.type.signed ? S64 : U64;
}

const COMPARISONS: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

const ARITHMETIC: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '/': (a, b) => (b === 0n ? 1n : a / b),
  '%': (a, b) => (b === 0n ? 1n : a % b),
};

function binary(operator: string, a: Term, b: Term): Term {
  const text = `(${a.text} ${operator} ${b.text})`;
  if (operator === '&&' || operator === '||') {
    const value = operator === '&&' ? a.value && b.value : a.value || b.value;
    return { text, value: value ? 1n : 0n, type: 'bool' };
  }
  if (operator === '<<' || operator === '>>') {
    const type = wide(a.type);
    const count = b.value & 63n;
    return {
      text,
      value: wrap(operator === '<<' ? a.value << count : a.value >> count, type),
      type,
    };
  }
  const type = common(a, b);
  const left = wrap(a.value, type);
  const right = wrap(b.value, type);
  const compare = COMPARISONS[operator];
  if (compare) return { text, value: compare(left, right) ? 1n : 0n, type: 'bool' };
  const result = operator === '-' ? S64 : type;
  const value = ARITHMETIC[operator]?.(wrap(left, result), wrap(right, result)) ?? 0n;
  if (a.type === 'bool' && b.type === 'bool') return { text, value: value ? 1n : 0n, type: 'bool' };
  return { text, value: wrap(value, result), type: result };
}

const OPERATORS = [...Object.keys(COMPARISONS), ...Object.keys(ARITHMETIC), '<<', '>>', '&&', '||'];

interface Row {
  readonly variables: readonly string[];
  readonly term: Term;
}

/** A row of variables of random types and values, and an expression over them. */
function randomRow(random: () => bigint, index: number): Row {
  const pick = <T>(list: readonly [T, ...T[]] | readonly T[]): T => {
    const chosen = list[Number(random() % BigInt(list.length))];
    if (chosen === undefined) throw new Error('nothing to pick from');
    return chosen;
  };
  const variables: string[] = [];
  const leaf = (): Term => {
    const type: Int = { bits: pick(WIDTHS), signed: random() % 2n === 0n };
    const value = wrap(random() % 3n === 0n ? random() : pick(EDGES), type);
    const name = `$v${index}_${variables.length}`;
    const cast = `(${type.signed ? 'int' : 'uint'}${type.bits})`;
    // Added to a value that is 0 and not known to be, so that nothing can be folded.
    variables.push(`${name} = ${cast}($zero + (uint64)${BigInt.asUintN(64, value)});`);
    return { text: name, value, type };
  };
  const grow = (depth: number): Term => {
    if (depth === 0) return leaf();
    switch (random() % 8n) {
      case 0n: {
        const inner = grow(depth - 1);
        const type = wide(inner.type);
        const operator = pick(['-', '~'] as const);
        const result = operator === '-' ? S64 : type;
        const value = operator === '-' ? -inner.value : ~inner.value;
        return { text: `(${operator}${inner.text})`, value: wrap(value, result), type: result };
      }
      case 1n: {
        const inner = grow(depth - 1);
        const type: Int = { bits: pick(WIDTHS), signed: random() % 2n === 0n };
        const cast = `${type.signed ? 'int' : 'uint'}${type.bits}`;
        return { text: `((${cast})${inner.text})`, value: wrap(inner.value, type), type };
      }
      case 2n: {
        const inner = grow(depth - 1);
        return { text: `(!${inner.text})`, value: inner.value === 0n ? 1n : 0n, type: 'bool' };
      }
      case 3n:
        return depth > 1 ? binary(pick(OPERATORS), grow(depth - 1), leaf()) : leaf();
      default:
        return binary(pick(OPERATORS), grow(depth - 1), grow(depth - 1));
    }
  };
  return { variables, term: grow(3) };
}

/** A probe for so many rows, so that none runs out of stack. */
async function results(rows: readonly Row[], inOne = 1): Promise<readonly string[]> {
  const statements = rows.map(
    ({ variables, term }, index) =>
      `${variables.join(' ')} @[${index}] = (uint64)(int64)(${term.text});`,
  );
  const probes = Array.from(
    { length: Math.ceil(rows.length / inOne) },
    (_unused, part) =>
      `BEGIN { $zero = (uint64)$1; ${statements.slice(part * inOne, (part + 1) * inOne).join(' ')} }`,
  );
  const result = await run(`config = { max_map_keys = 8192 } ${probes.join('\n')}\nEND { }`, {
    parameters: ['0'],
    workload: () => {},
    settle: 0,
  });
  expect(result.stderr).not.toContain('ERROR');
  const printed = new Map(
    [...result.stdout.matchAll(/^@\[(\d+)\]: (\d+)$/gm)].map(([, key, value]) => [key, value]),
  );
  return rows.map((_row, index) => printed.get(String(index)) ?? 'nothing');
}

const TYPES: readonly Int[] = WIDTHS.flatMap((bits) => [
  { bits, signed: true },
  { bits, signed: false },
]);

/** The numbers at and beside the ends of a type, and some between. */
function endsOf({ bits, signed }: Int): readonly bigint[] {
  const most = signed ? (1n << BigInt(bits - 1)) - 1n : (1n << BigInt(bits)) - 1n;
  const least = signed ? -most - 1n : 0n;
  return [least, most, 0n, 1n, most - 1n, least + 1n, signed ? -1n : 64n, 7n];
}

/** A variable that holds a value which the compiler cannot know, with the statement that sets it. */
function unknownTerm(
  name: string,
  type: Int,
  value: bigint,
): Term & { readonly statement: string } {
  const cast = `(${type.signed ? 'int' : 'uint'}${type.bits})`;
  const statement = `${name} = ${cast}($zero + (uint64)${BigInt.asUintN(64, value)});`;
  return { text: name, value, type, statement };
}

/** Each operator for a pair of types, with other ends for each operator and each pair. */
function rowsOfPair(left: Int, right: Int, pair: number): readonly Row[] {
  const [lefts, rights] = [endsOf(left), endsOf(right)];
  return OPERATORS.map((operator, index): Row => {
    const turn = index + pair;
    const a = unknownTerm(`$a${index}`, left, lefts[turn % 8] ?? 0n);
    const b = unknownTerm(`$b${index}`, right, rights[(3 * turn + index) % 8] ?? 0n);
    return { variables: [a.statement, b.statement], term: binary(operator, a, b) };
  });
}

/** Rows with the script of each that gave something else than the model. */
function wrongOf(rows: readonly Row[], got: readonly string[]): readonly unknown[] {
  return rows.flatMap(({ variables, term }, index) => {
    const expected = BigInt.asUintN(64, term.value).toString();
    return got[index] === expected
      ? []
      : [{ script: `${variables.join(' ')} ${term.text}`, expected, got: got[index] }];
  });
}

needs('root').describe('arithmetic', () => {
  it('of each operator between each two types agrees at their ends', async () => {
    const pairs = TYPES.flatMap((left) => TYPES.map((right) => [left, right] as const));
    const rows = pairs.flatMap(([left, right], pair) => rowsOfPair(left, right, pair));
    expect(rows.length).toBe(64 * OPERATORS.length);
    expect(wrongOf(rows, await results(rows, OPERATORS.length))).toEqual([]);
  });

  for (const seed of [1n, 2n, 3n, 4n]) {
    it(`[TYP-008] [TYP-010] [TYP-014] [TYP-018] agrees with 64-bit arithmetic, seed ${seed}`, async () => {
      const random = generator((seed * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn);
      const rows = Array.from({ length: 100 }, (_unused, index) => randomRow(random, index));
      const got = await results(rows);
      expect(wrongOf(rows, got)).toEqual([]);
    });
  }

  it('the smallest integer divided by -1 wraps, as in every two’s complement', async () => {
    const term = (text: string, value: bigint): Row => ({
      variables: [
        '$m = (int64)($zero + (uint64)9223372036854775808);',
        '$n = (int64)($zero + (uint64)18446744073709551615);',
      ],
      term: { text, value, type: S64 },
    });
    const rows = [
      term('$m / $n', -(1n << 63n)),
      term('$m % $n', 0n),
      term('$m / -1', -(1n << 63n)),
    ];
    expect(await results(rows)).toEqual(
      rows.map(({ term: { value } }) => BigInt.asUintN(64, value).toString()),
    );
  });
});
