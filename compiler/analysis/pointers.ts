/** Address spaces of pointers, and the sizes that they step by. */
import type { Range } from '../source/source.ts';
import { sizeInMemory } from '../types/layout.ts';
import { typeName } from '../types/names.ts';
import type { AddressSpace, PointerType, Type } from '../types/type.ts';
import { holdEmbedded } from './assumptions.ts';
import { layoutLiteral } from './conversion.ts';
import { typesAt } from './program-types.ts';
import type { Typing } from './state.ts';
import { warning } from './state.ts';
import type { TypedInt } from './typed.ts';

/** Warns when pointers into kernel and user memory, or copies with such pointers, meet in one place. */
export function warnOfSpaces(typing: Typing, a: Type, b: Type, range: Range): void {
  const [expected, given] = [leadsTo(a), leadsTo(b)];
  if (a.kind !== b.kind || expected === 'none' || given === 'none' || expected === given) return;
  if (!holdsPointers(typing, b)) return;
  const isPointer = b.kind === 'pointer';
  const of = isPointer ? 'into' : 'of';
  warning(
    typing,
    'address-space',
    `Addrspace mismatch: ${typeName(b)} ${of} ${given} memory where one ${of} ${expected} memory is expected`,
    range,
    isPointer
      ? 'Use kptr() or uptr() to say which one is meant.'
      : `Its pointers would be read as ${expected} memory: keep it in a variable or map of its own.`,
  );
}

function holdsPointers(typing: Typing, type: Type): boolean {
  switch (type.kind) {
    case 'pointer':
      return true;
    case 'array':
      return holdsPointers(typing, type.element);
    case 'struct':
      return typesAt(typing)
        .members(type)
        .some((member) => holdsPointers(typing, member.type));
    default:
      return false;
  }
}

/** The memory that a pointer leads to, or the pointers of a copy. */
export function leadsTo(type: Type): AddressSpace {
  switch (type.kind) {
    case 'pointer':
      return type.space;
    case 'struct':
      return type.from ?? 'none';
    case 'array':
      return leadsTo(type.element);
    default:
      return 'none';
  }
}

/** The type with its pointers, at any depth, in a space. Pointers and copies that have one keep it. */
export function inSpace(type: Type, space: AddressSpace): Type {
  switch (type.kind) {
    case 'pointer':
      return {
        ...type,
        to: behind(type.to, space, inSpace),
        space: type.space === 'none' ? space : type.space,
      };
    case 'array':
      return { ...type, element: inSpace(type.element, space) };
    case 'struct':
      return type.from === undefined && space !== 'none' ? { ...type, from: space } : type;
    default:
      return type;
  }
}

/** The same, but pointers read from user memory are user pointers whatever the kernel's types say. */
export function readFrom(type: Type, space: AddressSpace): Type {
  if (space !== 'user') return inSpace(type, space);
  switch (type.kind) {
    case 'pointer':
      return { ...type, to: behind(type.to, space, readFrom), space };
    case 'array':
      return { ...type, element: readFrom(type.element, space) };
    case 'struct':
      return { ...type, from: space };
    default:
      return type;
  }
}

/** What a pointer leads to: a struct there is no copy yet. */
function behind(type: Type, space: AddressSpace, to: typeof inSpace): Type {
  return type.kind === 'struct' ? type : to(type, space);
}

/** By how many bytes `p + 1` moves. */
export function stepOf(typing: Typing, { to }: PointerType, range: Range): TypedInt {
  holdEmbedded(typing, to, range);
  const size = to.kind === 'void' || to.kind === 'context' ? 1 : sizeInMemory(to);
  return layoutLiteral(size, to, [], range);
}
