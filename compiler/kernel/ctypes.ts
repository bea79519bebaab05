/**
 * Script types of the C types that tracefs formats name. Only structs, unions and enums behind a pointer or by name
 * need BTF: everything else is known here, so that most scripts never open it.
 */
import { C_NUMBERS } from '../../linker/contract/numbers.ts';
import {
  type AddressSpace,
  BOOL,
  type IntSize,
  type IntType,
  int,
  type Type,
  VOID,
} from '../types/type.ts';
import type { KernelTypes } from './types.ts';

const INTEGERS: Readonly<Record<string, IntType>> = {
  char: int(1, true),
  ...Object.fromEntries(
    Object.entries(C_NUMBERS).map(([name, { size, signed }]) => [name, int(size, signed)]),
  ),
  'const clockid_t': int(4, true),
};

export interface Declared {
  /** As tracefs writes it, without the name: `const char *`, `char[16]`. */
  readonly ctype: string;
  readonly size: number;
  readonly signed: boolean;
}

/** Type of a field that is `size` bytes wide in the record; pointers lead to `space`. */
export function typeOfDeclaration(
  types: KernelTypes,
  declared: Declared,
  space: AddressSpace,
): Type {
  const { ctype, size, signed } = declared;
  const array = /^(.*?)\s*\[([^\]]*)\]$/.exec(ctype);
  if (array) {
    const element = array[1] ?? '';
    if (element === 'char' && size > 0) return { kind: 'string', size };
    const of = elementType(types, element, space);
    // The length is an expression of C at times; the size never is.
    const width = sizeOf(of);
    if (width > 0 && size % width === 0) return { kind: 'array', element: of, count: size / width };
    return { kind: 'array', element: int(1, false), count: size };
  }
  if (ctype === 'bool' && size === 1) return BOOL;
  if (ctype.endsWith('*')) return pointerTo(types, ctype, space);
  const known = INTEGERS[ctype];
  // A system call's `int` argument is kept in 8 bytes, of which the kernel uses 4.
  if (known && known.size <= size) return known;
  const aggregate = /^(?:const )?(struct|union) (\w+)$/.exec(ctype);
  if (aggregate) {
    const [, kind, name = ''] = aggregate;
    const struct = types.struct(kind === 'union' ? 'union' : 'struct', name);
    if (struct) return struct;
  }
  const variants = /^(?:const )?enum (\w+)$/.exec(ctype);
  const found = variants && types.enum(variants[1] ?? '');
  if (found && found.kind === 'enum' && found.size === size) return found;
  return isIntSize(size)
    ? int(size, signed)
    : { kind: 'array', element: int(1, false), count: size };
}

/** `__data_loc char[] name`: a pointer into the record, which is kernel memory. */
export function typeOfDynamicArray(types: KernelTypes, ctype: string): Type {
  const element = ctype.replace(/^__(?:data|rel)_loc\s+/, '').replace(/\s*\[[^\]]*\]$/, '');
  return { kind: 'pointer', to: elementType(types, element, 'kernel'), space: 'kernel' };
}

function pointerTo(types: KernelTypes, ctype: string, space: AddressSpace): Type {
  const pointee = ctype.slice(0, -1).trim();
  return { kind: 'pointer', to: elementType(types, pointee, space), space };
}

/** Type of what a pointer or an array is of; void for what has no known type. */
function elementType(types: KernelTypes, text: string, space: AddressSpace): Type {
  const name = text
    .replace(/\b(?:const|volatile|__user|__rcu|__percpu|__seg_gs)\b/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  if (name.endsWith('*')) return pointerTo(types, name, space);
  const aggregate = /^(struct|union) (\w+)$/.exec(name);
  if (aggregate) {
    const kind = aggregate[1] === 'union' ? 'union' : 'struct';
    return types.struct(kind, aggregate[2] ?? '') ?? VOID;
  }
  if (name === 'bool') return BOOL;
  if (name === 'void') return VOID;
  return INTEGERS[name] ?? types.typedef(name) ?? VOID;
}

function sizeOf(type: Type): number {
  switch (type.kind) {
    case 'int':
    case 'enum':
    case 'struct':
      return type.size;
    case 'bool':
      return 1;
    case 'pointer':
      return 8;
    default:
      return 0;
  }
}

function isIntSize(size: number): size is IntSize {
  return size === 1 || size === 2 || size === 4 || size === 8;
}
