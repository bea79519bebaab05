/** Script types as C types in BTF, laid out as compiler/types/layout.ts says. */

import type { KernelTypes } from '../../compiler/kernel/types.ts';
import { fieldsOf, histBuckets, layoutOf, lhistBuckets } from '../../compiler/types/layout.ts';
import { seriesSlotSize } from '../../compiler/types/series.ts';
import type { EnumType, Type } from '../../compiler/types/type.ts';
import type { UnitMapType } from '../../compiler/unit.ts';
import { ENCODING } from './btf.ts';
import type { BtfBuilder } from './builder.ts';

/** The BTF id of a map's key or value, or of a variable. */
export function addUnitType(builder: BtfBuilder, types: KernelTypes, type: UnitMapType): number {
  if ('bytes' in type) return builder.bytes(type.bytes);
  if ('int' in type) return builder.unsigned(type.int);
  return addValueType(builder, types, type.type);
}

export function sizeOfUnitType(type: UnitMapType): number {
  if ('bytes' in type) return type.bytes;
  if ('int' in type) return type.int;
  return layoutOf(type.type).size;
}

/** The BTF id of a script type as it stands in memory. */
export function addValueType(builder: BtfBuilder, types: KernelTypes, type: Type): number {
  const value = (inner: Type): number => addValueType(builder, types, inner);
  const u64 = (): number => builder.unsigned(8);
  /** A struct of members one after the other, without gaps. */
  const struct = (...members: readonly (readonly [string, number, number])[]): number => {
    let offset = 0;
    const placed = members.map(([name, member, size]) => {
      const bitOffset = offset * 8;
      offset += size;
      return { name, type: member, bitOffset };
    });
    return builder.aggregate('struct', '', offset, placed);
  };

  switch (type.kind) {
    case 'bool':
      return builder.int('bool', 1, ENCODING.bool);
    case 'int':
      return type.signed ? builder.signed(type.size) : builder.unsigned(type.size);
    case 'string':
      return builder.array(builder.char(), type.size);
    case 'buffer': {
      const { size } = layoutOf(type);
      return builder.aggregate('struct', '', size, [
        { name: 'length', type: builder.unsigned(4), bitOffset: 0 },
        { name: 'data', type: builder.bytes(size - 4), bitOffset: 32 },
      ]);
    }
    case 'pointer':
      return builder.pointer(0);
    case 'array':
      return builder.array(
        type.element.kind === 'enum'
          ? addEnum(builder, types, type.element, type.element.size)
          : value(type.element),
        type.count,
      );
    case 'tuple':
    case 'record': {
      const names = type.kind === 'record' ? type.fields.map((field) => field.name) : [];
      return builder.aggregate(
        'struct',
        '',
        layoutOf(type).size,
        fieldsOf(type).map((field, index) => ({
          name: names[index] ?? `_${index}`,
          type: value(field.type),
          bitOffset: field.offset * 8,
        })),
      );
    }
    case 'enum':
      return addEnum(builder, types, type, layoutOf(type).size);
    case 'ksym':
    case 'probe':
    case 'name':
    case 'count':
      return u64();
    case 'usym':
      return struct(
        ['address', u64(), 8],
        ['pid', builder.unsigned(4), 4],
        ['unused', builder.unsigned(4), 4],
      );
    case 'timestamp':
      return struct(
        ['nanoseconds', u64(), 8],
        ['format', builder.unsigned(4), 4],
        ['unused', builder.unsigned(4), 4],
      );
    case 'cgroup_path':
      return struct(
        ['id', u64(), 8],
        ['filter', builder.unsigned(4), 4],
        ['unused', builder.unsigned(4), 4],
      );
    case 'inet':
      return struct(['family', builder.unsigned(4), 4], ['address', builder.bytes(16), 16]);
    case 'macaddr':
      return builder.bytes(6);
    case 'stack':
      return struct(
        ['id', u64(), 8],
        ['pid', builder.unsigned(4), 4],
        ['frames', builder.unsigned(4), 4],
      );
    case 'sum':
      return type.signed ? builder.signed(8) : u64();
    case 'min':
    case 'max':
      return struct(['value', type.signed ? builder.signed(8) : u64(), 8], ['set', u64(), 8]);
    case 'avg':
    case 'stats':
      return struct(['total', type.signed ? builder.signed(8) : u64(), 8], ['count', u64(), 8]);
    case 'hist':
      return builder.array(u64(), histBuckets(type.bits));
    case 'lhist':
      return builder.array(u64(), lhistBuckets(type));
    case 'tseries': {
      const slot = struct(
        ['interval', u64(), 8],
        ['value', type.signed ? builder.signed(8) : u64(), 8],
        ...(seriesSlotSize(type) === 24
          ? [[type.aggregation === 'avg' ? 'count' : 'time', u64(), 8] as const]
          : []),
      );
      return builder.array(slot, type.count);
    }
    case 'struct':
      // Its members belong to the kernel description and would be wrong names for what another host stores.
      return builder.bytes(type.size);
    case 'void':
    case 'context':
      throw new Error(`a ${type.kind} value is never stored`);
  }
}

/** 8 bytes wide where it is a script's value, of its own size in arrays; with the names that fit. */
function addEnum(builder: BtfBuilder, types: KernelTypes, type: EnumType, size: number): number {
  const values = types.enumerators(type.id);
  const narrow = values.every(([, value]) => {
    return type.signed ? BigInt.asIntN(32, value) === value : BigInt.asUintN(32, value) === value;
  });
  // ENUM64 came with Linux 6.0, so it is taken only where it has to be.
  return builder.enum(type.name, size, type.signed, values, !narrow);
}
