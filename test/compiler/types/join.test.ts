/** What a map or a variable becomes when values of two types flow into it. */
import { describe, expect, it } from 'vitest';
import { join } from '../../../compiler/types/join.ts';
import { namesApart, typeName } from '../../../compiler/types/names.ts';
import type { Type } from '../../../compiler/types/type.ts';
import { BOOL, INT64, int, UINT64 } from '../../../compiler/types/type.ts';

const joined = (a: Type, b: Type, first = false, second = false) => {
  const flow = join({ type: a, flexible: first }, { type: b, flexible: second });
  return flow && typeName(flow.type);
};

const text = (size: number): Type => ({ kind: 'string', size });
const bytes = (size: number): Type => ({ kind: 'buffer', size });
const tuple = (...elements: readonly Type[]): Type => ({ kind: 'tuple', elements });
const record = (fields: Readonly<Record<string, Type>>): Type => ({
  kind: 'record',
  fields: Object.entries(fields).map(([name, type]) => ({ name, type })),
});
const pointer = (space: 'kernel' | 'user', to: Type): Type => ({
  kind: 'pointer',
  ...{ space, to },
});

describe('a joined type', () => {
  it('of texts or of buffers is the longer one, whichever comes first', () => {
    expect(joined(text(4), text(9))).toBe('string[9]');
    expect(joined(text(9), text(4))).toBe('string[9]');
    expect(joined(bytes(4), bytes(9))).toBe('buffer[9]');
    expect(joined(bytes(9), bytes(4))).toBe('buffer[9]');
    expect(joined(text(4), bytes(9))).toBeUndefined();
    expect(joined(bytes(4), text(9))).toBeUndefined();
  });

  it('of a bool and an integer takes the sign of the integer', () => {
    expect(joined(BOOL, UINT64)).toBe('uint64');
    expect(joined(UINT64, BOOL)).toBe('uint64');
    expect(joined(BOOL, int(2, true))).toBe('int16');
    expect(joined(int(1, false), int(1, true))).toBe('int16');
    expect(joined(BOOL, BOOL)).toBe('bool');
    expect(joined(BOOL, text(4))).toBeUndefined();
  });

  it('of tuples is one of what their elements become', () => {
    expect(joined(tuple(text(4), int(1, true)), tuple(text(2), INT64))).toBe('(string[4],int64)');
    expect(joined(tuple(BOOL), tuple(BOOL, BOOL))).toBeUndefined();
    expect(joined(tuple(BOOL), tuple(text(4)))).toBeUndefined();
    expect(joined(tuple(BOOL), BOOL)).toBeUndefined();
  });

  it("of records has the first one's order, and the names that both have", () => {
    const one = record({ a: text(4), b: int(1, true) });
    expect(joined(one, record({ b: INT64, a: text(9) }))).toBe('(a=string[9],b=int64)');
    expect(joined(one, record({ a: text(4), c: INT64 }))).toBeUndefined();
    expect(joined(one, record({ a: text(4) }))).toBeUndefined();
    expect(joined(one, tuple(text(4), INT64))).toBeUndefined();
  });

  it('of pointers keeps the space of the first', () => {
    const both = join(
      { type: pointer('user', BOOL), flexible: true },
      { type: pointer('kernel', BOOL), flexible: true },
    );
    expect(both).toEqual({ type: pointer('user', BOOL), flexible: false });
    expect(joined(pointer('user', BOOL), pointer('user', INT64))).toBeUndefined();
    expect(joined(pointer('user', BOOL), INT64)).toBeUndefined();
  });

  it('of aggregates is signed when one of them is, but for literals, which take the sign of the other', () => {
    const [signed, unsigned]: readonly Type[] = [
      { kind: 'sum', signed: true },
      { kind: 'sum', signed: false },
    ];
    if (!signed || !unsigned) throw new Error('two types');
    expect(joined(signed, unsigned)).toBe('sum_t');
    expect(joined(unsigned, signed)).toBe('sum_t');
    expect(joined(signed, unsigned, true)).toBe('usum_t');
    expect(joined(unsigned, signed, false, true)).toBe('usum_t');
    expect(joined(signed, { kind: 'max', signed: true })).toBeUndefined();
    expect(joined(signed, INT64)).toBeUndefined();
    expect(joined(INT64, signed)).toBeUndefined();
    expect(joined({ kind: 'count' }, { kind: 'count' })).toBe('count_t');
  });

  it('of histograms and series is there when they have one shape', () => {
    const series = (count: number, signed: boolean): Type => ({
      kind: 'tseries',
      ...{ signed, aggregation: 'sum', interval: 1, count },
    });
    expect(joined({ kind: 'hist', bits: 1 }, { kind: 'hist', bits: 1 })).toBe('hist_t');
    expect(joined({ kind: 'hist', bits: 1 }, { kind: 'hist', bits: 2 })).toBeUndefined();
    const both = join(
      { type: series(5, false), flexible: false },
      { type: series(5, true), flexible: false },
    );
    expect(both?.type).toEqual(series(5, true));
    expect(joined(series(5, true), series(6, true))).toBeUndefined();
  });

  it('keeps element by element what still takes a sign', () => {
    const flow = join(
      { type: tuple(int(1, true), int(1, true)), flexible: [true, true] },
      { type: tuple(int(1, true), int(1, true)), flexible: [true, false] },
    );
    expect(flow?.flexible).toEqual([true, false]);
  });
});

describe('names of two types', () => {
  it('tell stacks apart by form and length', () => {
    const stack = (mode: 'raw' | 'perf', limit: number | { parameter: number }): Type => ({
      kind: 'stack',
      ...{ space: 'kernel', mode, limit },
    });
    expect(namesApart(stack('raw', 5), stack('perf', { parameter: 2 }))).toEqual([
      'kstack_t(raw, 5)',
      'kstack_t(perf, $2)',
    ]);
    expect(namesApart(stack('raw', 5), { ...stack('raw', 5), space: 'user' } as Type)).toEqual([
      'kstack_t',
      'ustack_t',
    ]);
    expect(namesApart(BOOL, INT64)).toEqual(['bool', 'int64']);
  });
});
