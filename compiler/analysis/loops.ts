/** `for` over ranges and maps, `while`, `unroll`. */
import { MOST_ROUNDS } from '../../linker/contract/limits.ts';
import type * as ast from '../syntax/ast.ts';
import { aggregateValue, promote } from '../types/integers.ts';
import { typeName } from '../types/names.ts';
import type { Type } from '../types/type.ts';
import { BOOL, INT64, isAggregate, isCastable, UINT64 } from '../types/type.ts';
import { pinned } from './assumptions.ts';
import {
  condition,
  convert,
  integerOperand,
  intLiteral,
  isFlexible,
  warnOfCast,
} from './conversion.ts';
import { typeExpression } from './expressions.ts';
import { mapSymbol } from './maps.ts';
import { node as binaryNode } from './operators.ts';
import type { Loop, Typing, Variable } from './state.ts';
import { error, innerScope, isUnknown, warning } from './state.ts';
import { typeBody } from './statements.ts';
import type { TypedBlock, TypedExpression, TypedStatement } from './typed.ts';
import { declare, findVariable } from './variables.ts';

function inLoop(typing: Typing, kind: Loop['kind']): Typing {
  return { ...innerScope(typing), loops: [{ kind, returns: undefined }, ...typing.loops] };
}

export function typeWhile(typing: Typing, node: ast.While): TypedStatement {
  warning(
    typing,
    'while-loop',
    'While loops are deprecated and will be removed in the future.',
    { start: node.range.start, end: node.condition.range.end },
    'Use a for loop over a range instead: for $i : 0..10 { ... }',
  );
  const test = condition(typing, typeExpression(typing, node.condition));
  const { block } = typeBody(inLoop(typing, 'while'), node.body);
  return { kind: 'while', condition: test, body: block, range: node.range };
}

const MOST_UNROLLED = 100n;

export function typeUnroll(typing: Typing, node: ast.Unroll): TypedStatement | undefined {
  const count = typeExpression(typing, node.count);
  const { block } = typeBody(inLoop(typing, 'unroll'), node.body);
  if (isUnknown(count.type)) return undefined;
  const { range } = node.count;
  if (count.kind === 'parameter') return countedByParameter(typing, node, count, block);
  if (count.kind !== 'int') {
    error(typing, 'unroll-count', 'invalid unroll value: an integer literal is expected', range);
    return undefined;
  }
  if (count.value > MOST_UNROLLED) {
    error(typing, 'unroll-count', `unroll maximum value is ${MOST_UNROLLED}`, range);
    return undefined;
  }
  if (count.value < 1n) {
    error(typing, 'unroll-count', 'unroll minimum value is 1', range);
    return undefined;
  }
  return { kind: 'unroll', count: Number(pinned(typing, count)), body: block, range: node.range };
}

/**
 * `unroll($1) { body }` => `{ $n = 0; while ($n < $1) { $n = $n + 1; body } }`: the number is known when the
 * program is loaded, so the kernel's verifier does the unrolling.
 */
function countedByParameter(
  typing: Typing,
  { range }: ast.Unroll,
  limit: TypedExpression,
  body: TypedBlock,
): TypedStatement {
  const counter = declare(innerScope(typing), 'unroll', range, { fixed: INT64 });
  const { symbol } = counter;
  const value: TypedExpression = { kind: 'variable', type: INT64, variable: symbol, range };
  const next = binaryNode('+', INT64, value, intLiteral(1n, range), range);
  const assign = (to: TypedExpression): TypedStatement => ({
    kind: 'assign-variable',
    variable: symbol,
    value: convert(to, INT64),
    range,
  });
  counter.assigned = true;
  const statements: readonly TypedStatement[] = [
    assign(intLiteral(0n, range)),
    {
      kind: 'while',
      condition: binaryNode('<', BOOL, value, limit, range),
      body: { kind: 'block', statements: [assign(next), body], range },
      range,
    },
  ];
  return { kind: 'block', statements, range };
}

export function typeFor(typing: Typing, node: ast.For): TypedStatement | undefined {
  return node.over.kind === 'range'
    ? typeForRange(typing, node, node.over)
    : typeForMap(typing, node, node.over);
}

/** Both bounds as int64, or as uint64 when one is unsigned and none signed. */
function typeForRange(
  typing: Typing,
  node: ast.For,
  over: { readonly from: ast.Expression; readonly to: ast.Expression },
): TypedStatement | undefined {
  const from = typeBound(typing, over.from, 'start');
  const to = typeBound(typing, over.to, 'end');
  const a = integerOperand(from);
  const b = integerOperand(to);
  const promoted = a && b && promote(a, b);
  const type = promoted && !promoted.type.signed ? UINT64 : INT64;
  for (const bound of promoted?.lossy ? [from, to] : []) {
    if (bound.type.kind === 'int' && !bound.type.signed && !isFlexible(bound)) {
      warnOfCast(typing, bound, type);
    }
  }
  if (from.kind === 'int' && to.kind === 'int' && to.value - from.value > MOST_ROUNDS)
    error(
      typing,
      'loop-rounds',
      `The range has ${to.value - from.value} rounds; one loop of BPF has at most ${MOST_ROUNDS}`,
      over.to.range,
      'Put a loop into another one.',
    );
  const inner = inLoop(typing, 'for');
  const variable = declareLoopVariable(inner, node, type);
  const { block } = typeBody(inner, node.body);
  if (!variable || !promoted) return undefined;
  return {
    kind: 'for-range',
    variable: variable.symbol,
    from: convert(from, type),
    to: convert(to, type),
    body: block,
    range: node.range,
  };
}

function typeBound(typing: Typing, bound: ast.Expression, which: 'start' | 'end'): TypedExpression {
  const value = typeExpression(typing, bound);
  if (!isUnknown(value.type) && !integerOperand(value)) {
    error(
      typing,
      'loop-range',
      `Loop range requires an integer for the ${which} value, found ${typeName(value.type)}`,
      value.range,
    );
  }
  return value;
}

/** The variable is the tuple (key, value). */
function typeForMap(
  typing: Typing,
  node: ast.For,
  over: ast.MapExpression,
): TypedStatement | undefined {
  const type = over.keys ? elementsOfIndexed(typing, over) : elementType(typing, over);
  const inner = inLoop(typing, 'for');
  const variable = declareLoopVariable(inner, node, type);
  const { block } = typeBody(inner, node.body);
  if (!variable || !type) return undefined;
  return {
    kind: 'for-map',
    variable: variable.symbol,
    map: over.name,
    body: block,
    range: node.range,
  };
}

function elementsOfIndexed(typing: Typing, over: ast.MapExpression): undefined {
  error(
    typing,
    'loop-map',
    `Loop expression has to be a map without a key: ${over.name}`,
    over.range,
  );
  return undefined;
}

function elementType(typing: Typing, over: ast.MapExpression): Type | undefined {
  const map = mapSymbol(typing, over.name, over.range);
  if (!map) return undefined;
  if (!map.key) {
    error(
      typing,
      'loop-map',
      `${over.name} has no explicit keys (scalar map), and cannot be used for iteration`,
      over.range,
    );
    return undefined;
  }
  if (isAggregate(map.value) && !isCastable(map.value)) {
    error(
      typing,
      'loop-map',
      `Loop expression does not support type: ${typeName(map.value)}`,
      over.range,
    );
    return undefined;
  }
  const value = isAggregate(map.value) ? aggregateValue(map.value) : map.value;
  return { kind: 'tuple', elements: [map.key, value] };
}

function declareLoopVariable(
  typing: Typing,
  node: ast.For,
  type: Type | undefined,
): Variable | undefined {
  const { name, range } = node.variable;
  if (findVariable(typing, name)) {
    error(typing, 'shadowing', `Loop declaration shadows existing variable: ${name}`, range);
    return undefined;
  }
  const variable = declare(typing, name, range, { fixed: type });
  variable.assigned = true;
  return variable;
}
