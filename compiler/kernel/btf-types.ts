/** Script types of BTF types: what a member, a parameter or a variable of the kernel looks like to a script. */

import { BTF_KIND, damaged, ENCODING } from '../../linker/btf/btf.ts';
import type { Btf } from '../../linker/btf/read.ts';
import {
  type AddressSpace,
  BOOL,
  type EnumType,
  INT8,
  type IntSize,
  int,
  type StructType,
  type Type,
  VOID,
} from '../types/type.ts';
import { alignmentOf } from './alignment.ts';

/** No chain of modifiers, pointers or arrays is as long: a damaged description may hold a circle. */
const DEEPEST = 64;

export interface ResolvedType {
  readonly type: Type;
  /** Type tag of a pointer: `user`, `percpu`, `rcu`. */
  readonly tag: string | undefined;
}

/** char[N] => string[N], pointers => kernel space unless tagged `user`; aggregates are named, not entered. */
export function resolveType(btf: Btf, id: number): ResolvedType {
  return resolve(btf, id, 0);
}

function resolve(btf: Btf, declared: number, depth: number): ResolvedType {
  if (depth > DEEPEST) throw damaged(`type ${declared} refers to itself`);
  const id = btf.skipModifiers(declared);
  const plain = (type: Type): ResolvedType => ({ type, tag: undefined });
  switch (btf.kind(id)) {
    case BTF_KIND.int:
      return plain(integerType(btf, id));
    case BTF_KIND.pointer: {
      const target = btf.sizeOrType(id);
      const tag = tagOf(btf, target);
      const space: AddressSpace = tag === 'user' ? 'user' : 'kernel';
      return { type: { kind: 'pointer', to: resolve(btf, target, depth + 1).type, space }, tag };
    }
    case BTF_KIND.array: {
      const { element, count } = btf.array(id);
      if (count > 0 && isChar(btf, element)) return plain({ kind: 'string', size: count });
      return plain({ kind: 'array', element: resolve(btf, element, depth + 1).type, count });
    }
    case BTF_KIND.struct:
    case BTF_KIND.union:
    case BTF_KIND.forward:
      return plain(structType(btf, id));
    case BTF_KIND.enum:
    case BTF_KIND.enum64:
      return plain(enumType(btf, id));
    case BTF_KIND.float:
      return plain(bytesType(btf.sizeOrType(id)));
    default:
      // void, and functions behind pointers.
      return plain(VOID);
  }
}

/** A forward has size 0 and is completed by its name. */
export function structType(btf: Btf, id: number): StructType {
  const kind = btf.kind(id);
  const forward = kind === BTF_KIND.forward;
  let align: number | undefined;
  const union = kind === BTF_KIND.union || (forward && btf.flag(id));
  return {
    kind: 'struct',
    aggregate: union ? 'union' : 'struct',
    name: btf.name(id),
    size: forward ? 0 : btf.sizeOrType(id),
    get align() {
      align ??= alignmentOf(btf, id);
      return align;
    },
    id,
  };
}

export function enumType(btf: Btf, id: number): EnumType {
  const size = btf.sizeOrType(id);
  return {
    kind: 'enum',
    name: btf.name(id),
    size: isIntSize(size) ? size : 4,
    signed: btf.isSignedEnum(id),
    id,
  };
}

function integerType(btf: Btf, id: number): Type {
  const size = btf.sizeOrType(id);
  const { encoding } = btf.int(id);
  if (encoding & ENCODING.bool && size === 1) return BOOL;
  // Plain char has the sign that its kernel was compiled with (-funsigned-char since Linux 6.2, ever on arm64). Scripts
  // have it with one, as in tracepoints and in C: a script means the same with every description.
  if (isIntSize(size))
    return int(size, btf.name(id) === 'char' || (encoding & ENCODING.signed) !== 0);
  return bytesType(size);
}

/** What scripts have no type for, such as 128-bit integers. */
function bytesType(size: number): Type {
  return { kind: 'array', element: int(1, false), count: size };
}

/** Plain `char`, also by another name; `u8` and `unsigned char` are numbers. */
function isChar(btf: Btf, id: number): boolean {
  const base = btf.skipModifiers(id);
  if (btf.kind(base) !== BTF_KIND.int || btf.sizeOrType(base) !== INT8.size) return false;
  return btf.name(base) === 'char';
}

function tagOf(btf: Btf, pointee: number): string | undefined {
  let current = pointee;
  for (let depth = 0; depth < DEEPEST; depth += 1) {
    const kind = btf.kind(current);
    if (kind === BTF_KIND.typeTag) return btf.name(current);
    // Tags stand between a pointer and the qualifiers of what it points to.
    if (kind !== BTF_KIND.const && kind !== BTF_KIND.volatile && kind !== BTF_KIND.restrict) break;
    current = btf.sizeOrType(current);
  }
  return undefined;
}

function isIntSize(size: number): size is IntSize {
  return size === 1 || size === 2 || size === 4 || size === 8;
}
