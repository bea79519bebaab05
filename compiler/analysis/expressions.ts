/** Expressions: one line for each kind, and those that are too small for a file of their own. */
import type * as ast from '../syntax/ast.ts';
import { typeName } from '../types/names.ts';
import type { Type } from '../types/type.ts';
import { INT64, isAggregate, UINT64 } from '../types/type.ts';
import { wholeArgs } from './args.ts';
import { typeCall, typeIdentifier } from './calls.ts';
import { typeCast } from './casts.ts';
import { boolLiteral, intLiteral } from './conversion.ts';
import { typeField, typeIndex, typeTupleAccess } from './fields.ts';
import { typeStep } from './increments.ts';
import { literalParameter, numberOf } from './literal-parameters.ts';
import { readMap } from './maps.ts';
import { stringLiteral, typeBinary, typeTernary, typeUnary } from './operators.ts';
import { typeComptime, typeOffset, typeQuery } from './queries.ts';
import type { Typing } from './state.ts';
import { error, failed, isUnknown, unknown } from './state.ts';
import type { TypedExpression } from './typed.ts';
import { typeBlockValue, typeIfValue } from './values.ts';
import { readVariable } from './variables.ts';

/** The typed form of an expression that stands for a value. After an error its type is UNKNOWN. */
export function typeExpression(typing: Typing, expression: ast.Expression): TypedExpression {
  const { range } = expression;
  switch (expression.kind) {
    case 'integer':
      return intLiteral(expression.value, range);
    case 'string':
      return typeString(typing, expression);
    case 'bool':
      return boolLiteral(expression.value, range);
    case 'identifier':
      return asValue(typing, typeIdentifier(typing, expression));
    case 'variable':
      return readVariable(typing, expression);
    case 'map':
      return readMap(typing, expression);
    case 'parameter':
      return typeParameter(typing, expression);
    case 'parameter-count':
      return { kind: 'parameter-count', type: UINT64, range };
    case 'unary':
      return typeUnary(typing, expression);
    case 'binary':
      return typeBinary(typing, expression);
    case 'ternary':
      return typeTernary(typing, expression);
    case 'inc-dec':
      return typeStep(typing, expression);
    case 'cast':
      return typeCast(typing, expression);
    case 'call':
      return typeCall(typing, expression);
    case 'field':
      return typeField(typing, expression);
    case 'tuple-access':
      return typeTupleAccess(typing, expression);
    case 'index':
      return typeIndex(typing, expression);
    case 'tuple':
      return typeTuple(typing, expression);
    case 'record':
      return typeRecord(typing, expression);
    case 'sizeof':
    case 'typeinfo':
      return typeQuery(typing, expression);
    case 'offsetof':
      return typeOffset(typing, expression);
    case 'comptime':
      return typeComptime(typing, expression);
    case 'if-chain':
      return failed(
        typing,
        'nesting-depth',
        `An if with ${expression.links.length - 1} \`else if\` has no value`,
        expression.range,
        'Assign in its branches.',
      );
    case 'if':
      return typeIfValue(typing, expression);
    case 'block':
      return typeBlockValue(typing, expression);
  }
}

/** `args` by itself is a copy of all of them, as `*args` is. */
function asValue(typing: Typing, value: TypedExpression): TypedExpression {
  const holdsFields = value.kind === 'call' && value.traits.holdsFields === true;
  return holdsFields && value.type.kind === 'context'
    ? wholeArgs(typing, value, value.range)
    : value;
}

function typeParameter(typing: Typing, { index, range }: ast.Parameter): TypedExpression {
  typing.round.params.set(`${index} int`, { index, as: 'int' });
  const literal = literalParameter(typing, index);
  if (literal !== undefined) return numberOf(typing, literal, index, range);
  return { kind: 'parameter', type: INT64, index, range };
}

function typeString(typing: Typing, literal: ast.StringLiteral): TypedExpression {
  const { maxStrlen } = typing.round.config;
  if (literal.value.length > maxStrlen - 1) {
    error(
      typing,
      'string-too-long',
      `String is too long (over ${maxStrlen} bytes): ${literal.text}`,
      literal.range,
    );
    return unknown(literal.range);
  }
  return stringLiteral(literal.value, literal.range);
}

function typeTuple(typing: Typing, tuple: ast.Tuple): TypedExpression {
  const elements = tuple.elements.map((element) => typeExpression(typing, element));
  if (!elements.every((element) => fitsInside(typing, element, 'tuple'))) {
    return unknown(tuple.range);
  }
  const type: Type = { kind: 'tuple', elements: elements.map((element) => element.type) };
  return { kind: 'tuple', type, elements, range: tuple.range };
}

function typeRecord(typing: Typing, record: ast.Record): TypedExpression {
  const fields = record.fields.map((field) => ({
    name: field.name,
    value: typeExpression(typing, field.value),
  }));
  if (!fields.every((field) => fitsInside(typing, field.value, 'record'))) {
    return unknown(record.range);
  }
  const type: Type = {
    kind: 'record',
    fields: fields.map((field) => ({ name: field.name, type: field.value.type })),
  };
  return { kind: 'record', type, fields, range: record.range };
}

function fitsInside(typing: Typing, element: TypedExpression, holder: 'tuple' | 'record'): boolean {
  const { type } = element;
  if (isUnknown(type)) return false;
  if (isAggregate(type)) {
    error(
      typing,
      'map-value-use',
      `Map type ${typeName(type)} cannot exist inside a ${holder}.`,
      element.range,
    );
    return false;
  }
  if (type.kind === 'void' || type.kind === 'context') {
    error(
      typing,
      'no-value',
      `Value '${typeName(type)}' cannot be part of a ${holder}.`,
      element.range,
    );
    return false;
  }
  return true;
}
