/** `&x`, and arrays where a pointer is wanted: the address of what stands in memory. */
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { typeName } from '../types/names.ts';
import type { AddressSpace, Type } from '../types/type.ts';
import { isAggregate } from '../types/type.ts';
import { typeExpression } from './expressions.ts';
import { mapValueType } from './maps.ts';
import type { Typing } from './state.ts';
import { failed, isUnknown, unknown } from './state.ts';
import type { TypedExpression } from './typed.ts';

export function typeAddressOf(typing: Typing, { operand, range }: ast.Unary): TypedExpression {
  const value = typeExpression(typing, operand);
  if (isUnknown(value.type)) return unknown(range);
  return (
    addressOf(typing, value, range) ??
    failed(
      typing,
      'no-address',
      `There is no address of '${typeName(value.type)}' here`,
      range,
      'Variables, maps, what pointers lead to, and members of structs but bitfields have one.',
    )
  );
}

/** A pointer to the value; undefined where it does not stand in memory. */
export function addressOf(
  typing: Typing,
  value: TypedExpression,
  range: Range,
): TypedExpression | undefined {
  const operand = asWritten(value);
  if (!hasAddress(typing, operand)) return undefined;
  const space = spaceOfMemory(operand);
  return {
    kind: 'address-of',
    type: {
      kind: 'pointer',
      to: operand.type,
      space: space === 'none' ? typing.probe.space : space,
    },
    operand,
    range,
  };
}

/** The text member of a script's own struct has room for a NUL that memory does not have. */
function asWritten(value: TypedExpression): TypedExpression {
  return value.kind === 'cast' && value.type.kind === 'string' && value.operand.kind === 'member'
    ? value.operand
    : value;
}

/** Kinds of C, whose form in memory is the same in a script as elsewhere. */
const PLAIN: ReadonlySet<Type['kind']> = new Set<Type['kind']>([
  ...(['int', 'bool', 'enum', 'pointer', 'struct', 'array', 'string'] as const),
]);

function hasAddress(typing: Typing, value: TypedExpression): boolean {
  if (!PLAIN.has(value.type.kind)) return false;
  switch (value.kind) {
    case 'variable':
    case 'dereference':
      return true;
    case 'map':
      return !isAggregate(mapValueType(typing, value.map));
    case 'member':
      return value.member.bitSize === 0 && isHeld(typing, value.base);
    case 'index':
      return isHeld(typing, value.base);
    case 'context-argument':
      return value.type.kind === 'struct';
    case 'tracepoint-field':
      return value.type.kind === 'string' || value.type.kind === 'array';
    default:
      return false;
  }
}

/** The struct or array that a part is of: behind a pointer, or with an address of its own. */
function isHeld(typing: Typing, base: TypedExpression): boolean {
  return base.type.kind === 'pointer' || hasAddress(typing, base);
}

function spaceOfMemory(value: TypedExpression): AddressSpace {
  switch (value.kind) {
    case 'member':
    case 'index':
      return value.base.type.kind === 'pointer' ? value.base.type.space : spaceOfMemory(value.base);
    case 'dereference':
      return value.operand.type.kind === 'pointer' ? value.operand.type.space : 'none';
    default:
      // The program's own memory, and the context.
      return 'kernel';
  }
}
