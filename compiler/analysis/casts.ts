/** Explicit casts `(T)e`. */
import { replacing } from '../source/advice.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { sameType } from '../types/equality.ts';
import { asInteger } from '../types/integers.ts';
import { layoutOf } from '../types/layout.ts';
import { typeName } from '../types/names.ts';
import { UNSIZED } from '../types/reference.ts';
import type { ArrayType, EnumType, Type } from '../types/type.ts';
import { isAggregate, UINT64 } from '../types/type.ts';
import { addressOf } from './addresses.ts';
import { convert } from './conversion.ts';
import { typeExpression } from './expressions.ts';
import { spaceOf } from './fields.ts';
import { inSpace, readFrom } from './pointers.ts';
import type { Typing } from './state.ts';
import { error, failed, isUnknown, unknown, warning } from './state.ts';
import { resolveType } from './type-references.ts';
import type { TypedExpression } from './typed.ts';

export function typeCast(typing: Typing, cast: ast.Cast): TypedExpression {
  const { range } = cast;
  const operand = typeExpression(typing, cast.operand);
  const to = resolveType(typing, cast.type);
  if (!to || isUnknown(to) || isUnknown(operand.type)) return unknown(range);
  const from = operand.type;
  // What no description has is of the type that the script says.
  if (operand.kind === 'member' && operand.member.undescribed && to.kind !== 'void') {
    const type = readFrom(to, spaceOf(typing, operand.base));
    const member = { ...operand.member, type, undescribed: 'cast' as const };
    return { ...operand, type, member, range };
  }
  if (to.kind === 'struct') {
    return failed(
      typing,
      'invalid-cast',
      `Cannot cast from "${typeName(from)}" to "${typeName(to)}"`,
      range,
      replacing(
        `Cast to a pointer and dereference it: *(${typeName(to)} *)`,
        parenthesised(cast),
        /^\(.*\)$/s,
        `*(${typeName(to)} *)`,
      ),
    );
  }
  if (sameType(from, to) && operand.kind !== 'int') {
    if (!isCustomary(operand)) {
      warning(
        typing,
        'unnecessary-cast',
        `Unnecessary cast: expression is already of type ${typeName(to)}`,
        cast.type.range,
        replacing(undefined, parenthesised(cast), /^\(.*\)$/s, ''),
      );
    }
    return { ...operand, range };
  }
  // An array is the address of its first element, as in C.
  const decays = to.kind === 'pointer' && (from.kind === 'array' || from.kind === 'string');
  const value = (decays && addressOf(typing, operand, operand.range)) || operand;
  const target = castTarget(typing, value, to, cast);
  if (!target) return unknown(range);
  return { kind: 'cast', type: target, operand: prepared(value, target), range };
}

/** The type with its parentheses, if nothing stands between them. */
function parenthesised({ range, type }: ast.Cast): Range {
  return { start: range.start, end: type.range.end + 1 };
}

/**
 * Casts that say what is so anyway, but have a reason: `(int64)@c` reads an aggregate, and some built-ins were
 * integers once.
 */
function isCustomary(operand: TypedExpression): boolean {
  return (
    operand.kind === 'map' || (operand.kind === 'call' && operand.traits.customaryCast === true)
  );
}

/** The complete type of the result; undefined after an error. */
function castTarget(
  typing: Typing,
  operand: TypedExpression,
  to: Type,
  cast: ast.Cast,
): Type | undefined {
  const from = operand.type;
  const integer = asInteger(from);
  switch (to.kind) {
    case 'bool':
      if (integer || from.kind === 'pointer' || from.kind === 'string') return to;
      break;
    case 'int':
      if (integer || from.kind === 'pointer' || from.kind === 'ksym') return to;
      if (from.kind === 'array' && from.element.kind === 'int') {
        if (layoutOf(from).size === to.size) return to;
      }
      break;
    case 'enum':
      if (integer) return checkVariant(typing, operand, to, cast) ? to : undefined;
      break;
    case 'pointer':
      if (from.kind === 'context') return inSpace({ ...to, space: 'kernel' }, 'kernel');
      // A pointer keeps its space; an integer gets the probe's.
      if (from.kind === 'pointer') return inSpace({ ...to, space: from.space }, from.space);
      if (integer || from.kind === 'ksym') return inSpace(to, typing.probe.space);
      break;
    case 'array':
      if (integer || from.kind === 'string') return arrayTarget(typing, from, to, cast);
      break;
    case 'string':
      if (from.kind === 'string') {
        if (to.size === UNSIZED) return from;
        if (to.size >= from.size) return to;
      }
      break;
    default:
      break;
  }
  error(
    typing,
    'invalid-cast',
    `Cannot cast from "${typeName(from)}" to "${isAggregate(to) ? typeName(to) : describe(to)}"`,
    cast.range,
  );
  return undefined;
}

function describe(type: Type): string {
  return type.kind === 'array' && type.count === 0 ? `${typeName(type.element)}[]` : typeName(type);
}

/** A literal cast to an enum has to be one of its values. */
function checkVariant(
  typing: Typing,
  operand: TypedExpression,
  to: EnumType,
  cast: ast.Cast,
): boolean {
  if (operand.kind !== 'int') return true;
  const variants = typing.round.kernel.types.enumerators(to.id);
  if (variants.some(([, value]) => value === operand.value)) return true;
  error(
    typing,
    'invalid-cast',
    `${typeName(to)} does not have a variant with value ${operand.value}`,
    cast.range,
  );
  return false;
}

/** `(uint8[8])x`, `(int8[])"text"`: the sizes have to agree, an empty pair of brackets takes what fits. */
function arrayTarget(typing: Typing, from: Type, to: ArrayType, cast: ast.Cast): Type | undefined {
  const element = to.element.kind === 'int' ? to.element : undefined;
  if (!element || (from.kind === 'string' && element.size !== 1)) {
    error(
      typing,
      'invalid-cast',
      `Cannot cast from "${typeName(from)}" to "${describe(to)}"`,
      cast.range,
    );
    return undefined;
  }
  const size = layoutOf(from).size;
  if (to.count === 0) {
    if (size % element.size === 0) return { ...to, count: size / element.size };
    error(
      typing,
      'invalid-cast',
      `The number of elements of "${describe(to)}" cannot be determined: ${size} bytes are not a multiple of ${element.size}`,
      cast.range,
    );
    return undefined;
  }
  const total = element.size * to.count;
  const fits =
    from.kind === 'string' ? total >= size : total === size || (total > size && total <= 8);
  if (fits) return to;
  error(
    typing,
    'invalid-cast',
    `Cannot cast from "${typeName(from)}" to "${describe(to)}": ${size} bytes do not make ${total}`,
    cast.range,
  );
  return undefined;
}

/** Integers that become pointers or arrays are widened by their own sign first. */
function prepared(operand: TypedExpression, target: Type): TypedExpression {
  const integer = asInteger(operand.type);
  if (target.kind === 'pointer' && integer) return convert(operand, UINT64);
  return operand;
}
