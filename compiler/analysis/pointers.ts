/** Address spaces of pointers, and the sizes that they step by. */
import type { Range } from '../source/source.ts';
import { sizeInMemory } from '../types/layout.ts';
import { typeName } from '../types/names.ts';
import type { AddressSpace, PointerType, Type } from '../types/type.ts';
import { holdEmbedded } from './assumptions.ts';
import { layoutLiteral } from './conversion.ts';
import type { Typing } from './state.ts';
import { warning } from './state.ts';
import type { TypedInt } from './typed.ts';

/** Warns when pointers into kernel and user memory meet in one place. */
export function warnOfSpaces(typing: Typing, a: Type, b: Type, range: Range): void {
  if (a.kind !== 'pointer' || b.kind !== 'pointer') return;
  if (a.space === 'none' || b.space === 'none' || a.space === b.space) return;
  warning(
    typing,
    'address-space',
    `Addrspace mismatch: ${typeName(b)} into ${b.space} memory where one into ${a.space} memory is expected`,
    range,
    'Use kptr() or uptr() to say which one is meant.',
  );
}

/** The type with its pointers, at any depth, in a space. Pointers that have one keep it. */
export function inSpace(type: Type, space: AddressSpace): Type {
  switch (type.kind) {
    case 'pointer': {
      const to = inSpace(type.to, space);
      return { ...type, to, space: type.space === 'none' ? space : type.space };
    }
    case 'array':
      return { ...type, element: inSpace(type.element, space) };
    default:
      return type;
  }
}

/** The same, but pointers read from user memory are user pointers whatever the kernel's types say. */
export function readFrom(type: Type, space: AddressSpace): Type {
  if (space !== 'user') return inSpace(type, space);
  switch (type.kind) {
    case 'pointer':
      return { ...type, to: readFrom(type.to, space), space };
    case 'array':
      return { ...type, element: readFrom(type.element, space) };
    default:
      return type;
  }
}

/** By how many bytes `p + 1` moves. */
export function stepOf(typing: Typing, { to }: PointerType, range: Range): TypedInt {
  holdEmbedded(typing, to, range);
  const size = to.kind === 'void' || to.kind === 'context' ? 1 : sizeInMemory(to);
  return layoutLiteral(size, to, [], range);
}
