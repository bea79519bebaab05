/** The arguments of `tseries(n, interval, num[, aggregation])`. */
import { type Advice, replacing } from '../source/advice.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { KEYLESS, tooLongForHash } from '../types/series.ts';
import type { SeriesAggregation, SeriesType } from '../types/type.ts';
import type { Typing } from './state.ts';
import { error } from './state.ts';
import { allowUnstable } from './unstable.ts';

const MOST_INTERVALS = 1_000_000n;

const NAMED: readonly SeriesAggregation[] = ['avg', 'max', 'min', 'sum'];

/** The type of the series; undefined after an error. `literal` reads an argument that is an integer literal. */
export function seriesType(
  typing: Typing,
  call: ast.Call,
  signed: boolean,
  keyed: boolean,
  literal: (index: number) => bigint | undefined,
): SeriesType | undefined {
  if (!allowUnstable(typing.round, 'tseries', call.nameRange)) return undefined;
  const at = (index: number): Range => call.args[index]?.range ?? call.range;
  const interval = literal(1);
  const count = literal(2);
  if (interval === undefined || count === undefined) return undefined;
  if (interval < 1n) {
    error(
      typing,
      'argument-value',
      `tseries() interval_ns must be >= 1 (${interval} provided)`,
      at(1),
    );
    return undefined;
  }
  if (interval > BigInt(Number.MAX_SAFE_INTEGER)) {
    error(
      typing,
      'argument-value',
      `tseries() interval_ns must be below 2^53 (${interval} provided)`,
      at(1),
    );
    return undefined;
  }
  if (count < 1n || count > MOST_INTERVALS) {
    const limit = count < 1n ? '>= 1' : `<= ${MOST_INTERVALS}`;
    error(
      typing,
      'argument-value',
      `tseries() num_intervals must be ${limit} (${count} provided)`,
      at(2),
    );
    return undefined;
  }
  const aggregation = aggregationOf(typing, call);
  if (aggregation === undefined) return undefined;
  const type: SeriesType = {
    kind: 'tseries',
    signed,
    aggregation,
    interval: Number(interval),
    count: Number(count),
  };
  const problem = keyed ? tooLongForHash(type) : undefined;
  if (problem === undefined) return type;
  error(typing, 'map-size', problem, at(2), KEYLESS);
  return undefined;
}

function aggregationOf(typing: Typing, call: ast.Call): SeriesAggregation | undefined {
  const argument = call.args[3];
  if (argument === undefined) return 'last';
  const named = argument.kind === 'string' ? argument.value : undefined;
  const found = NAMED.find((name) => name === named);
  if (found) return found;
  const provided = named === undefined ? 'something else' : `"${named}"`;
  error(
    typing,
    'argument-value',
    `tseries() expects one of the following aggregation functions: ${NAMED.join(', ')} (${provided} provided)`,
    argument.range,
    ...quoted(argument),
    'Write it as a text: "avg". Without it, the last value of each interval is kept.',
  );
  return undefined;
}

/** `avg` => `"avg"` */
function quoted(argument: ast.Call['args'][number]): readonly Advice[] {
  const name =
    argument.kind === 'identifier' ? NAMED.find((each) => each === argument.name) : undefined;
  return name === undefined ? [] : [replacing(undefined, argument.range, name, `"${name}"`)];
}
