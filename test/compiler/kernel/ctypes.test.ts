/** What fields of events are, by the C that formats have. */
import { describe, expect, it } from 'vitest';
import { typeOfDeclaration, typeOfDynamicArray } from '../../../compiler/kernel/ctypes.ts';
import type { KernelTypes } from '../../../compiler/kernel/types.ts';
import { int, type StructType, type Type, VOID } from '../../../compiler/types/type.ts';
import { C_NUMBERS } from '../../../linker/contract/numbers.ts';

const struct = (aggregate: 'struct' | 'union', name: string, size: number): StructType => ({
  ...{ kind: 'struct', aggregate, name, id: 7, size, align: 4 },
});
const ENUM = { kind: 'enum', name: 'state', id: 8, size: 4, signed: false } as const;
const none = () => undefined;
const types: KernelTypes = {
  struct: (aggregate, name) =>
    name === 'point' ? struct(aggregate, name, aggregate === 'union' ? 4 : 12) : undefined,
  enum: (name) => (name === 'state' ? ENUM : undefined),
  typedef: (name) => (name === 'sector_t' ? int(8, false) : undefined),
  ...{ member: none, members: () => [], enumerator: none, ways: () => [], enumerators: () => [] },
};
const of = (ctype: string, size: number, signed = false): Type =>
  typeOfDeclaration(types, { ctype, size, signed }, 'user');
const bytes = (count: number): Type => ({ kind: 'array', element: int(1, false), count });

describe('A number', () => {
  it('is of its name where there is room for it, as in the eight bytes of a system call', () => {
    for (const [name, { size, signed }] of Object.entries(C_NUMBERS)) {
      expect([name, of(name, size)]).toEqual([name, int(size, signed)]);
      expect([name, of(name, 8)]).toEqual([name, int(size, signed)]);
    }
    expect(of('char', 1)).toEqual(int(1, true));
    expect(of('const clockid_t', 4)).toEqual(int(4, true));
    expect(of('const clockid_t', 8)).toEqual(int(4, true));
  });

  it('is of what its record says where the name is unknown, or too wide', () => {
    for (const size of [1, 2, 4, 8] as const)
      for (const signed of [true, false])
        expect(of('unheard_of', size, signed)).toEqual(int(size, signed));
    expect(of('u64', 4, true)).toEqual(int(4, true));
    for (const size of [0, 3, 5, 6, 7, 16]) expect(of('unheard_of', size)).toEqual(bytes(size));
  });

  it('is a truth in one byte alone', () => {
    expect(of('bool', 1)).toEqual({ kind: 'bool' });
    expect(of('bool', 4)).toEqual(int(4, false));
  });
});

describe('A struct, a union or an enum', () => {
  it('is what the kernel has of that name', () => {
    expect(of('struct point', 12)).toEqual(struct('struct', 'point', 12));
    expect(of('const union point', 4)).toEqual(struct('union', 'point', 4));
    expect(of('enum state', 4)).toEqual(ENUM);
    expect(of('const enum state', 4)).toEqual(ENUM);
  });

  it('is a number or bytes where the kernel has none, or one of another size', () => {
    expect(of('struct gone', 8)).toEqual(int(8, false));
    expect(of('struct gone', 12)).toEqual(bytes(12));
    expect(of('enum state', 8, true)).toEqual(int(8, true));
    expect(of('enum gone', 4, true)).toEqual(int(4, true));
  });
});

describe('An array', () => {
  it('has elements of its type, as many as fit, whatever its length says', () => {
    expect(of('char[16]', 16)).toEqual({ kind: 'string', size: 16 });
    expect(of('u32 [4]', 16)).toEqual({ kind: 'array', element: int(4, false), count: 4 });
    expect(of('const s16[(1 << 2)]', 8)).toEqual({
      kind: 'array',
      element: int(2, true),
      count: 4,
    });
    expect(of('bool[3]', 3)).toEqual({ kind: 'array', element: { kind: 'bool' }, count: 3 });
    expect(of('struct point[2]', 24)).toEqual({
      ...{ kind: 'array', element: struct('struct', 'point', 12), count: 2 },
    });
    const pointers = of('void *[2]', 16);
    expect(pointers).toMatchObject({ kind: 'array', count: 2, element: { kind: 'pointer' } });
  });

  it('is bytes where its elements are unknown or do not fit', () => {
    expect(of('u32[3]', 10)).toEqual(bytes(10));
    expect(of('struct gone[3]', 24)).toEqual(bytes(24));
    expect(of('u8[]', 0)).toEqual({ kind: 'array', element: int(1, false), count: 0 });
  });
});

describe('A pointer', () => {
  const to = (ctype: string): Type => of(ctype, 8);
  it('leads to its type, without words that say nothing of it, in the memory that it is of', () => {
    for (const [ctype, pointee] of [
      ['const char *', int(1, true)],
      ['char __user *', int(1, true)],
      ['volatile u16*', int(2, false)],
      ['struct point *', struct('struct', 'point', 12)],
      ['const union point __rcu *', struct('union', 'point', 4)],
      ['struct gone *', VOID],
      ['void *', VOID],
      ['bool *', { kind: 'bool' }],
      ['sector_t *', int(8, false)],
      ['unheard_of *', VOID],
    ] as const)
      expect([ctype, to(ctype)]).toEqual([ctype, { kind: 'pointer', to: pointee, space: 'user' }]);
    expect(to('const char *const *')).toEqual({
      ...{ kind: 'pointer', space: 'user' },
      to: { kind: 'pointer', to: int(1, true), space: 'user' },
    });
  });

  it('of a dynamic array leads into the record, which is kernel memory', () => {
    for (const ctype of ['__data_loc u32[]', '__rel_loc const u32 []'])
      expect(typeOfDynamicArray(types, ctype)).toEqual({
        ...{ kind: 'pointer', to: int(4, false), space: 'kernel' },
      });
    expect(typeOfDynamicArray(types, '__data_loc char[]')).toMatchObject({ to: int(1, true) });
  });
});
