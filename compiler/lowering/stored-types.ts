/** Script types as C types, laid out as types/layout.ts says: what the linker is told of maps, variables, functions. */
import {
  arrayOf,
  bytes,
  signed,
  sizeOf,
  type TypeDescription,
  unsigned,
  VOID_POINTER,
} from '../../linker/btf/types.ts';
import type { KernelTypes } from '../kernel/types.ts';
import { bucketsOf, fieldsOf, layoutOf } from '../types/layout.ts';
import { seriesSlotSize } from '../types/series.ts';
import { type EnumType, type IntSize, isScriptType, type Type } from '../types/type.ts';

const U32 = unsigned(4);
const U64 = unsigned(8);

/** A script type as it stands in memory. Throws for types that are never stored. */
export function describeType(types: KernelTypes, type: Type): TypeDescription {
  const describe = (inner: Type): TypeDescription => describeType(types, inner);
  switch (type.kind) {
    case 'bool':
      return { kind: 'bool' };
    case 'int':
      return { kind: 'int', size: type.size, signed: type.signed };
    case 'string':
      return arrayOf({ kind: 'char' }, type.size);
    case 'buffer':
      return struct(['length', U32], ['data', bytes(type.size)]);
    case 'pointer':
      return VOID_POINTER;
    case 'array':
      return arrayOf(
        type.element.kind === 'enum'
          ? describeEnum(types, type.element, type.element.size)
          : describe(type.element),
        type.count,
      );
    case 'tuple':
    case 'record': {
      const names = type.kind === 'record' ? type.fields.map((field) => field.name) : [];
      return {
        kind: 'struct',
        name: '',
        size: layoutOf(type).size,
        members: fieldsOf(type).map((field, index) => ({
          name: names[index] ?? `_${index}`,
          type: describe(field.type),
          offset: field.offset,
        })),
      };
    }
    case 'enum':
      return describeEnum(types, type, 8);
    case 'ksym':
    case 'probe':
    case 'name':
    case 'count':
      return U64;
    case 'usym':
      return struct(['address', U64], ['pid', U32], ['unused', U32]);
    case 'timestamp':
      return struct(['nanoseconds', U64], ['format', U32], ['unused', U32]);
    case 'cgroup_path':
      return struct(['id', U64], ['filter', U32], ['unused', U32]);
    case 'inet':
      return struct(['family', U32], ['address', bytes(16)]);
    case 'macaddr':
      return bytes(6);
    case 'stack':
      return struct(['id', U64], ['pid', U32], ['frames', U32]);
    case 'sum':
      return number(type);
    case 'min':
    case 'max':
      return struct(['value', number(type)], ['set', U64]);
    case 'avg':
    case 'stats':
      return struct(['total', number(type)], ['count', U64]);
    case 'hist':
    case 'lhist':
      return arrayOf(U64, bucketsOf(type));
    case 'tseries': {
      const slot = struct(
        ['interval', U64],
        ['value', number(type)],
        ...(seriesSlotSize(type) === 24
          ? [[type.aggregation === 'avg' ? 'count' : 'time', U64] as const]
          : []),
      );
      return arrayOf(slot, type.count);
    }
    case 'struct':
      // Its members belong to the kernel description and would be wrong names for what another host stores.
      return bytes(type.size);
    case 'void':
    case 'context':
      throw new Error(`a ${type.kind} value is never stored`);
  }
}

function number({ signed: isSigned }: { readonly signed: boolean }): TypeDescription {
  return isSigned ? signed(8) : U64;
}

/** Members one after the other, without gaps. */
function struct(
  ...members: readonly (readonly [name: string, type: TypeDescription])[]
): TypeDescription {
  let size = 0;
  const placed = members.map(([name, type]) => {
    const offset = size;
    size += sizeOf(type);
    return { name, type, offset };
  });
  return { kind: 'struct', name: '', size, members: placed };
}

/**
 * 8 bytes wide where it is a script's value, of its own size in arrays. One of the kernel's is a number: the host has
 * other names for it, which bpfload takes from there, and nobody else could.
 */
function describeEnum(types: KernelTypes, type: EnumType, size: IntSize): TypeDescription {
  const { name, signed: isSigned, id } = type;
  if (!isScriptType(type)) return { kind: 'int', size, signed: isSigned };
  return { kind: 'enum', name, size, signed: isSigned, values: types.enumerators(id) };
}
