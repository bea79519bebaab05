/** Types of C as the linker is told of them, and their BTF. */
import { ENCODING } from './btf.ts';
import type { BtfBuilder } from './builder.ts';

export type IntegerSize = 1 | 2 | 4 | 8;

export type TypeDescription =
  | { readonly kind: 'void' }
  | { readonly kind: 'bool' }
  | { readonly kind: 'char' }
  | { readonly kind: 'int'; readonly size: IntegerSize; readonly signed: boolean }
  | { readonly kind: 'pointer'; readonly to: TypeDescription }
  | { readonly kind: 'array'; readonly element: TypeDescription; readonly count: number }
  | StructDescription
  /** A struct that is only pointed to. */
  | { readonly kind: 'forward'; readonly aggregate: 'struct' | 'union'; readonly name: string }
  /** Where a value does not fit into 32 bits, all of them have 64. */
  | {
      readonly kind: 'enum';
      readonly name: string;
      readonly size: number;
      readonly signed: boolean;
      readonly values: readonly (readonly [string, bigint])[];
    };

export interface StructDescription {
  readonly kind: 'struct';
  /** Empty where it has none. */
  readonly name: string;
  readonly size: number;
  /** Offsets in bytes. */
  readonly members: readonly {
    readonly name: string;
    readonly type: TypeDescription;
    readonly offset: number;
  }[];
}

export const VOID_POINTER: TypeDescription = { kind: 'pointer', to: { kind: 'void' } };

export function unsigned(size: IntegerSize): TypeDescription {
  return { kind: 'int', size, signed: false };
}

export function signed(size: IntegerSize): TypeDescription {
  return { kind: 'int', size, signed: true };
}

export function arrayOf(element: TypeDescription, count: number): TypeDescription {
  return { kind: 'array', element, count };
}

/** So many bytes that mean nothing in BTF. */
export function bytes(count: number): TypeDescription {
  return arrayOf(unsigned(1), count);
}

/** Bytes of a value. */
export function sizeOf(type: TypeDescription): number {
  switch (type.kind) {
    case 'void':
    case 'forward':
      return 0;
    case 'bool':
    case 'char':
      return 1;
    case 'pointer':
      return 8;
    case 'array':
      return type.count * sizeOf(type.element);
    case 'int':
    case 'struct':
    case 'enum':
      return type.size;
  }
}

/** Adds a type with what it is made of, and gives its id. */
export function addType(builder: BtfBuilder, type: TypeDescription): number {
  switch (type.kind) {
    case 'void':
      return 0;
    case 'bool':
      return builder.int('bool', 1, ENCODING.bool);
    case 'char':
      return builder.char();
    case 'int':
      return type.signed ? builder.signed(type.size) : builder.unsigned(type.size);
    case 'pointer':
      return builder.pointer(addType(builder, type.to));
    case 'array':
      return builder.array(addType(builder, type.element), type.count);
    case 'forward':
      return builder.forward(type.aggregate, type.name);
    case 'struct': {
      const members = type.members.map((member) => ({
        name: member.name,
        type: addType(builder, member.type),
        bitOffset: member.offset * 8,
      }));
      return builder.aggregate('struct', type.name, type.size, members);
    }
    case 'enum': {
      const fits = ([, value]: readonly [string, bigint]): boolean =>
        (type.signed ? BigInt.asIntN(32, value) : BigInt.asUintN(32, value)) === value;
      // ENUM64 came with Linux 6.0, so it is taken only where it has to be.
      const wide = !type.values.every(fits);
      return builder.enum(type.name, type.size, type.signed, type.values, wide);
    }
  }
}
