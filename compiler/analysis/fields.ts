/** Access to parts of values: fields, tuple elements, array elements, dereferences. */

import { otherDescriptions } from '../kernel/advice.ts';
import { didYouMean } from '../source/closest.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { typeName } from '../types/names.ts';
import type { AddressSpace, RecordType, StructType, Type } from '../types/type.ts';
import { INT8, INT64, isScriptType, UINT64 } from '../types/type.ts';
import { typeArgsField, wholeArgs } from './args.ts';
import { pinned } from './assumptions.ts';
import { convert, followsKernel, integerOperand, widened } from './conversion.ts';
import { typeExpression } from './expressions.ts';
import { leadsTo, readFrom } from './pointers.ts';
import { typesAt } from './program-types.ts';
import type { Typing } from './state.ts';
import { failed, isUnknown, unknown } from './state.ts';
import type { TypedExpression } from './typed.ts';

export function typeField(typing: Typing, access: ast.FieldAccess): TypedExpression {
  const { base: named } = access;
  if (named.kind === 'identifier' && holdsFields(typing, named.name)) {
    return typeArgsField(typing, access);
  }
  const base = typeExpression(typing, access.base);
  if (isUnknown(base.type)) return unknown(access.range);
  const holder = throughPointers(base);
  const type = holder.type.kind === 'pointer' ? holder.type.to : holder.type;
  if (type.kind === 'struct') return member(typing, holder, type, access);
  if (type.kind === 'record') return recordField(typing, holder, type, access);
  return failed(
    typing,
    'not-a-struct',
    `Can not access field '${access.field}' on expression of type '${typeName(base.type)}'`,
    access.range,
    ...(type.kind === 'int'
      ? ['Cast it to a pointer to a struct first: ((struct name *)value).field']
      : []),
  );
}

function holdsFields({ round }: Typing, name: string): boolean {
  return round.builtins.find(name)?.builtin.traits.holdsFields === true;
}

/** Follows pointers to pointers, up to the pointer to what they lead to. `*p` is as good as `p`. */
function throughPointers(base: TypedExpression): TypedExpression {
  let current = base.kind === 'dereference' ? base.operand : base;
  while (current.type.kind === 'pointer' && current.type.to.kind === 'pointer') {
    current = {
      kind: 'dereference',
      type: readFrom(current.type.to, current.type.space),
      operand: current,
      range: current.range,
    };
  }
  return current;
}

function member(
  typing: Typing,
  holder: TypedExpression,
  struct: StructType,
  access: ast.FieldAccess,
): TypedExpression {
  const types = typesAt(typing);
  // A pointer may name a forward declaration; the definition is found by its name.
  const complete =
    struct.size > 0 ? struct : (types.struct(struct.aggregate, struct.name) ?? struct);
  const found = types.member(complete, access.field);
  if (!found && typing.asked.has(questionOf(complete)) && !isScriptType(complete))
    return undescribed(holder, complete, access);
  if (!found) {
    const hints = didYouMean(
      access.field,
      types.members(complete).map((candidate) => candidate.name),
      access.fieldRange,
    );
    return failed(
      typing,
      'unknown-field',
      `${typeName(complete)} does not contain a field named '${access.field}'`,
      access.fieldRange,
      ...hints,
      ...(isScriptType(complete) || hints.length > 0
        ? []
        : [otherDescriptions(typing.round.kernel)]),
    );
  }
  const { tag } = found;
  if (found.type.kind === 'pointer' && tag !== undefined && tag !== 'user' && tag !== 'rcu') {
    return failed(
      typing,
      'tagged-pointer',
      `Attempting to access pointer field '${access.field}' with unsupported tag attribute: ${tag}`,
      access.fieldRange,
    );
  }
  const type = readFrom(found.type, spaceOf(typing, holder));
  const { range } = access;
  const read: TypedExpression = {
    kind: 'member',
    type,
    base: holder,
    struct: complete,
    member: found,
    range,
  };
  if (type.kind !== 'string' || !isScriptType(complete)) return read;
  // `char name[8]` of a script's own struct is a text of up to 8 characters, with room for the NUL behind them.
  return { kind: 'cast', type: { ...type, size: type.size + 1 }, operand: read, range };
}

/** What `Round.asked` has of questions about a struct. */
export function questionOf({ aggregate, name }: StructType): string {
  return `${aggregate} ${name}`;
}

/** A member that no description has, in a branch that asks the kernel: a number as that kernel has it. */
function undescribed(
  holder: TypedExpression,
  struct: StructType,
  { field, range }: ast.FieldAccess,
): TypedExpression {
  const member = {
    ...{ name: field, type: INT64, bitOffset: 0, bitSize: 0, indexes: [], tag: undefined },
    undescribed: 'open' as const,
  };
  return { kind: 'member', type: INT64, base: holder, struct, member, range };
}

/** The memory in which a struct or array stands. */
export function spaceOf(typing: Typing, expression: TypedExpression): AddressSpace {
  if (expression.type.kind === 'pointer') return expression.type.space;
  switch (expression.kind) {
    case 'member':
    case 'index':
      return spaceOf(typing, expression.base);
    case 'dereference':
      return spaceOf(typing, expression.operand);
    default: {
      const space = leadsTo(expression.type);
      return space === 'none' ? typing.probe.space : space;
    }
  }
}

function recordField(
  typing: Typing,
  base: TypedExpression,
  record: RecordType,
  access: ast.FieldAccess,
): TypedExpression {
  const index = record.fields.findIndex((field) => field.name === access.field);
  const field = record.fields[index];
  if (!field) {
    const names = record.fields.map((candidate) => candidate.name);
    return failed(
      typing,
      'unknown-field',
      `Record does not contain a field named '${access.field}'`,
      access.fieldRange,
      ...didYouMean(access.field, names, access.fieldRange),
    );
  }
  return (
    literalElement(base, index, access.range) ?? {
      kind: 'element',
      type: field.type,
      base,
      index,
      range: access.range,
    }
  );
}

/** `(a=1, b=2).b` => `2`, so that `comptime` can ask for parts of typeinfo(). */
function literalElement(
  base: TypedExpression,
  index: number,
  range: Range,
): TypedExpression | undefined {
  if (base.kind !== 'record' && base.kind !== 'tuple') return undefined;
  const parts = base.kind === 'tuple' ? base.elements : base.fields.map(({ value }) => value);
  const literal = parts.every(({ kind }) => kind === 'int' || kind === 'string');
  const part = literal ? parts[index] : undefined;
  return part && { ...part, range };
}

export function typeTupleAccess(typing: Typing, access: ast.TupleAccess): TypedExpression {
  const base = typeExpression(typing, access.base);
  if (isUnknown(base.type)) return unknown(access.range);
  return element(typing, base, access.index, access.range);
}

function element(
  typing: Typing,
  base: TypedExpression,
  index: number,
  range: Range,
): TypedExpression {
  if (base.type.kind !== 'tuple') {
    return failed(
      typing,
      'not-indexable',
      `Can not access index '${index}' on expression of type '${typeName(base.type)}'`,
      range,
    );
  }
  const type = base.type.elements[index];
  if (!type) {
    return failed(
      typing,
      'index-range',
      `Invalid tuple index: ${index}. Found ${base.type.elements.length} elements in tuple.`,
      range,
    );
  }
  return literalElement(base, index, range) ?? { kind: 'element', type, base, index, range };
}

export function typeIndex(typing: Typing, access: ast.Index): TypedExpression {
  const { range } = access;
  const base = typeExpression(typing, access.base);
  const [first] = access.indexes;
  if (!first || access.indexes.length !== 1) {
    return failed(typing, 'not-indexable', 'The array index operator [] takes one index', range);
  }
  const index = typeExpression(typing, first);
  if (isUnknown(base.type) || isUnknown(index.type)) return unknown(range);
  if (base.type.kind === 'tuple' && index.kind === 'int') {
    return element(typing, base, Number(pinned(typing, index)), range);
  }
  const type = indexedType(typing, base);
  if (!type) {
    return failed(
      typing,
      'not-indexable',
      `The array index operator [] can only be used on arrays, pointers, and tuples, found ${typeName(base.type)}`,
      range,
    );
  }
  if (type.kind === 'void') {
    return failed(
      typing,
      'unsized-type',
      'The array index operator [] cannot be used on an unsized void *',
      range,
    );
  }
  const integer = integerOperand(index);
  if (!integer || (index.kind === 'int' && index.value < 0n)) {
    return failed(
      typing,
      'index-type',
      `The array index operator [] only accepts non-negative integer indices, got ${typeName(index.type)}`,
      index.range,
    );
  }
  const count = lengthOf(base.type);
  if (index.kind === 'int' && !followsKernel(index) && count > 0 && index.value >= BigInt(count)) {
    return failed(
      typing,
      'index-range',
      `the index ${index.value} is out of bounds for array of size ${count}`,
      index.range,
    );
  }
  const converted = convert(index, integer.type.signed && !integer.flexible ? INT64 : UINT64);
  return { kind: 'index', type, base, index: converted, range };
}

/** Elements of an array or string; 0 where the number is not known. */
function lengthOf(type: Type): number {
  return type.kind === 'array' ? type.count : type.kind === 'string' ? type.size : 0;
}

function indexedType(typing: Typing, base: TypedExpression): Type | undefined {
  switch (base.type.kind) {
    case 'array':
      return readFrom(base.type.element, spaceOf(typing, base));
    case 'pointer':
      return readFrom(base.type.to, base.type.space);
    case 'string':
      return INT8;
    default:
      return undefined;
  }
}

/** `*p`; an integer is the address of a uint64. */
export function dereference(
  typing: Typing,
  operand: TypedExpression,
  range: Range,
): TypedExpression {
  if (isUnknown(operand.type)) return unknown(range);
  if (operand.type.kind === 'context') return wholeArgs(typing, operand, range);
  const pointer = asPointer(typing, operand);
  if (pointer?.type.kind !== 'pointer') {
    return failed(
      typing,
      'not-a-pointer',
      `Can not dereference type '${typeName(operand.type)}'. It is not a pointer.`,
      range,
    );
  }
  const { to, space } = pointer.type;
  if (to.kind === 'void') {
    return failed(
      typing,
      'unsized-type',
      `Can not dereference type '${typeName(pointer.type)}': what it points to has no size.`,
      range,
      'Cast it to a pointer to what stands there first.',
    );
  }
  return { kind: 'dereference', type: readFrom(to, space), operand: pointer, range };
}

/** The expression where it is a pointer already, or an address as a pointer to uint64. */
function asPointer(typing: Typing, operand: TypedExpression): TypedExpression | undefined {
  const { type, range } = operand;
  const to = (space: AddressSpace): TypedExpression => ({
    kind: 'cast',
    type: { kind: 'pointer', to: UINT64, space },
    operand: convert(widened(operand), UINT64),
    range,
  });
  if (type.kind === 'pointer')
    return type.to.kind === 'void' && type.to.addressed ? to(type.space) : operand;
  if (operand.kind === 'call' && operand.traits.kernelAddress) return to('kernel');
  return integerOperand(operand) ? to(typing.probe.space) : undefined;
}
