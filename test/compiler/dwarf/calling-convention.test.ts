/** Which registers hold arguments, of types that are made up: by the tables of both ABIs. */
import { describe, expect, it } from 'vitest';
import { locateArguments } from '../../../compiler/dwarf/calling-convention.ts';
import { AT, ENCODING, TAG } from '../../../compiler/dwarf/constants.ts';
import type { Entries, Entry } from '../../../compiler/dwarf/entries.ts';

/** A type, as far as calling asks for it. */
interface Made {
  readonly tag: number;
  readonly numbers: Readonly<Record<number, number>>;
  readonly type?: Made;
  readonly children?: readonly Made[];
}

const base = (byteSize: number, encoding: number): Made => ({
  tag: TAG.baseType,
  numbers: { [AT.byteSize]: byteSize, [AT.encoding]: encoding },
});
const CHAR = base(1, ENCODING.signedChar);
const INT = base(4, ENCODING.signed);
const LONG = base(8, ENCODING.signed);
const WIDE = base(16, ENCODING.signed);
const FLOAT = base(4, ENCODING.float);
const DOUBLE = base(8, ENCODING.float);
const LONG_DOUBLE = base(16, ENCODING.float);
const POINTER: Made = { tag: TAG.pointerType, numbers: {} };

const member = (type: Made, at: number, more: Readonly<Record<number, number>> = {}): Made => ({
  tag: TAG.member,
  numbers: { [AT.dataMemberLocation]: at, ...more },
  type,
});
const struct = (byteSize: number, ...children: readonly Made[]): Made => ({
  tag: TAG.structureType,
  numbers: { [AT.byteSize]: byteSize },
  children,
});
const array = (byteSize: number, element: Made, count: number): Made => ({
  tag: TAG.arrayType,
  numbers: { [AT.byteSize]: byteSize },
  type: element,
  children: [{ tag: TAG.subrangeType, numbers: { [AT.count]: count } }],
});

/** Entries whose places are the order in which they were asked for. */
function located(arch: string, parameters: readonly (Made | undefined)[], result?: Made) {
  const known: Made[] = [];
  const entryOf = (made: Made): Entry => {
    if (!known.includes(made)) known.push(made);
    const attributes = new Map(
      Object.entries(made.numbers).map(([name, value]) => [Number(name), { form: 0, value }]),
    );
    return { offset: known.indexOf(made), tag: made.tag, attributes } as unknown as Entry;
  };
  const madeOf = ({ offset }: Entry): Made => known[offset] ?? INT;
  const entries = {
    number: (entry: Entry, name: number) => madeOf(entry).numbers[name],
    at: (offset: number) => entryOf(known[offset] ?? INT),
    children: (entry: Entry) => (madeOf(entry).children ?? []).map(entryOf),
    reference: (entry: Entry, name: number) => {
      const { type } = madeOf(entry);
      return name === AT.type && type ? entryOf(type).offset : undefined;
    },
  } as unknown as Entries;
  return locateArguments(
    entries,
    arch,
    parameters.map((made) => made && entryOf(made)),
    result && entryOf(result),
  ).map((each) => ('register' in each ? each.register : (SHORT[each.reason] ?? each.reason)));
}

const SHORT: Readonly<Record<string, string>> = {
  'a floating-point value, which BPF cannot read': 'float',
  'wider than 64 bits': 'wide',
  'a struct that is passed by value': 'value',
  'passed on the stack': 'stack',
  'of a type that the debug information does not tell': 'unknown',
};

const TWO_INTS = struct(8, member(INT, 0), member(INT, 4));
const TWO_LONGS = struct(16, member(LONG, 0), member(LONG, 8));
const THREE_LONGS = struct(24, member(LONG, 0), member(LONG, 8), member(LONG, 16));
const MIXED = struct(16, member(DOUBLE, 0), member(LONG, 8));
const TWO_DOUBLES = struct(16, member(DOUBLE, 0), member(DOUBLE, 8));

type Row = readonly [
  what: string,
  parameters: readonly (Made | undefined)[],
  places: readonly (number | string)[],
];

describe('on x86-64', () => {
  it.each<Row>([
    ['whole numbers and pointers, one after the other', [INT, POINTER, CHAR], [0, 1, 2]],
    ['six, and the rest on the stack', Array(8).fill(LONG), [0, 1, 2, 3, 4, 5, 'stack', 'stack']],
    [
      'no floating-point values',
      [DOUBLE, INT, FLOAT, LONG_DOUBLE, INT],
      ['float', 0, 'float', 'float', 1],
    ],
    [
      'floating-point values behind six others',
      [...Array(6).fill(INT), DOUBLE],
      [0, 1, 2, 3, 4, 5, 'float'],
    ],
    ['128 bits in two', [INT, WIDE, INT], [0, 'wide', 3]],
    [
      'what is left where 128 bits do not fit',
      [...Array(5).fill(INT), WIDE, INT],
      [0, 1, 2, 3, 4, 'stack', 5],
    ],
    ['128 bits that just fit', [...Array(4).fill(INT), WIDE, INT], [0, 1, 2, 3, 'wide', 'stack']],
    ['a struct of one word', [TWO_INTS, INT], ['value', 1]],
    ['a struct of two', [TWO_LONGS, INT], ['value', 2]],
    ['one of which one word is a floating-point value', [MIXED, INT], ['value', 1]],
    ['one of floating-point values alone', [TWO_DOUBLES, INT], ['value', 0]],
    ['a larger one in none', [THREE_LONGS, INT], ['value', 0]],
    ['one with a long double in none', [struct(16, member(LONG_DOUBLE, 0)), INT], ['value', 0]],
    [
      'one with a part that is not aligned in none',
      [struct(12, member(INT, 0), member(LONG, 4)), INT],
      ['value', 0],
    ],
    [
      'arrays in structs by their elements',
      [struct(16, member(array(16, CHAR, 16), 0)), INT],
      ['value', 2],
    ],
    [
      'an array of floats and a number',
      [struct(12, member(array(8, FLOAT, 2), 0), member(INT, 8)), INT],
      ['value', 1],
    ],
    [
      'a bitfield as a number',
      [struct(8, member(INT, 0, { [AT.bitSize]: 3 }), member(FLOAT, 4)), INT],
      ['value', 1],
    ],
    [
      'structs in structs',
      [struct(16, member(TWO_INTS, 0), member(TWO_INTS, 8)), INT],
      ['value', 2],
    ],
    ['nothing of a type that is not told', [undefined, INT], ['unknown', 0]],
  ])('registers hold %s', (_, parameters, places) => {
    expect(located('x86_64', parameters)).toEqual(places);
  });

  it('the first one says where a result in memory goes', () => {
    const first = (result?: Made) => located('x86_64', [INT], result);
    expect(first()).toEqual([0]);
    expect(first(LONG)).toEqual([0]);
    expect(first(TWO_LONGS)).toEqual([0]);
    expect(first(THREE_LONGS)).toEqual([1]);
    expect(first(WIDE)).toEqual([0]);
  });
});

describe('on arm64', () => {
  it.each<Row>([
    ['eight, and the rest on the stack', Array(9).fill(LONG), [0, 1, 2, 3, 4, 5, 6, 7, 'stack']],
    ['no floating-point values', [DOUBLE, INT], ['float', 0]],
    ['128 bits in an even one and the next', [INT, WIDE, INT], [0, 'wide', 4]],
    ['128 bits at the beginning', [WIDE, INT], ['wide', 2]],
    [
      'nothing behind what does not fit any more',
      [...Array(7).fill(INT), WIDE, INT],
      [0, 1, 2, 3, 4, 5, 6, 'stack', 'stack'],
    ],
    ['a struct by its size', [TWO_INTS, INT], ['value', 1]],
    [
      'one of twelve bytes in two',
      [struct(12, member(INT, 0), member(INT, 4), member(INT, 8)), INT],
      ['value', 2],
    ],
    ['one of sixteen in two', [MIXED, INT], ['value', 2]],
    ['the address of a larger one', [THREE_LONGS, INT], ['value', 1]],
    ['none of up to four equal floating-point values', [TWO_DOUBLES, INT], ['value', 0]],
    ['none of four', [struct(16, member(array(16, FLOAT, 4), 0)), INT], ['value', 0]],
    [
      'those of five as of other structs',
      [struct(20, member(array(20, FLOAT, 5), 0)), INT],
      ['value', 1],
    ],
    [
      'unequal ones as other structs',
      [struct(16, member(FLOAT, 0), member(DOUBLE, 8)), INT],
      ['value', 2],
    ],
  ])('registers hold %s', (_, parameters, places) => {
    expect(located('aarch64', parameters)).toEqual(places);
  });

  it('a result in memory has a register of its own', () => {
    expect(located('aarch64', [INT], THREE_LONGS)).toEqual([0]);
  });
});
