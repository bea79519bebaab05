/** Conversions: explicit nodes wherever a value changes its type, and the warnings that go with them. */
import { type Hint, inserting, replacing } from '../source/advice.ts';
import type { Range } from '../source/source.ts';
import { sameType } from '../types/equality.ts';
import { asInteger, fitsType, literalType, wrap } from '../types/integers.ts';
import type { Flexibility, Flow } from '../types/join.ts';
import { join, sameIgnoringSpace } from '../types/join.ts';
import { typeName } from '../types/names.ts';
import type { IntType, RecordType, Type } from '../types/type.ts';
import { BOOL, INT64, isFlavour, isScriptType } from '../types/type.ts';
import type { Typing } from './state.ts';
import { error, failed, isUnknown, warning } from './state.ts';
import type { TypedExpression, TypedInt } from './typed.ts';

/** A literal of the smallest type that holds it. */
export function intLiteral(value: bigint, range: Range): TypedInt {
  return { kind: 'int', type: literalType(value), value, flexible: value >= 0n, range };
}

/** Whether the running kernel may have another value for a literal. */
export function followsKernel({ enumerator, layout, atRunTime }: TypedInt): boolean {
  return enumerator !== undefined || layout !== undefined || atRunTime !== undefined;
}

/**
 * The size of a struct, or where a member (`leaf`) that the way of `indexes` and `names` leads to stands in it. That of
 * the script's own structs is fixed, but for flavours.
 */
export function layoutLiteral(
  value: number,
  struct: Type,
  indexes: readonly number[],
  range: Range,
  names: readonly string[] = [],
  leaf: Type = struct,
): TypedInt {
  const literal = intLiteral(BigInt(value), range);
  if (struct.kind !== 'struct' || (isScriptType(struct) && !isFlavour(struct))) return literal;
  return { ...literal, type: INT64, layout: { root: struct, indexes, path: names, leaf, value } };
}

export function boolLiteral(value: boolean, range: Range): TypedInt {
  return { kind: 'int', type: BOOL, value: value ? 1n : 0n, flexible: false, range };
}

/** Takes the sign of whatever it meets, without a warning. */
export function isFlexible(expression: TypedExpression): boolean {
  if (expression.kind === 'int') return expression.flexible;
  return expression.kind === 'parameter' || expression.kind === 'parameter-count';
}

/** What an expression contributes to a map, variable or key that it is stored to. */
export function flowOf(expression: TypedExpression): Flow {
  return { type: expression.type, flexible: flexibility(expression) };
}

function flexibility(expression: TypedExpression): Flexibility {
  switch (expression.kind) {
    case 'tuple':
      return expression.elements.map(flexibility);
    case 'record':
      return expression.fields.map((field) => flexibility(field.value));
    case 'conditional':
      return isFlexible(expression.then) && isFlexible(expression.else);
    default:
      return isFlexible(expression);
  }
}

/** The expression as a value of `type`; whether that makes sense has been checked. */
export function convert(expression: TypedExpression, type: Type): TypedExpression {
  if (isUnknown(type) || isUnknown(expression.type) || sameType(expression.type, type)) {
    return expression;
  }
  if (expression.kind === 'int') {
    if (type.kind === 'bool' && !followsKernel(expression))
      return boolLiteral(expression.value !== 0n, expression.range);
    const integer = type.kind === 'int' ? type : undefined;
    if (integer) return { ...expression, type: integer, value: wrap(expression.value, integer) };
  }
  if (expression.kind === 'string' && type.kind === 'string') return { ...expression, type };
  if (expression.kind === 'tuple' && type.kind === 'tuple') {
    const elements = expression.elements.map((element, index) =>
      convert(element, type.elements[index] ?? element.type),
    );
    return { ...expression, type, elements };
  }
  if (expression.kind === 'record' && type.kind === 'record')
    return convertRecord(expression, type);
  return { kind: 'cast', type, operand: expression, range: expression.range };
}

/** Fields are evaluated in the order in which they are written, whatever order the type has. */
function convertRecord(
  expression: Extract<TypedExpression, { readonly kind: 'record' }>,
  type: RecordType,
): TypedExpression {
  const typeOfField = new Map(type.fields.map((field) => [field.name, field.type]));
  const fields = expression.fields.map(({ name, value }) => ({
    name,
    value: convert(value, typeOfField.get(name) ?? value.type),
  }));
  const isInOrder = fields.every(({ name }, index) => name === type.fields[index]?.name);
  if (isInOrder) return { ...expression, type, fields };
  const own: RecordType = {
    kind: 'record',
    fields: fields.map(({ name, value }) => ({ name, type: value.type })),
  };
  const operand: TypedExpression = { ...expression, type: own, fields };
  return { kind: 'cast', type, operand, range: expression.range };
}

/** `convert`, with the warning that values of 64 unsigned bits become signed, or wider values narrow. */
export function convertStored(
  typing: Typing,
  expression: TypedExpression,
  type: Type,
): TypedExpression {
  const { type: from } = expression;
  if (from.kind === 'int' && type.kind === 'int' && !isFlexible(expression)) {
    const literal = expression.kind === 'int' && fitsType(expression.value, type);
    if (!literal && !contains(type, from)) warnOfCast(typing, expression, type);
  }
  return convert(expression, type);
}

function contains(outer: IntType, inner: IntType): boolean {
  if (outer.signed === inner.signed) return outer.size >= inner.size;
  return outer.signed && outer.size > inner.size;
}

export function warnOfCast(typing: Typing, expression: TypedExpression, to: Type): void {
  warning(
    typing,
    'implicit-cast',
    `Expression of type: ${typeName(expression.type)} being cast to type: ${typeName(to)}. This may cause unexpected results.`,
    expression.range,
    explicitCast(expression, to),
  );
}

/** Casts bind tighter than all operators but those that follow an operand. */
function explicitCast(expression: TypedExpression, to: Type): Hint {
  const hint = `Use an explicit cast, such as (${typeName(to)}), to silence this warning.`;
  return OPERANDS.has(expression.kind)
    ? inserting(hint, expression.range.start, `(${typeName(to)})`)
    : hint;
}

const OPERANDS: ReadonlySet<TypedExpression['kind']> = new Set([
  ...(['variable', 'map', 'call', 'function-call', 'parameter', 'parameter-count'] as const),
  ...(['member', 'index', 'element', 'tracepoint-field', 'context-argument', 'int'] as const),
]);

/** Integers (also bool, enums) as an integer of 64 bits; undefined for what is none. */
export function integerOperand(
  expression: TypedExpression,
): { readonly type: IntType; readonly flexible: boolean } | undefined {
  const type = asInteger(expression.type);
  // A bool is 0 or 1 and fits every integer type, as a flexible literal does.
  return type && { type, flexible: isFlexible(expression) || expression.type.kind === 'bool' };
}

/** The expression as condition of an if, a loop, a predicate or a logical operator. */
export function condition(typing: Typing, expression: TypedExpression): TypedExpression {
  const { type } = expression;
  if (isUnknown(type)) return expression;
  if (asInteger(type) || type.kind === 'pointer') return convert(expression, BOOL);
  return failed(
    typing,
    'invalid-condition',
    `Invalid condition: ${typeName(type)}`,
    expression.range,
    ...conditionAdvice(expression),
  );
}

function conditionAdvice(expression: TypedExpression): readonly Hint[] {
  if (expression.type.kind === 'string') return ['Compare it (with ""), or cast it with (bool).'];
  // `if (pid = 1)` is a record of one field.
  const [field] = expression.kind === 'record' ? expression.fields : [];
  if (!field) return [];
  const head = { start: expression.range.start + 1, end: field.value.range.start };
  return [
    replacing("Values are compared with '=='.", head, /^\s*\w+\s*=\s*$/, `${field.name} == `),
  ];
}

/** Converts to a type that is given (`let $x: T`, built-in arguments); undefined when that cannot be. */
export function assignable(
  typing: Typing,
  expression: TypedExpression,
  type: Type,
): TypedExpression | undefined {
  const from = expression.type;
  if (isUnknown(from) || isUnknown(type)) return expression;
  if (type.kind === 'int') {
    const integer = asInteger(from);
    if (!integer) return undefined;
    if (expression.kind === 'int' && from.kind === 'int' && !fitsType(expression.value, type)) {
      return undefined;
    }
    return convertStored(typing, expression, type);
  }
  if (type.kind === 'pointer' && from.kind === 'pointer') {
    const same =
      type.to.kind === 'void' || from.to.kind === 'void' || sameIgnoringSpace(type, from);
    return same ? convert(expression, type) : undefined;
  }
  if (type.kind === 'enum' && from.kind === 'int') return undefined;
  const joined = join({ type, flexible: false }, flowOf(expression));
  return joined && sameType(joined.type, type) ? convert(expression, type) : undefined;
}

/** An integer as int64 or uint64, by its own sign. */
export function widened(expression: TypedExpression): TypedExpression {
  const integer = asInteger(expression.type);
  if (!integer) return expression;
  return convert(expression, integer.signed ? INT64 : { ...integer, size: 8 });
}

/** Reports a value of a type that cannot be kept in a variable, key or tuple. */
export function storable(
  typing: Typing,
  expression: TypedExpression,
  place: 'assigned to a scratch variable' | 'assigned to a map' | 'used as a map key',
): boolean {
  const { type } = expression;
  if (isUnknown(type)) return true;
  if (type.kind === 'void') {
    error(typing, 'no-value', `Value 'none' cannot be ${place}`, expression.range);
    return false;
  }
  if (type.kind === 'context') {
    const message =
      place === 'used as a map key'
        ? 'context cannot be part of a map key'
        : `Value 'ctx' cannot be ${place}`;
    error(typing, 'no-value', message, expression.range);
    return false;
  }
  return true;
}
