/** `@m[k] = count()` and its siblings: the kinds, their arguments, and reading the result into other maps. */

import { MOST_HIST_BITS, MOST_LHIST_STEPS } from '../../linker/contract/types.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { sameSeries, sameType } from '../types/equality.ts';
import { asInteger } from '../types/integers.ts';
import { kindName } from '../types/names.ts';
import type { AggregateType, Type, TypeNumber } from '../types/type.ts';
import { INT64, isAggregate, isKnown, UINT64 } from '../types/type.ts';
import { pinned } from './assumptions.ts';
import { checkArity } from './calls.ts';
import { convert, isFlexible, widened } from './conversion.ts';
import { typeExpression } from './expressions.ts';
import { PARAMETER_IS_LATE, typeLiteral } from './literal-parameters.ts';
import { flowIntoMap, mapUse, mapValueType, resolveKey } from './maps.ts';
import { seriesType } from './series.ts';
import type { Typing } from './state.ts';
import { error, isUnknown } from './state.ts';
import type { TypedExpression, TypedStatement } from './typed.ts';

type Name = AggregateType['kind'];

interface Aggregation {
  /** Least and most arguments. */
  readonly arity: readonly [number, number];
  /** For the reference. */
  readonly use: string;
  readonly about: string;
}

/** The table of aggregations, which the reference shows. */
export const AGGREGATIONS: Readonly<Record<Name, Aggregation>> = {
  count: { arity: [0, 0], use: 'count()', about: 'How often this was reached.' },
  sum: { arity: [1, 1], use: 'sum(n)', about: 'The sum of all values.' },
  min: { arity: [1, 1], use: 'min(n)', about: 'The smallest value.' },
  max: { arity: [1, 1], use: 'max(n)', about: 'The largest value.' },
  avg: { arity: [1, 1], use: 'avg(n)', about: 'The average of all values, rounded towards 0.' },
  stats: { arity: [1, 1], use: 'stats(n)', about: 'Count, average and sum of all values.' },
  hist: {
    arity: [1, 2],
    use: 'hist(n[, bits])',
    about: `A histogram with a bucket for each power of two; with bits, a literal or positional parameter from 0 to ${MOST_HIST_BITS}, each is divided into 2 to the power of so many.`,
  },
  lhist: {
    arity: [4, 4],
    use: 'lhist(n, min, max, step)',
    about: `A histogram with buckets of one width from min to max, which are literals or positional parameters, and one for what is below and above. At most ${MOST_LHIST_STEPS} buckets.`,
  },
  tseries: {
    arity: [3, 4],
    use: 'tseries(n, interval, num[, aggregation])',
    about:
      'Values over time: the last num intervals of so many nanoseconds, in each the last value or its "avg", "max", "min" or "sum". May still change.',
  },
};

const known: ReadonlyMap<string, Aggregation> = new Map(Object.entries(AGGREGATIONS));

export const AGGREGATE_NAMES: readonly string[] = [...known.keys()];

export function isAggregateName(name: string): boolean {
  return known.has(name);
}

export function isAggregateCall(expression: ast.Expression): expression is ast.Call {
  if (expression.kind === 'call') return isAggregateName(expression.name);
  return false;
}

/** `@m[k] = sum(x)`; undefined after an error. */
export function typeAggregate(
  typing: Typing,
  target: ast.MapExpression,
  call: ast.Call,
  range: Range,
): TypedStatement | undefined {
  const arity = known.get(call.name)?.arity;
  if (!arity || !checkArity(typing, call, arity)) return undefined;
  const key = resolveKey(typing, target);
  if (key === 'failed') return undefined;
  const value = call.args.length > 0 ? typeSample(typing, call) : undefined;
  if (call.args.length > 0 && !value) return undefined;
  const type = aggregateType(typing, call, value, target.keys !== undefined);
  if (!type) return undefined;
  const different = difference(mapUse(typing, target.name).value?.type, type);
  if (different) {
    error(
      typing,
      'mixed-aggregations',
      `Different ${different} in a single map unsupported`,
      call.range,
    );
    return undefined;
  }
  const flow = { type, flexible: value !== undefined && isFlexible(value) };
  if (!flowIntoMap(typing, target.name, flow, call.range)) return undefined;
  const joined = mapValueType(typing, target.name);
  const aggregate = isAggregate(joined) && joined.kind === type.kind ? joined : type;
  return {
    kind: 'aggregate',
    map: target.name,
    key,
    aggregate,
    value: value && sampleFor(aggregate, value),
    range,
  };
}

/** What two aggregations of one kind cannot agree on. */
function difference(existing: Type | undefined, type: AggregateType): string | undefined {
  if (existing?.kind === 'hist' && type.kind === 'hist') {
    return sameType(existing, type) ? undefined : 'hist bits';
  }
  if (existing?.kind === 'lhist' && type.kind === 'lhist') {
    return sameType(existing, type) ? undefined : 'lhist bounds';
  }
  if (existing?.kind === 'tseries' && type.kind === 'tseries') {
    return sameSeries(existing, type) ? undefined : 'tseries bounds';
  }
  return undefined;
}

/** The first argument: what is aggregated. */
function typeSample(typing: Typing, call: ast.Call): TypedExpression | undefined {
  const [first] = call.args;
  if (!first) return undefined;
  if (first.kind === 'type-argument') {
    error(typing, 'type-as-value', `${call.name}() does not take a type as argument`, first.range);
    return undefined;
  }
  const value = typeExpression(typing, first);
  if (isUnknown(value.type)) return undefined;
  if (asInteger(value.type)) return value;
  error(
    typing,
    'argument-type',
    `${call.name}() only supports integer arguments (${kindName(value.type)} provided)`,
    value.range,
  );
  return undefined;
}

/** Histograms put a value where its own sign says; the others calculate in the map's sign. */
function sampleFor(aggregate: AggregateType, value: TypedExpression): TypedExpression {
  if (!('signed' in aggregate)) return widened(value);
  return convert(value, aggregate.signed ? INT64 : UINT64);
}

function aggregateType(
  typing: Typing,
  call: ast.Call,
  value: TypedExpression | undefined,
  keyed: boolean,
): AggregateType | undefined {
  const signed = (value && asInteger(value.type)?.signed) ?? true;
  switch (call.name) {
    case 'count':
      return { kind: 'count' };
    case 'sum':
    case 'min':
    case 'max':
    case 'avg':
    case 'stats':
      return { kind: call.name, signed };
    case 'hist': {
      if (!call.args[1]) return { kind: 'hist', bits: 0 };
      const bits = numberFor(typing, call, 1, {
        ...{ least: 0n, most: BigInt(MOST_HIST_BITS) },
        expects: `hist() bits must be between 0 and ${MOST_HIST_BITS}`,
      });
      return bits === undefined ? undefined : { kind: 'hist', bits };
    }
    case 'lhist':
      return linear(typing, call);
    case 'tseries':
      return seriesType(typing, call, signed, keyed, (index) => literal(typing, call, index));
    default:
      throw new Error(`not an aggregation: ${call.name}`);
  }
}

function linear(typing: Typing, call: ast.Call): AggregateType | undefined {
  const min = numberFor(typing, call, 1, EXACT);
  const max = numberFor(typing, call, 2, EXACT);
  const step = numberFor(typing, call, 3, { least: 1n, expects: 'lhist() step must be >= 1' });
  if (min === undefined || max === undefined || step === undefined) return undefined;
  const type = { kind: 'lhist', min, max, step } as const;
  // What the loader finds out about them, it holds to the same (loader/src/session/sizes.c).
  if (!isKnown(type)) return type;
  if (type.min >= type.max) {
    error(
      typing,
      'argument-value',
      `lhist() min must be less than max (provided min ${min} and max ${max})`,
      call.args[1]?.range ?? call.range,
    );
    return undefined;
  }
  const needed = Math.floor((type.max - type.min) / type.step);
  if (needed > MOST_LHIST_STEPS) {
    error(
      typing,
      'argument-value',
      `lhist() too many buckets, must be <= ${MOST_LHIST_STEPS} (would need ${needed})`,
      call.range,
    );
    return undefined;
  }
  return type;
}

interface Demand {
  readonly least?: bigint;
  readonly most?: bigint;
  /** A clause. */
  readonly expects: string;
}

/** What the manifest's JSON holds exactly. */
const EXACT: Demand = {
  ...{ least: -(2n ** 53n) + 1n, most: 2n ** 53n - 1n },
  expects: 'lhist() bounds must be below 2^53',
};

/** A literal, or a positional parameter, which the loader holds to the same demand. */
function numberFor(
  typing: Typing,
  call: ast.Call,
  index: number,
  { least, most, expects }: Demand,
): TypeNumber | undefined {
  const argument = call.args[index];
  const value =
    argument && argument.kind !== 'type-argument' ? typeLiteral(typing, argument) : undefined;
  if (value?.kind === 'parameter' && value.type.kind === 'int') {
    const { index: parameter, range } = value;
    typing.round.bounds.set(`${parameter} ${range.start} ${expects}`, {
      ...{ parameter, least, most, expects, range },
    });
    return { parameter };
  }
  const given = literal(typing, call, index, value);
  if (given === undefined) return undefined;
  if ((least ?? given) <= given && given <= (most ?? given)) return Number(given);
  const range = argument?.range ?? call.range;
  error(typing, 'argument-value', `${expects} (${given} provided)`, range);
  return undefined;
}

function literal(
  typing: Typing,
  call: ast.Call,
  index: number,
  known?: TypedExpression,
): bigint | undefined {
  const argument = call.args[index];
  if (!argument) return undefined;
  const value =
    argument.kind === 'type-argument' ? undefined : (known ?? typeLiteral(typing, argument));
  if (value?.kind === 'int') return isUnknown(value.type) ? undefined : pinned(typing, value);
  const provided = value ? `${kindName(value.type)} expression` : 'type';
  error(
    typing,
    'literal-required',
    `${call.name}() expects an integer literal (${provided} provided)`,
    argument.range,
    ...(value?.kind === 'parameter' ? [PARAMETER_IS_LATE] : []),
  );
  return undefined;
}
