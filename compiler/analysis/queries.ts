/** `sizeof`, `offsetof`, `comptime`: what the compiler itself answers. */
import { otherDescriptions } from '../kernel/advice.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { layoutOf } from '../types/layout.ts';
import { typeName } from '../types/names.ts';
import { INT64, isFlavour, isScriptType, type Type } from '../types/type.ts';
import { holdEmbedded } from './assumptions.ts';
import { intLiteral, layoutLiteral } from './conversion.ts';
import { typeExpression } from './expressions.ts';
import { binary, stringLiteral } from './operators.ts';
import type { Typing } from './state.ts';
import { failed, isUnknown, unknown } from './state.ts';
import { typeOf } from './type-references.ts';
import type { TypedExpression, TypedInt } from './typed.ts';
import { allowUnstable } from './unstable.ts';

export function typeQuery(typing: Typing, query: ast.TypeQuery): TypedExpression {
  if (query.kind === 'typeinfo') return typeInfo(typing, query);
  const { of, range } = query;
  const part = of.kind === 'field' || of.kind === 'index' ? typeExpression(typing, of) : undefined;
  const type = part ? part.type : typeOf(typing, of);
  if (!type || isUnknown(type)) return unknown(range);
  if (type.kind === 'context') {
    return failed(typing, 'unsized-type', `${typeName(type)} has no size`, range);
  }
  return (part && sizeOfPart(part, range)) ?? sizeOfType(typing, type, range);
}

/** Of an array of the kernel's structs it is that of a struct, as often. */
function sizeOfType(typing: Typing, type: Type, range: Range): TypedExpression {
  holdEmbedded(typing, type, range);
  if (type.kind !== 'array' || type.element.kind !== 'struct' || isScriptOwn(type.element))
    return layoutLiteral(sizeOf(type), type, [], range);
  const element = layoutLiteral(sizeOf(type.element), type.element, [], range);
  return binary(typing, '*', element, intLiteral(BigInt(type.count), range), range);
}

/** Of a member of the kernel's, or of an element of one: that of the kernel that runs the script. */
function sizeOfPart(part: TypedExpression, range: Range): TypedExpression | undefined {
  const { type } = part;
  // What has a name is found by that.
  if (type.kind === 'pointer' || (type.kind === 'struct' && type.name !== '')) return undefined;
  const way = wayTo(part);
  if (!way) return undefined;
  const value = sizeOf(type);
  const layout = { ...way, leaf: type, value, measured: true } as const;
  return { ...intLiteral(BigInt(value), range), type: INT64, layout };
}

type Way = Pick<NonNullable<TypedInt['layout']>, 'root' | 'indexes' | 'path'>;

/** From the innermost struct with a name to a member or element. */
function wayTo(part: TypedExpression): Way | undefined {
  if (part.kind === 'member') {
    const { struct, member, base } = part;
    if (isScriptOwn(struct) || member.bitSize > 0) return undefined;
    const outer = struct.name === '' ? wayTo(base) : undefined;
    return {
      root: outer?.root ?? struct,
      indexes: [...(outer?.indexes ?? []), ...member.indexes],
      path: [...(outer?.path ?? []), member.name],
    };
  }
  if (part.kind !== 'index' || part.base.type.kind !== 'array' || part.base.type.count === 0)
    return undefined;
  const outer = wayTo(part.base);
  if (!outer || isFlavour(outer.root)) return undefined;
  return { ...outer, indexes: [...outer.indexes, 0], path: [...outer.path, '0'] };
}

/**
 * `typeinfo(x)` => (btf_id=0, base_type="int", full_type="int64"). The id is that of a struct or enum in the
 * kernel description, 0 for types that are no part of it.
 */
function typeInfo(typing: Typing, query: ast.TypeQuery): TypedExpression {
  const { range } = query;
  if (!allowUnstable(typing.round, 'typeinfo', range)) return unknown(range);
  const type = typeOf(typing, query.of);
  if (!type || isUnknown(type)) return unknown(range);
  const known = (type.kind === 'struct' || type.kind === 'enum') && !isScriptType(type);
  const id = known ? type.id : 0;
  const btfId: TypedExpression = {
    kind: 'int',
    type: { kind: 'int', size: 4, signed: false },
    value: BigInt(id),
    flexible: false,
    range,
  };
  const fields = [
    { name: 'btf_id', value: btfId },
    { name: 'base_type', value: stringLiteral(type.kind === 'void' ? 'none' : type.kind, range) },
    { name: 'full_type', value: stringLiteral(typeName(type), range) },
  ];
  return {
    kind: 'record',
    type: { kind: 'record', fields: fields.map(({ name, value }) => ({ name, type: value.type })) },
    fields,
    range,
  };
}

/** An enum is 8 bytes as a script's value, but sizeof asks for C's. */
function sizeOf(type: Type): number {
  return type.kind === 'enum' ? type.size : layoutOf(type).size;
}

export function typeOffset(typing: Typing, query: ast.OffsetOf): TypedExpression {
  const type = typeOf(typing, query.of);
  if (!type || isUnknown(type)) return unknown(query.range);
  const struct: Type = type.kind === 'pointer' ? type.to : type;
  let current = struct;
  /** The struct that the offset is counted in, and what stands before it. */
  let outer: Type = struct;
  let before = 0n;
  let bits = 0;
  let indexes: number[] = [];
  for (const name of query.path) {
    if (current.kind !== 'struct') {
      return failed(
        typing,
        'not-a-struct',
        `Can not access field '${name}' on expression of type '${typeName(current)}'`,
        query.range,
      );
    }
    if (!isScriptType(current) && isScriptOwn(outer)) {
      // A struct of the kernel in one of the script's own: from here on the kernel decides.
      before = BigInt(Math.floor(bits / 8));
      [outer, bits, indexes] = [current, 0, []];
    }
    const member = typing.round.kernel.types.member(current, name);
    if (!member) {
      return failed(
        typing,
        'unknown-field',
        `${typeName(current)} does not contain a field named '${name}'`,
        query.range,
        ...(isScriptType(current) ? [] : [otherDescriptions(typing.round.kernel)]),
      );
    }
    if (member.bitSize > 0) {
      return failed(
        typing,
        'unsized-type',
        `'${name}' is a bit field of ${typeName(current)}: it stands at no byte of its own`,
        query.range,
      );
    }
    holdEmbedded(typing, current, query.range, member.bitOffset);
    bits += member.bitOffset;
    indexes.push(...member.indexes);
    current = member.type;
  }
  const offset = layoutLiteral(
    Math.floor(bits / 8),
    outer,
    indexes,
    query.range,
    query.path,
    current,
  );
  if (before === 0n) return offset;
  return binary(typing, '+', intLiteral(before, query.range), offset, query.range);
}

/** Of a layout that no kernel changes. */
function isScriptOwn(type: Type): boolean {
  return type.kind === 'struct' && isScriptType(type) && !isFlavour(type);
}

/** `comptime e`: an error unless `e` folds to a literal. */
export function typeComptime(typing: Typing, comptime: ast.Comptime): TypedExpression {
  const value = typeExpression(typing, comptime.operand);
  if (isUnknown(value.type) || value.kind === 'int' || value.kind === 'string') return value;
  return notComptime(typing, comptime.range);
}

/** What does not fold: also what only the kernel that runs the script knows, which may be another than the described one. */
export function notComptime(typing: Typing, range: Range): TypedExpression {
  return failed(
    typing,
    'comptime',
    'Unable to resolve comptime expression',
    range,
    'Sizes, offsets and enumerators of the kernel are known where the script runs: leave comptime out.',
  );
}
