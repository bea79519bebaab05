/** `x++`, `--x` on variables and maps, also as values. */
import type * as ast from '../syntax/ast.ts';
import { adviceOnTarget } from '../syntax/mistakes.ts';
import { asInteger } from '../types/integers.ts';
import { typeName } from '../types/names.ts';
import type { Type } from '../types/type.ts';
import { INT64, isAggregate, UINT64 } from '../types/type.ts';
import { intLiteral } from './conversion.ts';
import { flowIntoMap, mapValueType, resolveKey } from './maps.ts';
import { stepOf } from './pointers.ts';
import type { Typing } from './state.ts';
import { failed, isUnknown, unknown } from './state.ts';
import type { StepTarget, TypedExpression } from './typed.ts';
import { findVariable, flowStep, variableType } from './variables.ts';

/** Integers become 64 bits wide, of their own sign; pointers move by what they point to. */
export function typeStep(typing: Typing, node: ast.IncDec): TypedExpression {
  const { target, range } = node;
  if (target.kind === 'map') return stepMap(typing, node, target);
  if (target.kind !== 'variable') {
    return failed(
      typing,
      'assignment-target',
      `The ${node.operator} operator must be applied to a map or variable`,
      range,
      ...adviceOnTarget(target),
    );
  }
  const variable = findVariable(typing, target.name);
  if (!variable) {
    return failed(
      typing,
      'undefined-variable',
      `Undefined or undeclared variable: ${target.name}`,
      target.range,
    );
  }
  const type = variableType(typing, variable);
  const stepped = steppedType(typing, node, type);
  if (!stepped) return unknown(range);
  variable.assigned = true;
  if (stepped.kind !== 'pointer' && !flowStep(typing, variable, stepped, range)) {
    return unknown(range);
  }
  const place: StepTarget = { kind: 'variable', variable: variable.symbol };
  return step(typing, node, place, stepped, variable.fixed ?? stepped);
}

function stepMap(typing: Typing, node: ast.IncDec, target: ast.MapExpression): TypedExpression {
  const key = resolveKey(typing, target);
  if (key === 'failed') return unknown(node.range);
  const stepped = steppedType(typing, node, mapValueType(typing, target.name));
  if (!stepped) return unknown(node.range);
  if (stepped.kind !== 'pointer') {
    const flow = { type: stepped, flexible: true };
    if (!flowIntoMap(typing, target.name, flow, node.range)) return unknown(node.range);
  }
  return step(typing, node, { kind: 'map', map: target.name, key }, stepped, stepped);
}

/** The type that stepping gives a value of `type`; undefined after an error. */
function steppedType(typing: Typing, node: ast.IncDec, type: Type): Type | undefined {
  if (isUnknown(type)) {
    typing.round.sawUnknown = true;
    return typing.round.assume ? INT64 : undefined;
  }
  if (type.kind === 'pointer') return type;
  const integer = isAggregate(type) || type.kind === 'bool' ? undefined : asInteger(type);
  if (integer) return integer.signed ? INT64 : UINT64;
  failed(
    typing,
    'operand-type',
    `The ${node.operator} operator can not be used on expressions of type '${typeName(type)}'`,
    node.range,
  );
  return undefined;
}

function step(
  typing: Typing,
  node: ast.IncDec,
  target: StepTarget,
  stepped: Type,
  type: Type,
): TypedExpression {
  const { range } = node;
  const size = stepped.kind === 'pointer' ? stepOf(typing, stepped, range) : intLiteral(1n, range);
  return {
    kind: 'step',
    type,
    target,
    prefix: node.prefix,
    step: node.operator === '++' ? 1 : -1,
    size,
    range,
  };
}
