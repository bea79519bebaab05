import { describe, expect, it } from 'vitest';
import { createBtfTypes } from '../../../compiler/kernel/kernel-types.ts';
import type { KernelTypes } from '../../../compiler/kernel/types.ts';
import { BTF_KIND } from '../../../linker/btf/btf.ts';
import { type SyntheticType, writeBtf } from '../../linker/synthetic.ts';

const INT: SyntheticType = {
  name: 'int',
  kind: BTF_KIND.int,
  sizeOrType: 4,
  words: [(1 << 24) | 32],
};
const CHAR: SyntheticType = {
  name: 'char',
  kind: BTF_KIND.int,
  sizeOrType: 1,
  words: [(1 << 24) | 8],
};

function typesOf(types: readonly SyntheticType[]): KernelTypes {
  return createBtfTypes(() => writeBtf(types)).types;
}

function memberOf(types: KernelTypes, struct: string, name: string) {
  const found = types.struct('struct', struct);
  return found && types.member(found, name);
}

/** struct s { <type> m; } as type 1, with what it refers to behind it. */
function structWith(member: number, ...others: SyntheticType[]): KernelTypes {
  const struct = {
    name: 's',
    kind: BTF_KIND.struct,
    length: 1,
    sizeOrType: 8,
    words: ['m', member, 0],
  };
  return typesOf([struct, ...others]);
}

describe('BTF types as scripts see them', () => {
  it('puts pointers with the tag user into user space', () => {
    const types = structWith(
      2,
      { kind: BTF_KIND.pointer, sizeOrType: 3 },
      { name: 'user', kind: BTF_KIND.typeTag, sizeOrType: 4 },
      { kind: BTF_KIND.const, sizeOrType: 5 },
      CHAR,
    );
    expect(memberOf(types, 's', 'm')).toMatchObject({
      tag: 'user',
      type: { kind: 'pointer', space: 'user', to: { kind: 'int', size: 1 } },
    });
  });

  it('names other tags and leaves their pointers in the kernel', () => {
    const types = structWith(
      2,
      { kind: BTF_KIND.pointer, sizeOrType: 3 },
      { name: 'percpu', kind: BTF_KIND.typeTag, sizeOrType: 4 },
      INT,
    );
    expect(memberOf(types, 's', 'm')).toMatchObject({
      tag: 'percpu',
      type: { kind: 'pointer', space: 'kernel' },
    });
  });

  it('reads bitfields of both encodings, behind typedefs too', () => {
    const packed = typesOf([
      {
        name: 's',
        kind: BTF_KIND.struct,
        length: 2,
        flag: true,
        sizeOrType: 4,
        words: ['plain', 2, 0, 'bits', 2, (5 << 24) | 19],
      },
      INT,
    ]);
    expect(memberOf(packed, 's', 'plain')).toMatchObject({ bitOffset: 0, bitSize: 0 });
    expect(memberOf(packed, 's', 'bits')).toMatchObject({ bitOffset: 19, bitSize: 5 });
    const old = structWith(
      2,
      { name: 'flags_t', kind: BTF_KIND.typedef, sizeOrType: 3 },
      { ...INT, words: [(3 << 16) | 2] },
    );
    expect(memberOf(old, 's', 'm')).toMatchObject({ bitOffset: 3, bitSize: 2 });
  });

  it('makes strings of char arrays alone', () => {
    const array = (element: number, count: number) => ({
      kind: BTF_KIND.array,
      sizeOrType: 0,
      words: [element, element, count],
    });
    expect(memberOf(structWith(2, array(3, 16), CHAR), 's', 'm')?.type).toEqual({
      kind: 'string',
      size: 16,
    });
    const bytes: SyntheticType = { ...CHAR, name: 'unsigned char', words: [8] };
    expect(memberOf(structWith(2, array(3, 16), bytes), 's', 'm')?.type).toEqual({
      kind: 'array',
      element: { kind: 'int', size: 1, signed: false },
      count: 16,
    });
    expect(memberOf(structWith(2, array(3, 0), CHAR), 's', 'm')?.type).toMatchObject({
      kind: 'array',
      count: 0,
    });
  });

  it('knows enumerators of 32 and 64 bits with their sign', () => {
    const types = typesOf([
      {
        name: 'e',
        kind: BTF_KIND.enum,
        length: 2,
        flag: true,
        sizeOrType: 4,
        words: ['A', -1, 'B', 7],
      },
      { name: 'big', kind: BTF_KIND.enum64, length: 1, sizeOrType: 8, words: ['C', 1, 0x80000000] },
    ]);
    expect(types.enumerator('A')).toMatchObject({ value: -1n, type: { name: 'e', size: 4 } });
    expect(types.enumerator('C')?.value).toBe(0x8000_0000_0000_0001n);
    expect(types.enumerator('D')).toBeUndefined();
    expect(types.enumerators(1)).toEqual([
      ['A', -1n],
      ['B', 7n],
    ]);
  });

  it('has 128-bit integers as bytes and bools as bools', () => {
    const wide = structWith(2, {
      name: '__int128',
      kind: BTF_KIND.int,
      sizeOrType: 16,
      words: [128],
    });
    expect(memberOf(wide, 's', 'm')?.type).toMatchObject({ kind: 'array', count: 16 });
    const bool = structWith(2, {
      name: '_Bool',
      kind: BTF_KIND.int,
      sizeOrType: 1,
      words: [(4 << 24) | 8],
    });
    expect(memberOf(bool, 's', 'm')?.type).toEqual({ kind: 'bool' });
  });

  it('leaves forwards without a size, for their name to complete', () => {
    const types = structWith(
      2,
      { kind: BTF_KIND.pointer, sizeOrType: 3 },
      { name: 'later', kind: BTF_KIND.forward, flag: true, sizeOrType: 0 },
    );
    expect(memberOf(types, 's', 'm')?.type).toMatchObject({
      kind: 'pointer',
      to: { kind: 'struct', aggregate: 'union', name: 'later', size: 0 },
    });
    expect(types.struct('union', 'later')).toBeUndefined();
  });
});

describe('damaged BTF', () => {
  it('is refused when types refer to nothing or to themselves', () => {
    expect(() => memberOf(structWith(77), 's', 'm')).toThrow('type 77 is not there');
    const circle = structWith(2, { name: 't', kind: BTF_KIND.typedef, sizeOrType: 2 });
    expect(() => memberOf(circle, 's', 'm')).toThrow('refers to itself');
    const pointers = structWith(2, { kind: BTF_KIND.pointer, sizeOrType: 2 });
    expect(() => memberOf(pointers, 's', 'm')).toThrow('refers to itself');
    const nested = typesOf([
      { name: 's', kind: BTF_KIND.struct, length: 1, sizeOrType: 8, words: ['', 1, 0] },
    ]);
    expect(() => memberOf(nested, 's', 's')).toThrow('contains itself');
  });
});
