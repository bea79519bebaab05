/** Which addresses a unit covers, by lists of each form that DWARF has: each tells the same two spans. */
import { describe, expect, it } from 'vitest';
import { AT, FORM } from '../../../compiler/dwarf/constants.ts';
import { Cursor } from '../../../compiler/dwarf/cursor.ts';
import type { Entries, Entry } from '../../../compiler/dwarf/entries.ts';
import { covers } from '../../../compiler/dwarf/ranges.ts';

function little(size: number, value: bigint | number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return bytes.subarray(0, size);
}

function uleb(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) + 0x80);
  return Buffer.of(...bytes, left);
}

/** Where the base of the unit is, and the spans that each list has to tell. */
const BASE = 0x40_0000;
const SPANS = [
  [0x40_1000, 0x40_1300],
  [0x40_2000, 0x40_2001],
] as const;
/** What stands before a list or a table: of nobody's concern. */
const BEFORE = Buffer.alloc(12, 0xff);

interface Made {
  readonly version: number;
  readonly addressSize: number;
  readonly list: Buffer;
  /** .debug_addr behind `BEFORE`. */
  readonly addresses?: readonly number[];
  /** By a number in the table of lists, not by a place. */
  readonly byNumber?: 4 | 8;
}

function coversOf({ version, addressSize, list, addresses = [], byNumber }: Made) {
  const offsets = byNumber
    ? Buffer.concat([little(byNumber, 0x7777), little(byNumber, 2 * byNumber)])
    : Buffer.alloc(0);
  const section = Buffer.concat([BEFORE, offsets, list]);
  const attributes = new Map<number, { form: number; value: number }>([
    [
      AT.ranges,
      byNumber ? { form: FORM.rnglistx, value: 1 } : { form: FORM.secOffset, value: BEFORE.length },
    ],
    [AT.rnglistsBase, { form: FORM.secOffset, value: BEFORE.length }],
    [AT.addrBase, { form: FORM.secOffset, value: BEFORE.length }],
  ]);
  const sections = {
    ranges: section,
    rnglists: section,
    addr: Buffer.concat([BEFORE, ...addresses.map((each) => little(addressSize, each))]),
  };
  const unit = { version, addressSize, offsetSize: byNumber ?? 4, part: { sections } };
  const entries = {
    address: (_: Entry, name: number) => (name === AT.lowPc ? BASE : undefined),
    number: () => undefined,
  } as unknown as Entries;
  const root = { unit, attributes } as unknown as Entry;
  return (address: number) => covers(entries, root, address);
}

const [[first, firstEnd], [second, secondEnd]] = SPANS;

function expectSpans(made: Made): void {
  const isCovered = coversOf(made);
  const inside = [first, firstEnd - 1, second];
  const outside = [0, BASE, first - 1, firstEnd, second - 1, secondEnd, 2 * BASE];
  expect(inside.map(isCovered)).toEqual(inside.map(() => true));
  expect(outside.map(isCovered)).toEqual(outside.map(() => false));
}

describe.each([4, 8])('with addresses of %i bytes', (size) => {
  const plain = (...each: readonly number[]) => each.map((value) => little(size, value));
  const both = (form: number, ...each: readonly (readonly Buffer[])[]) =>
    each.flatMap((parts) => [Buffer.of(form), ...parts]);
  const END = Buffer.of(0);

  it('lists of DWARF 4 are pairs from the base, which may move', () => {
    const pairs = (...each: readonly number[]) =>
      Buffer.concat([...plain(...each), ...plain(0, 0)]);
    const relative = SPANS.flat().map((each) => each - BASE);
    expectSpans({ version: 4, addressSize: size, list: pairs(...relative) });
    const moved = [relative[0] ?? 0, relative[1] ?? 0, -1, 0x40_2000, 0, 1];
    expectSpans({ version: 4, addressSize: size, list: pairs(...moved) });
    // A pair of one zero is no end: it begins at the base.
    const isCovered = coversOf({ version: 4, addressSize: size, list: pairs(0, 2, 0x10, 0x11) });
    expect([BASE, BASE + 1, BASE + 2, BASE + 0x10].map(isCovered)).toEqual([
      ...[true, true, false, true],
    ]);
  });

  const FORMS: readonly (readonly [
    name: string,
    parts: readonly Buffer[],
    addresses: readonly number[],
  ])[] = [
    [
      'from the base of the unit',
      both(4, ...SPANS.map(([from, to]) => [uleb(from - BASE), uleb(to - BASE)])),
      [],
    ],
    [
      'from a base of their own',
      [
        ...both(5, plain(first)),
        ...both(4, [uleb(0), uleb(firstEnd - first)]),
        ...both(5, plain(second)),
        ...both(4, [uleb(0), uleb(1)]),
      ],
      [],
    ],
    [
      'from a base in the table',
      [
        ...both(1, [uleb(1)]),
        ...both(
          4,
          [uleb(0), uleb(firstEnd - first)],
          [uleb(second - first), uleb(second - first + 1)],
        ),
      ],
      [0x99_0000, first],
    ],
    [
      'of two places in the table',
      both(2, [uleb(1), uleb(2)], [uleb(3), uleb(0)]),
      [secondEnd, first, firstEnd, second],
    ],
    [
      'of a place in the table and a length',
      both(3, [uleb(1), uleb(firstEnd - first)], [uleb(0), uleb(1)]),
      [second, first],
    ],
    ['of two addresses', both(6, ...SPANS.map((span) => plain(...span))), []],
    [
      'of an address and a length',
      both(7, ...SPANS.map(([from, to]) => [little(size, from), uleb(to - from)])),
      [],
    ],
  ];

  it.each(FORMS)('lists of DWARF 5 hold spans %s', (_, parts, addresses) => {
    // What stands behind its end is another's.
    const behind = both(7, [little(size, BASE), uleb(BASE)]);
    const list = Buffer.concat([...parts, END, ...behind, END]);
    for (const byNumber of [undefined, 4, 8] as const)
      expectSpans({
        ...{ version: 5, addressSize: size, list, addresses },
        ...(byNumber ? { byNumber } : {}),
      });
  });
});

it('an empty list covers nothing', () => {
  for (const version of [4, 5]) {
    const isCovered = coversOf({ version, addressSize: 8, list: Buffer.alloc(16) });
    expect([0, BASE, first].map(isCovered)).toEqual([false, false, false]);
  }
});

it('numbers of each size are read as they were written, and end where they end', () => {
  const values = [0, 1, 0x7f, 0x80, 0xff, 0x1_80, 0xff_ff, 0x12_34_56, 0xfe_dc_ba, 0x89ab_cdef];
  const readers = [
    [1, 'u8'],
    [2, 'u16'],
    [3, 'u24'],
    [4, 'u32'],
    [8, 'u64'],
    [8, 'u64Exact'],
  ] as const;
  for (const [size, reader] of readers)
    for (const value of values.filter((each) => each < 256 ** size)) {
      const cursor = new Cursor(Buffer.concat([Buffer.of(0xaa), little(size, value)]), 1);
      expect(Number(cursor[reader]())).toBe(value);
      expect(() => cursor.u8()).toThrow('ends within a value');
      const short = new Cursor(little(size, value).subarray(0, size - 1), 0);
      expect(() => short[reader]()).toThrow('ends within a value');
    }
});
