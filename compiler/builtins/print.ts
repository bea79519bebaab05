/** print: values are sent as they are, maps are read by the loader when it handles the event. */
import { readPrintable } from '../analysis/arguments.ts';
import type { AnalysisScope, BuiltinUse } from '../analysis/builtin.ts';
import {
  type AtLoad,
  atLoad,
  expression,
  type Literal,
  number,
  optional,
} from '../analysis/parameters.ts';
import type * as ast from '../syntax/ast.ts';
import { typeName } from '../types/names.ts';
import { hasBuckets, VOID } from '../types/type.ts';
import { type Analysed, type Builtin, defineBuiltin, typed } from './builtin.ts';
import { argument } from './use.ts';

/** Of a map: how many of the largest entries, and what their values are divided by. */
interface Plan {
  readonly top?: number;
  readonly div?: number;
  /** Of which positional parameter it is the value. */
  readonly topParam?: number;
  readonly divParam?: number;
}

const WHOLE: Plan = {};

type Limit = Literal<bigint> | AtLoad | undefined;

function planOf(top: Limit, div: Limit): Plan {
  return {
    ...(top && ('parameter' in top ? { topParam: top.parameter } : { top: Number(top.value) })),
    ...(div && ('parameter' in div ? { divParam: div.parameter } : { div: Number(div.value) })),
  };
}

function printMap(
  { name, range }: ast.MapExpression,
  limits: { readonly top: Limit; readonly div: Limit },
  use: BuiltinUse,
  scope: AnalysisScope,
): Analysed<Plan> | undefined {
  const map = scope.map(name, range);
  if (map === undefined) return undefined;
  const ignored = map.value.kind === 'stats' && limits.top !== undefined;
  if (ignored)
    scope.warning('ignored-argument', 'print() ignores top and div for stats() maps', use.range);
  if (scope.inLoop) {
    scope.warning(
      'map-in-loop',
      `print(${map.name}) in a loop shows the map as it is once the event is handled`,
      use.range,
      'Print the values of the loop instead.',
    );
  }
  const plan = ignored ? WHOLE : planOf(limits.top, limits.div);
  return typed(VOID, { map: map.name, traits: { onMap: 'prints' }, plan });
}

/** An element, which the loader could not combine from all CPUs. */
function isWholeOnly(
  { name, range }: ast.MapExpression,
  scope: AnalysisScope,
): boolean | undefined {
  const map = scope.map(name, range);
  if (map === undefined) return undefined;
  if (map.value.kind !== 'stats' && !hasBuckets(map.value)) return false;
  scope.error(
    'map-value-use',
    `Map type ${typeName(map.value)} cannot print the value of individual keys`,
    range,
    `Print the whole map: print(${map.name}).`,
  );
  return true;
}

/** The loader counts entries, and divides, in 32 bits. */
const MOST = (1n << 32n) - 1n;

export const print: Builtin = defineBuiltin({
  name: 'print',
  traits: { onlyPrints: true, needsLoader: 'Use printf with a conversion for each value.' },
  parameters: {
    value: expression('a value or a map'),
    top: optional(atLoad(number(0n, MOST))),
    div: optional(atLoad(number(0n, MOST))),
  },
  summary: 'Prints a value, a map or an element of one; print(@m, top, div) the largest entries.',
  analyse({ value: given, top, div }, use, scope): Analysed<Plan> | undefined {
    if (given.kind === 'map' && given.keys === undefined)
      return printMap(given, { top, div }, use, scope);
    if (given.kind === 'map' && isWholeOnly(given, scope) !== false) return undefined;
    if (top !== undefined) {
      scope.error(
        'argument-count',
        given.kind === 'map'
          ? 'print() of a single element takes no further arguments'
          : `print() takes top and div for maps only (${use.args.length} arguments given)`,
        use.range,
      );
      return undefined;
    }
    const value = readPrintable(scope.expression(given));
    if (value.type.kind === 'void') {
      scope.error('no-value', 'print() can not print none', given.range);
      return undefined;
    }
    return typed(VOID, { args: [value], plan: WHOLE });
  },
  lower(call, lowering) {
    if (call.map === undefined) {
      lowering.emitValues({ kind: 'print-value', range: call.range }, [argument(call, 0)]);
      return undefined;
    }
    lowering.emit(
      {
        kind: 'print-map',
        fields: [],
        map: call.map,
        range: call.range,
        ...(call.then === undefined ? {} : { then: call.then }),
        ...call.plan,
      },
      () => {},
    );
    return undefined;
  },
});
