/** `=`, `op=` and `let`, on variables and maps. */

import { inserting } from '../source/advice.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { adviceOnTarget } from '../syntax/mistakes.ts';
import { typeName } from '../types/names.ts';
import { UNSIZED } from '../types/reference.ts';
import type { Type } from '../types/type.ts';
import { isAggregate, isCastable } from '../types/type.ts';
import { isAggregateCall, typeAggregate } from './aggregates.ts';
import { condition, convertStored, flowOf, storable } from './conversion.ts';
import { typeExpression } from './expressions.ts';
import { flowIntoMap, mapValueType, readMap, resolveKey } from './maps.ts';
import { binary } from './operators.ts';
import type { Typing } from './state.ts';
import { error, innerScope, isUnknown } from './state.ts';
import { typeStatements } from './statements.ts';
import { resolveDeclared } from './type-references.ts';
import type { TypedBlock, TypedExpression, TypedStatement } from './typed.ts';
import {
  assignTo,
  assignVariable,
  checkShadowing,
  declare,
  readVariable,
  variableType,
} from './variables.ts';

export function typeAssign(typing: Typing, assign: ast.Assign): TypedStatement | undefined {
  const { target, value, range } = assign;
  if (target.kind === 'variable') {
    return assignVariable(typing, target, newValue(typing, assign, target), range);
  }
  if (target.kind === 'map') {
    return assign.operator === '='
      ? assignMap(typing, target, value, range)
      : updateMap(typing, target, assign);
  }
  if (target.kind === 'tuple-access' || target.kind === 'field') {
    error(
      typing,
      'immutable-value',
      'Tuples and records are immutable once created. Fields of structs cannot be assigned either.',
      target.range,
      'Create a new one and assign that to the variable or map.',
    );
  } else {
    error(
      typing,
      'assignment-target',
      'invalid assignment target',
      target.range,
      'Only variables and maps can be assigned to.',
      ...adviceOnTarget(target),
    );
  }
  return undefined;
}

/** `$x op= e` means `$x = $x op e`. */
function newValue(typing: Typing, assign: ast.Assign, target: ast.Variable): TypedExpression {
  const operator = operatorOf(assign);
  if (!operator) return typeExpression(typing, assign.value);
  const left = readVariable(typing, target);
  const right = typeExpression(typing, assign.value);
  return binary(typing, operator, left, right, assign.range);
}

const OPERATORS: Readonly<Record<ast.AssignOperator, ast.BinaryOperator | undefined>> = {
  '=': undefined,
  '<<=': '<<',
  '>>=': '>>',
  '+=': '+',
  '-=': '-',
  '*=': '*',
  '/=': '/',
  '%=': '%',
  '&=': '&',
  '|=': '|',
  '^=': '^',
};

function operatorOf(assign: ast.Assign): ast.BinaryOperator | undefined {
  return OPERATORS[assign.operator];
}

/** `@m[k] op= e`: one key node serves the read and the write. A missing element counts as 0. */
function updateMap(
  typing: Typing,
  target: ast.MapExpression,
  assign: ast.Assign,
): TypedStatement | undefined {
  const operator = operatorOf(assign);
  const key = resolveKey(typing, target);
  if (key === 'failed' || !operator) return undefined;
  const type = mapValueType(typing, target.name);
  if (isUnknown(type)) typing.round.sawUnknown = true;
  const left: TypedExpression = {
    kind: 'map',
    type: isAggregate(type) ? typeOfAggregate(typing, target, type) : type,
    map: target.name,
    key,
    range: target.range,
  };
  const right = typeExpression(typing, assign.value);
  const value = binary(typing, operator, left, right, assign.range);
  return storeMap(typing, target.name, key, value, assign.range);
}

/** Reading decides (and complains) about aggregates as in any expression. */
function typeOfAggregate(typing: Typing, target: ast.MapExpression, type: Type): Type {
  const read = readMap(typing, target);
  return isUnknown(read.type) ? read.type : isAggregate(type) ? read.type : type;
}

/** `@m[k] = e`, where `e` may be an aggregation, or a block or if that ends in one. */
function assignMap(
  typing: Typing,
  target: ast.MapExpression,
  value: ast.Expression,
  range: Range,
): TypedStatement | undefined {
  if (isAggregateCall(value)) return typeAggregate(typing, target, value, range);
  if (endsInAggregate(value)) return distribute(typing, target, value, range);
  const key = resolveKey(typing, target);
  const typed = typeExpression(typing, value);
  if (key === 'failed') return undefined;
  if (value.kind === 'map' && !isCopyable(typing, target.name, value)) return undefined;
  return storeMap(typing, target.name, key, typed, range);
}

/** `@a = @b` with an aggregate `@b` needs to be told that `@a` is to hold an integer. */
function isCopyable(typing: Typing, target: string, value: ast.MapExpression): boolean {
  const type = mapValueType(typing, value.name);
  if (!isAggregate(type) || !isCastable(type)) return true;
  const known = mapValueType(typing, target);
  if (!isUnknown(known) && !isAggregate(known)) return true;
  error(
    typing,
    'map-value-use',
    `Map value '${typeName(type)}' cannot be assigned from one map to another.`,
    value.range,
    inserting(
      `Cast it to an integer: ${target} = (int64)${value.name}${value.keys ? '[...]' : ''}`,
      value.range.start,
      '(int64)',
    ),
  );
  return false;
}

function storeMap(
  typing: Typing,
  map: string,
  key: TypedExpression | undefined,
  value: TypedExpression,
  range: Range,
): TypedStatement | undefined {
  if (isUnknown(value.type) || !storable(typing, value, 'assigned to a map')) return undefined;
  if (!flowIntoMap(typing, map, flowOf(value), value.range)) return undefined;
  const converted = convertStored(typing, value, mapValueType(typing, map));
  return { kind: 'assign-map', map, key, value: converted, range };
}

function endsInAggregate(expression: ast.Expression): expression is ast.Block | ast.If {
  if (expression.kind === 'block') {
    const { tail } = expression;
    return tail !== undefined && (isAggregateCall(tail) || endsInAggregate(tail));
  }
  if (expression.kind !== 'if') return false;
  return (
    endsInAggregate(expression.then) ||
    (expression.else !== undefined && endsInAggregate(expression.else))
  );
}

/** `@ = if (c) { sum(1) } else { sum(2) }` => `if (c) { @ = sum(1) } else { @ = sum(2) }` */
function distribute(
  typing: Typing,
  target: ast.MapExpression,
  value: ast.Expression,
  range: Range,
): TypedStatement | undefined {
  if (value.kind === 'block') return distributeBlock(typing, target, value, range);
  if (value.kind !== 'if') return assignMap(typing, target, value, range);
  const test = condition(typing, typeExpression(typing, value.condition));
  const then = distributeBlock(typing, target, value.then, range);
  const rest = value.else && distribute(typing, target, value.else, range);
  if (!rest) {
    if (!value.else)
      error(typing, 'missing-else', 'An if that is used as a value needs an else', value.range);
    return undefined;
  }
  const otherwise: TypedBlock =
    rest.kind === 'block' ? rest : { kind: 'block', statements: [rest], range: rest.range };
  return { kind: 'if', condition: test, then, else: otherwise, range };
}

function distributeBlock(
  typing: Typing,
  target: ast.MapExpression,
  block: ast.Block,
  range: Range,
): TypedBlock {
  const inner = innerScope(typing);
  const { statements } = typeStatements(inner, block.statements);
  if (!block.tail) {
    error(
      typing,
      'no-value',
      "Block has no value: its last expression must not end with ';'",
      block.range,
    );
  }
  const last = block.tail && assignMap(inner, target, block.tail, range);
  return {
    kind: 'block',
    statements: last ? [...statements, last] : statements,
    range: block.range,
  };
}

/** All forms of `let`. */
export function typeLet(typing: Typing, statement: ast.Let): readonly TypedStatement[] {
  const { variable, range } = statement;
  const type = statement.type && resolveDeclared(typing, statement.type);
  const value = statement.value && typeExpression(typing, statement.value);
  if (!checkShadowing(typing, variable.name, variable.range)) return [];
  const unsized =
    type && (type.kind === 'string' || type.kind === 'buffer') && type.size === UNSIZED;
  const declared = declare(typing, variable.name, variable.range, {
    fixed: unsized ? undefined : type,
    bare: !value,
  });
  if (unsized) {
    // Takes the size of what is assigned, but nothing that is no string.
    typing.round.variables.set(declared.key, { type: { ...type, size: 1 }, flexible: false });
  }
  if (value) {
    const assigned = assignTo(typing, declared, value, range);
    return assigned ? [assigned] : [];
  }
  const zero = zeroOf(variableType(typing, declared), range);
  return zero ? [{ kind: 'assign-variable', variable: declared.symbol, value: zero, range }] : [];
}

/** What a variable holds before it is assigned. */
function zeroOf(type: Type, range: Range): TypedExpression | undefined {
  if (isUnknown(type)) return undefined;
  if (type.kind === 'int' || type.kind === 'bool') {
    return { kind: 'int', type, value: 0n, flexible: false, range };
  }
  if (type.kind === 'string') return { kind: 'string', type, value: '', range };
  return { kind: 'zero', type, range };
}
