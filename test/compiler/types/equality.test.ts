/** Types that are the same, and types that differ in one thing. */
import { describe, expect, it } from 'vitest';
import { sameSeries, sameType } from '../../../compiler/types/equality.ts';
import { sameIgnoringSpace } from '../../../compiler/types/join.ts';
import type { SeriesType, StructType, Type } from '../../../compiler/types/type.ts';
import { BOOL, DEBUG_TYPES, int, SCRIPT_TYPES, VOID } from '../../../compiler/types/type.ts';

const pointer = (space: 'none' | 'kernel' | 'user', to: Type): Type => ({
  kind: 'pointer',
  ...{ to, space },
});
const stack = (parts: object): Type => ({
  kind: 'stack',
  ...{ space: 'kernel', mode: 'bpftrace', limit: 5, ...parts },
});
const record = (...names: readonly string[]): Type => ({
  kind: 'record',
  fields: names.map((name, index) => ({ name, type: int(index === 0 ? 4 : 8, true) })),
});
const series = (parts: Partial<SeriesType> = {}): SeriesType => ({
  kind: 'tseries',
  ...{ signed: true, aggregation: 'sum', interval: 1_000_000, count: 10, ...parts },
});
const lhist = (min: number, max: number, step: number | { parameter: number }): Type => ({
  kind: 'lhist',
  ...{ min, max, step },
});
const struct = (parts: Partial<StructType> = {}): StructType => ({
  kind: 'struct',
  ...{ aggregate: 'struct', name: 'task', size: 8, align: 8, id: 7, ...parts },
});

/** No two of them are the same. */
const TYPES: readonly Type[] = [
  ...[VOID, BOOL, int(4, true), int(4, false), int(8, true)],
  ...[4, 8].flatMap((size): Type[] => [
    { kind: 'string', size },
    { kind: 'buffer', size },
  ]),
  ...[pointer('none', BOOL), pointer('kernel', BOOL), pointer('kernel', VOID)],
  ...[2, 3].map((count): Type => ({ kind: 'array', element: BOOL, count })),
  { kind: 'array', element: VOID, count: 2 },
  ...[[], [BOOL], [BOOL, BOOL], [BOOL, int(1, true)]].map(
    (elements): Type => ({ kind: 'tuple', elements }),
  ),
  ...[record('a'), record('b'), record('a', 'b'), record('a', 'c')],
  ...[stack({}), stack({ space: 'user' }), stack({ mode: 'raw' }), stack({ limit: 6 })],
  ...[stack({ limit: { parameter: 1 } }), stack({ limit: { parameter: 2 } })],
  ...(['user', 'errno'] as const).map((of): Type => ({ kind: 'name', of })),
  ...(['sum', 'min', 'max', 'avg', 'stats'] as const).flatMap((kind): Type[] => [
    { kind, signed: true },
    { kind, signed: false },
  ]),
  ...[1, 2, { parameter: 1 }, { parameter: 2 }].map((bits): Type => ({ kind: 'hist', bits })),
  ...[lhist(0, 10, 1), lhist(1, 10, 1), lhist(0, 9, 1), lhist(0, 10, 2)],
  ...[lhist(0, 10, { parameter: 1 }), lhist(0, 10, { parameter: 3 })],
  ...[series(), series({ signed: false }), series({ aggregation: 'max' })],
  ...[series({ interval: 2 }), series({ count: 11 })],
  ...(['ksym', 'usym', 'timestamp', 'probe', 'inet', 'macaddr', 'count'] as const).map(
    (kind): Type => ({ kind }),
  ),
];

describe('types', () => {
  it.each(TYPES.map((type, index) => [type.kind, index] as const))(
    'of kind %s are the same as their like, and as no other (%i)',
    (_, index) => {
      const copy = structuredClone(TYPES[index] ?? VOID);
      expect(TYPES.flatMap((type, other) => (sameType(copy, type) ? [other] : []))).toEqual([
        index,
      ]);
    },
  );

  it('have elements of their own below pointers and in arrays, tuples and records', () => {
    expect(sameType(pointer('user', record('a')), pointer('user', record('a')))).toBe(true);
    expect(sameType(pointer('user', record('a')), pointer('user', record('b')))).toBe(false);
  });

  it('lead to the same but for spaces, however many pointers there are', () => {
    const twice = (outer: 'kernel' | 'user', inner: 'kernel' | 'user', to: Type) =>
      pointer(outer, pointer(inner, to));
    expect(sameIgnoringSpace(twice('kernel', 'user', BOOL), twice('user', 'kernel', BOOL))).toBe(
      true,
    );
    expect(sameIgnoringSpace(twice('kernel', 'user', BOOL), twice('kernel', 'user', VOID))).toBe(
      false,
    );
    expect(sameIgnoringSpace(pointer('user', BOOL), BOOL)).toBe(false);
  });

  it('are the same series with either sign', () => {
    expect(sameSeries(series(), series({ signed: false }))).toBe(true);
    expect(sameSeries(series(), series({ interval: 3 }))).toBe(false);
  });
});

describe('structs', () => {
  it('are the same by id, or else by name where they have one', () => {
    expect(sameType(struct(), struct({ id: 8 }))).toBe(true);
    expect(sameType(struct(), struct({ name: 'other' }))).toBe(true);
    expect(sameType(struct(), struct({ id: 8, name: 'other' }))).toBe(false);
    expect(sameType(struct({ name: '' }), struct({ name: '', id: 8 }))).toBe(false);
    expect(sameType(struct(), struct({ id: 8, aggregate: 'union' }))).toBe(false);
  });

  it("of a script are others than the kernel's of that name", () => {
    const own = struct({ id: SCRIPT_TYPES + 1 });
    expect(sameType(struct(), own)).toBe(false);
    expect(sameType(own, struct())).toBe(false);
    expect(sameType(own, struct({ id: SCRIPT_TYPES + 2 }))).toBe(true);
  });

  it('of a program are the same as what declares them alone', () => {
    const [one, two] = [struct({ id: DEBUG_TYPES + 1 }), struct({ id: DEBUG_TYPES + 2 })];
    const declared = struct({ id: DEBUG_TYPES + 3, size: 0 });
    expect(sameType(one, two)).toBe(false);
    expect(sameType(one, declared)).toBe(true);
    expect(sameType(declared, one)).toBe(true);
    expect(sameType(struct({ id: SCRIPT_TYPES, size: 0 }), one)).toBe(false);
  });

  it('are no enums of that name', () => {
    const color: Type = { kind: 'enum', name: 'task', size: 4, signed: false, id: 7 };
    expect(sameType(color, struct())).toBe(false);
    expect(sameType(color, { ...color, id: 9 })).toBe(true);
    expect(sameType(color, { ...color, id: 9, name: 'shape' })).toBe(false);
  });
});
