/** How much room values take, and what kinds of values there are. */
import { describe, expect, it } from 'vitest';
import { aggregateValue, asInteger, fitsType } from '../../../compiler/types/integers.ts';
import {
  alignOfStruct,
  bucketsOf,
  fieldsOf,
  layoutOf,
  sizeInMemory,
} from '../../../compiler/types/layout.ts';
import { commonCType, isLaterType, ownType } from '../../../compiler/types/reference.ts';
import type { EnumType, LinearHistType, Type } from '../../../compiler/types/type.ts';
import {
  INT64,
  int,
  isCastable,
  isSizedAtLoad,
  UINT32,
  UINT64,
} from '../../../compiler/types/type.ts';

const COLOR: EnumType = { kind: 'enum', name: 'color', size: 4, signed: false, id: 1 };
const LINEAR: LinearHistType = { kind: 'lhist', min: 0, max: 100, step: 7 };

describe('a value in memory', () => {
  it('of an enum is 8 bytes of a script, and its own size in an array', () => {
    expect(layoutOf(COLOR)).toEqual({ size: 8, align: 8 });
    expect(sizeInMemory(COLOR)).toBe(4);
    expect(layoutOf({ kind: 'array', element: COLOR, count: 3 })).toEqual({ size: 12, align: 4 });
    expect(layoutOf({ kind: 'array', element: UINT64, count: 3 })).toEqual({ size: 24, align: 8 });
  });

  it.each([
    ['hist(x)', { kind: 'hist', bits: 0 }, 65],
    ['hist(x, 5)', { kind: 'hist', bits: 5 }, 1889],
    ['lhist(x, 0, 100, 7)', LINEAR, 16],
    ['lhist(x, 0, 98, 7)', { ...LINEAR, max: 98 }, 16],
  ] as const)('of %s is a number for each bucket', (_, type, buckets) => {
    expect(bucketsOf(type)).toBe(buckets);
    expect(layoutOf(type)).toEqual({ size: 8 * buckets, align: 8 });
  });

  it('of a series is a slot for each interval', () => {
    const series = (aggregation: 'sum' | 'avg', count: number): Type => ({
      kind: 'tseries',
      ...{ signed: true, interval: 1, aggregation, count },
    });
    expect(layoutOf(series('sum', 20)).size).toBe(10 * layoutOf(series('sum', 2)).size);
    expect(layoutOf(series('avg', 1)).size).toBe(layoutOf(series('sum', 1)).size + 8);
  });

  it('of a tuple has each element where C aligns it', () => {
    const type: Type = {
      kind: 'tuple',
      elements: [int(1, true), UINT64, { kind: 'string', size: 3 }, UINT32],
    };
    expect(fieldsOf(type).map(({ offset }) => offset)).toEqual([0, 8, 16, 20]);
    expect(layoutOf(type)).toEqual({ size: 24, align: 8 });
  });
});

describe('a struct', () => {
  const member = (bitOffset: number, align: number, bitSize = 0) => ({ bitOffset, bitSize, align });

  it.each([
    ['none at all', 8, [], 1],
    ['its largest member', 16, [member(0, 4), member(64, 8), member(96, 2)], 8],
    ['nothing where a member stands at no place of its kind', 8, [member(0, 4), member(40, 4)], 1],
    ['its largest member beside bitfields', 8, [member(3, 4, 5), member(32, 4)], 4],
    ['nothing where its size is no multiple', 6, [member(0, 4)], 1],
  ])('is aligned as %s', (_, size, members, align) => {
    expect(alignOfStruct(size, members)).toBe(align);
  });

  it('is aligned to 8 at most in programs', () => {
    const large: Type = {
      kind: 'struct',
      ...{ aggregate: 'struct', name: 's', size: 64, align: 64, id: 1 },
    };
    expect(layoutOf(large)).toEqual({ size: 64, align: 8 });
  });
});

describe('histograms', () => {
  it('have their size from the loader where a parameter decides it', () => {
    expect(isSizedAtLoad({ kind: 'hist', bits: 3 })).toBe(false);
    expect(isSizedAtLoad({ kind: 'hist', bits: { parameter: 1 } })).toBe(true);
    expect(isSizedAtLoad(LINEAR)).toBe(false);
    for (const part of ['min', 'max', 'step'])
      expect(isSizedAtLoad({ ...LINEAR, [part]: { parameter: 1 } })).toBe(true);
    expect(isSizedAtLoad({ kind: 'count' })).toBe(false);
    expect(isSizedAtLoad(INT64)).toBe(false);
  });
});

describe('integers', () => {
  it.each([
    [int(1, true), -128n, 127n],
    [int(1, false), 0n, 255n],
    [int(2, true), -32768n, 32767n],
    [UINT32, 0n, (1n << 32n) - 1n],
    [INT64, -(1n << 63n), (1n << 63n) - 1n],
    [UINT64, 0n, (1n << 64n) - 1n],
  ])('of %o have a first and a last one', (type, first, last) => {
    expect([first - 1n, first, last, last + 1n].map((value) => fitsType(value, type))).toEqual([
      ...[false, true, true, false],
    ]);
  });

  it('are what enums, truths and aggregates count as', () => {
    expect(asInteger(COLOR)).toEqual(UINT64);
    expect(asInteger({ ...COLOR, signed: true })).toEqual(INT64);
    expect(asInteger({ kind: 'bool' })).toEqual(int(1, true));
    expect(asInteger({ kind: 'sum', signed: false })).toEqual(UINT64);
    expect(asInteger({ kind: 'avg', signed: true })).toEqual(INT64);
    expect(asInteger({ kind: 'string', size: 8 })).toBeUndefined();
    expect(aggregateValue({ kind: 'count' })).toEqual(INT64);
  });

  it('are nothing that has many numbers', () => {
    const many: readonly Type[] = [
      { kind: 'stats', signed: true },
      { kind: 'hist', bits: 0 },
      LINEAR,
      { kind: 'tseries', signed: true, aggregation: 'sum', interval: 1, count: 1 },
    ];
    expect(many.map(asInteger)).toEqual(many.map(() => undefined));
    expect(isCastable({ kind: 'max', signed: true })).toBe(true);
  });
});

describe('names', () => {
  it.each([
    ['int8', int(1, true)],
    ['uint64', UINT64],
    ['void', { kind: 'void' }],
    ['bool', { kind: 'bool' }],
    ['usum_t', { kind: 'sum', signed: false }],
    ['stats_t', { kind: 'stats', signed: true }],
  ])('of the language: %s', (name, type) => {
    expect(ownType(name)).toEqual(type);
    expect(commonCType(name)).toBeUndefined();
  });

  it.each([
    ['char', int(1, true)],
    ['short', int(2, true)],
    ['int', int(4, true)],
    ['unsigned', UINT32],
    ['long', INT64],
    ['size_t', UINT64],
    ['uint16_t', int(2, false)],
  ])('of C: %s', (name, type) => {
    expect(commonCType(name)).toEqual(type);
    expect(ownType(name)).toBeUndefined();
  });

  it('may be of a later version', () => {
    expect(['inet', 'macaddr_t', 'int8', 'nothing'].map(isLaterType)).toEqual([
      ...[true, true, false, false],
    ]);
  });
});
