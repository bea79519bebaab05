/** `sizeof`, `offsetof`, `comptime`: what the compiler itself answers. */
import type * as ast from '../syntax/ast.ts';
import { layoutOf } from '../types/layout.ts';
import { typeName } from '../types/names.ts';
import type { Type } from '../types/type.ts';
import { intLiteral } from './conversion.ts';
import { typeExpression } from './expressions.ts';
import type { Typing } from './state.ts';
import { failed, isUnknown, unknown } from './state.ts';
import { typeOf } from './type-references.ts';
import type { TypedExpression } from './typed.ts';

export function typeQuery(typing: Typing, query: ast.TypeQuery): TypedExpression {
  if (query.kind === 'typeinfo') {
    return failed(typing, 'typeinfo() is not supported yet', query.range);
  }
  const type = typeOf(typing, query.of);
  if (!type || isUnknown(type)) return unknown(query.range);
  if (type.kind === 'context') {
    return failed(typing, `${typeName(type)} has no size`, query.range);
  }
  return intLiteral(BigInt(sizeOf(type)), query.range);
}

/** An enum is 8 bytes as a script's value, but sizeof asks for C's. */
function sizeOf(type: Type): number {
  return type.kind === 'enum' ? type.size : layoutOf(type).size;
}

export function typeOffset(typing: Typing, query: ast.OffsetOf): TypedExpression {
  const type = typeOf(typing, query.of);
  if (!type || isUnknown(type)) return unknown(query.range);
  let current: Type = type.kind === 'pointer' ? type.to : type;
  let bits = 0;
  for (const name of query.path) {
    if (current.kind !== 'struct') {
      return failed(
        typing,
        `Can not access field '${name}' on expression of type '${typeName(current)}'`,
        query.range,
      );
    }
    const member = typing.round.kernel.types.member(current, name);
    if (!member) {
      return failed(
        typing,
        `${typeName(current)} does not contain a field named '${name}'`,
        query.range,
      );
    }
    bits += member.bitOffset;
    current = member.type;
  }
  return intLiteral(BigInt(Math.floor(bits / 8)), query.range);
}

/** `comptime e`: an error unless `e` folds to a literal. */
export function typeComptime(typing: Typing, comptime: ast.Comptime): TypedExpression {
  const value = typeExpression(typing, comptime.operand);
  if (isUnknown(value.type) || value.kind === 'int' || value.kind === 'string') return value;
  return failed(typing, 'Unable to resolve comptime expression', comptime.range);
}
