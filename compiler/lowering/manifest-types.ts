/** Script types as the manifest describes them to the loader. */
import { MOST_FRAMES, MOST_HIST_BITS } from '../../linker/contract/types.ts';
import type { Manifest, ManifestType } from '../../linker/manifest/manifest.ts';
import type { KernelDescription, Member } from '../kernel/types.ts';
import { fieldsOf, layoutOf } from '../types/layout.ts';
import {
  type EnumType,
  isScriptType,
  type StructType,
  type Type,
  type TypeNumber,
} from '../types/type.ts';
import { memoryWidth } from './members.ts';

export interface TypeTable {
  describe(type: Type): ManifestType;
  /** Enums that were described, in order. */
  enums(): Manifest['enums'];
}

export function createTypeTable(kernel: KernelDescription): TypeTable {
  const enums: Manifest['enums'][number][] = [];
  const numbers = new Map<number, number>();

  const enumNumber = (type: EnumType): number => {
    const known = numbers.get(type.id);
    if (known !== undefined) return known;
    const number = enums.length;
    numbers.set(type.id, number);
    enums.push({
      name: type.name,
      values: kernel.types
        .enumerators(type.id)
        .map(([name, value]): readonly [string, string] => [name, value.toString()]),
      ...(isScriptType(type) ? {} : { kernel: true as const }),
    });
    return number;
  };

  /** As a value of the script: enums are 8 bytes wide. `inside` of a struct of the kernel all is compared with that. */
  const describe = (type: Type, inside = false): ManifestType => {
    switch (type.kind) {
      case 'void':
      case 'bool':
      case 'pointer':
      case 'ksym':
      case 'usym':
      case 'timestamp':
      case 'probe':
      case 'inet':
      case 'macaddr':
      case 'cgroup_path':
      case 'count':
        return { kind: type.kind };
      case 'name':
        return { kind: 'name', of: type.of };
      case 'int':
        return { kind: 'int', size: type.size, signed: type.signed };
      case 'string':
      case 'buffer':
        return { kind: type.kind, size: type.size };
      case 'enum':
        return { kind: 'enum', size: 8, signed: type.signed, enum: enumNumber(type) };
      case 'array':
        return {
          kind: 'array',
          element: inMemory(type.element, inside),
          count: type.count,
          size: layoutOf(type).size,
        };
      case 'tuple':
        return {
          kind: 'tuple',
          size: layoutOf(type).size,
          fields: fieldsOf(type).map((field) => ({
            offset: field.offset,
            type: describe(field.type),
          })),
        };
      case 'record': {
        const layouts = fieldsOf(type);
        return {
          kind: 'record',
          size: layoutOf(type).size,
          fields: type.fields.map((field, index) => ({
            name: field.name,
            offset: layouts[index]?.offset ?? 0,
            type: describe(field.type),
          })),
        };
      }
      case 'struct':
        return describeStruct(type, inside);
      case 'stack':
        return {
          kind: 'stack',
          space: type.space,
          mode: type.mode,
          limit: numberOr(type.limit, MOST_FRAMES),
        };
      case 'sum':
      case 'min':
      case 'max':
      case 'avg':
      case 'stats':
        return { kind: type.kind, signed: type.signed };
      case 'hist':
        return {
          kind: 'hist',
          bits: numberOr(type.bits, MOST_HIST_BITS),
          ...parameterAs('bitsParam', type.bits),
        };
      case 'lhist':
        return {
          kind: 'lhist',
          min: numberOr(type.min, 0),
          ...parameterAs('minParam', type.min),
          max: numberOr(type.max, 0),
          ...parameterAs('maxParam', type.max),
          step: numberOr(type.step, 0),
          ...parameterAs('stepParam', type.step),
        };
      case 'tseries':
        return {
          kind: 'tseries',
          signed: type.signed,
          aggregation: type.aggregation,
          interval: type.interval,
          count: type.count,
        };
      case 'context':
        throw new Error('a context is never stored');
    }
  };

  /** As a C object in copied memory: enums have their own size. */
  const inMemory = (type: Type, inside: boolean): ManifestType =>
    type.kind === 'enum'
      ? { kind: 'enum', size: type.size, signed: type.signed, enum: enumNumber(type) }
      : describe(type, inside);

  /** By what the loader finds it in its kernel. */
  const nameIn = (
    type: StructType,
    inside: boolean,
  ): { readonly struct?: string; readonly within?: readonly string[] } => {
    if (isScriptType(type)) return {};
    if (type.name !== '') return { struct: `${type.aggregate} ${type.name}` };
    if (inside) return {};
    const ways = kernel.types.ways(type).map(({ from, names }) => [from, ...names].join('.'));
    return ways.length > 0 ? { within: ways } : {};
  };

  const describeStruct = (type: StructType, inside: boolean): ManifestType => ({
    kind: 'record',
    size: type.size,
    ...nameIn(type, inside),
    fields: kernel.types.members(type).map((member) => ({
      name: member.name,
      type: inMemory(member.type, !isScriptType(type)),
      ...memberPlace(member),
    })),
  });

  return { describe: (type) => describe(type), enums: () => enums };
}

function numberOr(number: TypeNumber, otherwise: number): number {
  return typeof number === 'number' ? number : otherwise;
}

function parameterAs<Name extends string>(
  name: Name,
  number: TypeNumber,
): { readonly [_ in Name]?: number } {
  return typeof number === 'number'
    ? {}
    : ({ [name]: number.parameter } as { readonly [_ in Name]?: number });
}

/**
 * Where a member stands. A bitfield is read as a whole unit of its type, which begins at a multiple of the
 * type's size: the bytes from its first bit on may end outside of the struct.
 */
function memberPlace(member: Member): {
  readonly offset: number;
  readonly bits?: readonly [number, number];
} {
  const { bitOffset, bitSize } = member;
  if (bitSize === 0) return { offset: Math.floor(bitOffset / 8) };
  const unit = 8 * memoryWidth(member.type);
  const start = Math.floor(bitOffset / unit) * unit;
  // Packed bitfields may cross units; then they begin at their byte.
  const from = bitOffset + bitSize <= start + unit ? start : Math.floor(bitOffset / 8) * 8;
  return { offset: from / 8, bits: [bitOffset - from, bitSize] };
}
