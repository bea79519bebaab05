/** Questions whether the host's kernel has something: constants that libbpf writes, so that the verifier prunes. */
import type { NamedSite } from '../../linker/btf/definitions.ts';
import { namedOffset } from '../../linker/btf/named.ts';
import {
  arrayOf,
  bytes,
  sizeOf,
  type TypeDescription,
  unsigned,
  VOID_POINTER,
} from '../../linker/btf/types.ts';
import type { IrValue } from '../llvm/ir.ts';
import { isFlavour, isScriptType, type Type } from '../types/type.ts';
import type { KindQuestion } from './lowering.ts';
import type { FunctionState } from './state.ts';

/** A member of each kind: libbpf takes none of one kind for one of another (bpf_core_fields_are_compat). */
const KINDS: readonly TypeDescription[] = [
  unsigned(8),
  VOID_POINTER,
  { kind: 'struct', name: '', size: 1, members: [] },
  bytes(1),
  { kind: 'enum', name: '', size: 4, signed: false, values: [] },
];

/** A type as CO-RE compares it. */
export function describeLeaf(type: Type): TypeDescription {
  switch (type.kind) {
    case 'bool':
      return { kind: 'bool' };
    case 'int':
      return { kind: 'int', size: type.size, signed: type.signed };
    case 'pointer':
      return VOID_POINTER;
    case 'string':
      return arrayOf({ kind: 'char' }, type.size);
    case 'array':
      return arrayOf(describeLeaf(type.element), type.count);
    case 'enum':
      return { kind: 'enum', name: type.name, size: type.size, signed: type.signed, values: [] };
    case 'struct':
      return { kind: 'struct', name: type.name, size: type.size, members: [] };
    default:
      throw new Error(`no member of the kernel is a ${type.kind}`);
  }
}

/** The type of a pointer that is followed: with what it leads to, as far as that is the kernel's. */
export function describePointer(type: Type): TypeDescription {
  return { kind: 'pointer', to: describePointee(type) };
}

function describePointee(pointer: Type): TypeDescription {
  const to = pointer.kind === 'pointer' ? pointer.to : undefined;
  switch (to?.kind) {
    case 'pointer':
      return describePointer(to);
    case 'bool':
    case 'int':
    case 'enum':
      return describeLeaf(to);
    case 'struct':
      // A script may say of its own structs what it likes. Those that it only names are the kernel's.
      if (to.name === '' || (isScriptType(to) && !isFlavour(to) && to.size > 0))
        return { kind: 'void' };
      return { kind: 'forward', aggregate: to.aggregate, name: to.name };
    default:
      return { kind: 'void' };
  }
}

/** A number of CO-RE about a type that is described by names. */
export function namedNumber(fn: FunctionState, site: Omit<NamedSite, 'kind'>): IrValue {
  return fn.ir.siteImmediate(fn.unit.sites.number({ kind: 'named', ...site }), site.value);
}

/** Where a path leads to, from the start of the local type that it is described by. */
export function namedPlace(path: NamedSite['path'], leaf: TypeDescription): number {
  return namedOffset(path, sizeOf(leaf));
}

export function lowerExistence(fn: FunctionState, question: KindQuestion): IrValue {
  const { ir, lowering } = fn;
  switch (question.kind) {
    case 'type': {
      const { of, name } = question;
      const relocation = 'type-exists';
      return namedNumber(fn, {
        ...{ relocation, root: { kind: of, name }, path: [], leaf: bytes(1), value: 1 },
      });
    }
    case 'enumerator': {
      const { enum: of, name } = question;
      // CO-RE knows enums by their names.
      if (of === '') return lowering.hostValue({ kind: 'enumerator-exists', name });
      const root = { kind: 'enum', name: of } as const;
      const relocation = 'enum-value-exists';
      return namedNumber(fn, { relocation, root, path: [name], leaf: bytes(1), value: 1 });
    }
    case 'member': {
      const { root, path, type } = question;
      const kinds = type ? [describeLeaf(type)] : KINDS;
      const answers = kinds.map((leaf) =>
        namedNumber(fn, {
          ...{ relocation: 'exists', root: { kind: root.aggregate, name: root.name } },
          ...{ path, leaf, value: 1 },
        }),
      );
      return answers.reduce((all, one) => ir.op('or', all, one));
    }
  }
}
