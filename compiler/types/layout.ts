/** Sizes and offsets of values in memory: map keys and values, event fields, scratch. */
import { MOST_HIST_BITS, MOST_LHIST_STEPS } from '../../linker/contract/types.ts';
import { seriesSlotSize } from './series.ts';
import { type HistType, isKnown, type LinearHistType, type Type } from './type.ts';

export interface Layout {
  readonly size: number;
  readonly align: number;
}

export interface FieldLayout {
  readonly offset: number;
  readonly type: Type;
}

/** How many u64 a histogram is: the most where positional parameters decide it. */
export function bucketsOf(type: HistType | LinearHistType): number {
  if (type.kind === 'hist')
    return histBuckets(typeof type.bits === 'number' ? type.bits : MOST_HIST_BITS);
  return isKnown(type) ? lhistBuckets(type) : MOST_LHIST_STEPS + 2;
}

/** Buckets of `hist(n, bits)`: one for negatives, one for zero, then the powers of two. */
function histBuckets(bits: number): number {
  // The largest index is that of 2^63 - 1: ((62 - bits + 1) << bits) + (2^bits - 1) + 1, but never fewer
  // than the 2^bits + 1 plain ones.
  return ((62 - bits + 1) << bits) + ((1 << bits) - 1) + 2;
}

/** Buckets of `lhist(n, min, max, step)`: underflow, the steps, overflow. */
function lhistBuckets(type: {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}): number {
  return Math.floor((type.max - type.min) / type.step) + 2;
}

/** Size and alignment of a value of `type` in memory. Throws for types that are never stored. */
export function layoutOf(type: Type): Layout {
  switch (type.kind) {
    case 'void':
      return { size: 0, align: 1 };
    case 'bool':
      return { size: 1, align: 1 };
    case 'int':
      return { size: type.size, align: type.size };
    case 'string':
      return { size: type.size, align: 1 };
    case 'buffer':
      return { size: 4 + type.size, align: 4 };
    case 'pointer':
    case 'enum':
    case 'ksym':
    case 'probe':
    case 'name':
    case 'count':
    case 'sum':
      return { size: 8, align: 8 };
    case 'usym':
    case 'timestamp':
    case 'cgroup_path':
    case 'stack':
    case 'min':
    case 'max':
    case 'avg':
    case 'stats':
      return { size: 16, align: 8 };
    case 'inet':
      return { size: 20, align: 4 };
    case 'macaddr':
      return { size: 6, align: 1 };
    case 'hist':
    case 'lhist':
      return { size: 8 * bucketsOf(type), align: 8 };
    case 'tseries':
      return { size: seriesSlotSize(type) * type.count, align: 8 };
    case 'array': {
      const size = sizeInMemory(type.element);
      const align = type.element.kind === 'enum' ? size : layoutOf(type.element).align;
      return { size: size * type.count, align };
    }
    case 'tuple':
      return sequence(type.elements).layout;
    case 'record':
      return sequence(type.fields.map((field) => field.type)).layout;
    case 'struct':
      return { size: type.size, align: Math.min(type.align, MOST_ALIGN) };
    case 'context':
      throw new Error('a context is never stored');
  }
}

/** Size of an object of C, in which an enum has its own size: what arrays and pointers step by. */
export function sizeInMemory(type: Type): number {
  return type.kind === 'enum' ? type.size : layoutOf(type).size;
}

/** Offsets of the elements of a tuple or record, in order. */
export function fieldsOf(type: Type): readonly FieldLayout[] {
  if (type.kind === 'tuple') return sequence(type.elements).fields;
  if (type.kind === 'record') return sequence(type.fields.map((field) => field.type)).fields;
  throw new Error(`${type.kind} has no elements`);
}

/** Memory of programs is aligned to no more. */
const MOST_ALIGN = 8;

export interface MemberPlace {
  readonly bitOffset: number;
  /** 0 unless it is a bitfield. */
  readonly bitSize: number;
  readonly align: number;
}

/**
 * Of a struct of C. No description tells it: it is that of natural alignment, unless places of members or the size show
 * that the struct is packed.
 */
export function alignOfStruct(size: number, members: Iterable<MemberPlace>): number {
  let most = 1;
  for (const { bitOffset, bitSize, align } of members) {
    if (bitSize === 0 && bitOffset % (8 * align) !== 0) return 1;
    most = Math.max(most, align);
  }
  return size % most === 0 ? most : 1;
}

/** Lays values out one after the other, each at its own alignment: tuples, keys and the fields of events. */
export function sequence(
  types: readonly Type[],
  start = 0,
): { readonly layout: Layout; readonly fields: readonly FieldLayout[] } {
  let offset = start;
  let align = 1;
  const fields = types.map((type) => {
    const layout = layoutOf(type);
    offset = roundUp(offset, layout.align);
    align = Math.max(align, layout.align);
    const field = { offset, type };
    offset += layout.size;
    return field;
  });
  return { layout: { size: roundUp(offset, align), align }, fields };
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
