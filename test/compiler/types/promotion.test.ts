import { describe, expect, it } from 'vitest';
import { fits64, literalType, promote, wrap } from '../../../compiler/types/integers.ts';
import { join } from '../../../compiler/types/join.ts';
import { typeName } from '../../../compiler/types/names.ts';
import type { IntSize, Type } from '../../../compiler/types/type.ts';
import { int } from '../../../compiler/types/type.ts';

function integer(name: string) {
  const size = (Number(name.replace(/\D/g, '')) / 8) as IntSize;
  return { type: int(size, name.startsWith('int')), flexible: name.endsWith('?') };
}

describe('promotion', () => {
  it.each([
    ['int8', 'int32', 'int32'],
    ['uint8', 'uint16', 'uint16'],
    ['int32', 'uint32', 'int64'],
    ['int8', 'uint8', 'int16'],
    ['int64', 'uint32', 'int64'],
    ['int8?', 'uint32', 'uint32'],
    ['int64?', 'uint32', 'uint64'],
    ['uint64', 'int8?', 'uint64'],
    ['int8?', 'int16?', 'int16'],
    ['int8?', 'uint64?', 'uint64'],
  ])('of %s and %s is %s, without loss', (left, right, expected) => {
    const { type, lossy } = promote(integer(left), integer(right));
    expect(typeName(type)).toBe(expected);
    expect(lossy).toBe(false);
  });

  it('[TYP-007] loses the upper half of uint64 beside signed integers', () => {
    expect(promote(integer('uint64'), integer('int8'))).toEqual({
      type: int(8, true),
      lossy: true,
    });
  });
});

describe('literals', () => {
  it.each([
    [0n, 'int8'],
    [127n, 'int8'],
    [128n, 'int16'],
    [-128n, 'int8'],
    [-129n, 'int16'],
    [2n ** 31n, 'int64'],
    [2n ** 63n - 1n, 'int64'],
    [2n ** 63n, 'uint64'],
  ])('%s is %s', (value, expected) => {
    expect(typeName(literalType(value))).toBe(expected);
  });

  it('wrap to a type as a store does', () => {
    expect(wrap(255n, int(1, true))).toBe(-1n);
    expect(wrap(-1n, int(8, false))).toBe(2n ** 64n - 1n);
    expect(fits64(2n ** 64n)).toBe(false);
  });
});

describe('joined types', () => {
  const flow = (type: Type) => ({ type, flexible: false });
  const task: Type = {
    kind: 'struct',
    aggregate: 'struct',
    name: 'task',
    size: 8,
    align: 8,
    id: 1,
  };

  it('of pointers ignore the address space and keep the first', () => {
    const kernel: Type = { kind: 'pointer', to: task, space: 'kernel' };
    const user: Type = { kind: 'pointer', to: task, space: 'user' };
    expect(join(flow(kernel), flow(user))?.type).toEqual(kernel);
  });

  it('of unlike kinds do not exist', () => {
    expect(join(flow(int(8, true)), flow({ kind: 'string', size: 4 }))).toBeUndefined();
    expect(join(flow(task), flow(int(8, true)))).toBeUndefined();
    expect(join(flow({ kind: 'count' }), flow(int(8, true)))).toBeUndefined();
    expect(join(flow({ kind: 'hist', bits: 0 }), flow({ kind: 'hist', bits: 1 }))).toBeUndefined();
  });

  it('of tuples keep literals flexible by element', () => {
    const tuple = (...elements: Type[]): Type => ({ kind: 'tuple', elements });
    const joined = join(
      { type: tuple(int(1, true), int(1, true)), flexible: [true, false] },
      flow(tuple(int(4, false), int(2, true))),
    );
    expect(joined && typeName(joined.type)).toBe('(uint32,int16)');
  });
});
