/** One damage for each thing that is checked of BTF and BTF.ext, and what is right beside it. */
import type { SyntheticType } from '../../../linker/synthetic.ts';
import { type Case, Patch, SECTION } from './patch.ts';

const KIND = {
  int: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  typedef: 8,
  const: 10,
  func: 12,
  proto: 13,
  variable: 14,
  section: 15,
  enum64: 19,
} as const;

const int = (size: number): SyntheticType => ({
  name: 'number',
  kind: KIND.int,
  sizeOrType: size,
  words: [8],
});
const to = (kind: number, type: number): SyntheticType => ({ kind, sizeOrType: type });
const holder = (...members: readonly number[]): SyntheticType => ({
  name: 'holder',
  kind: KIND.struct,
  length: members.length,
  sizeOrType: 8,
  words: members.flatMap((type) => ['member', type, 0]),
});
/** A member of three bits. */
const bits = (kind: number, type: number, width = 3): SyntheticType => ({
  name: 'bits',
  kind,
  length: 1,
  flag: true,
  sizeOrType: 8,
  words: ['member', type, width << 24],
});
const array = (of: number, index: number): SyntheticType => ({
  kind: KIND.array,
  sizeOrType: 0,
  words: [of, index, 1],
});
const section = (name: string, ...types: readonly number[]): SyntheticType => ({
  name,
  kind: KIND.section,
  length: types.length,
  sizeOrType: 8,
  words: types.flatMap((type) => [type, 0, 8]),
});
const proto = (...types: readonly number[]): SyntheticType => ({
  kind: KIND.proto,
  length: types.length,
  sizeOrType: 0,
  words: types.flatMap((type) => ['argument', type]),
});
const variable = (type: number): SyntheticType => ({
  name: 'variable',
  kind: KIND.variable,
  sizeOrType: type,
  words: [1],
});
const func = (type: number): SyntheticType => ({
  name: 'function',
  kind: KIND.func,
  sizeOrType: type,
});

const MOST_TYPES = (1 << 20) - 1;
/** Types nest 64 deep: with the innermost, which is a number. */
const DEEPEST = 64;

export function btfCases(good: Buffer): readonly Case[] {
  const cases: Case[] = [];
  const changed = (about: string, reason: string, change: (patch: Patch) => unknown): void => {
    const patch = new Patch(good);
    change(patch);
    cases.push({ about, reason, object: patch.signed() });
  };
  const types = (
    about: string,
    reason: string,
    make: (first: number) => readonly SyntheticType[],
  ): void => changed(about, reason, (p) => p.types(make));
  const NO_BTF = 'BTF type 0: the header is not one of BTF';
  const BEYOND = 'types or strings reach beyond the section';
  const UNTERMINATED = 'BTF type 0: the strings are not terminated';

  changed('23 bytes', NO_BTF, (p) => p.section('.BTF', SECTION.size, 23));
  for (const byte of [0, 1, 2, 3])
    changed(`byte ${byte} of the header`, NO_BTF, (p) => p.contents('.BTF').writeUInt8(2, byte));
  for (const length of [23, 28])
    changed(`a header of ${length} bytes`, 'the header has another length', (p) =>
      p.contents('.BTF').writeUInt32LE(length, 4),
    );
  const number = Buffer.from(new Uint32Array([1, KIND.int << 24, 4, 32]).buffer);
  const strings = Buffer.from('\0x\0');
  const made = (about: string, reason: string, header: Readonly<Record<number, number>>): void =>
    changed(about, reason, (p) => p.btf(number, strings, header));
  made('types at an odd place', BEYOND, { 8: 2 });
  made('types beyond the end', BEYOND, { 12: 20 });
  made('strings beyond the end', BEYOND, { 20: 4 });
  made('strings that begin within types', 'types and strings overlap', { 16: 15 });
  made('no strings', UNTERMINATED, { 20: 0 });
  changed('strings that do not begin empty', UNTERMINATED, (p) =>
    p.btf(number, Buffer.from('yx\0')),
  );
  changed('strings without an end', UNTERMINATED, (p) => p.btf(number, Buffer.from('\0xy')));

  changed('a type of which a word lacks', 'cut off', (p) => p.btf(number.subarray(0, 8), strings));
  changed('a number of which a word lacks', 'BTF type 1: cut off', (p) =>
    p.btf(number.subarray(0, 12), strings),
  );
  for (const kind of [0, 20, 31])
    types(`kind ${kind}`, 'unknown kind', () => [{ kind, sizeOrType: 0 }]);
  const many = (count: number) => (p: Patch) => {
    const rest = count - countOf(p);
    const one = Buffer.from(new Uint32Array([0, KIND.pointer << 24, 0]).buffer);
    const btf = p.contents('.BTF');
    const [size, from, length] = [btf.readUInt32LE(12), btf.readUInt32LE(16), btf.readUInt32LE(20)];
    p.btf(
      Buffer.concat([btf.subarray(24, 24 + size), Buffer.alloc(12 * rest, one)]),
      btf.subarray(24 + from, 24 + from + length),
    );
  };
  changed('as many types as can be', 'ok', many(MOST_TYPES));
  changed('one type more', `BTF type ${MOST_TYPES + 1}: cut off`, many(MOST_TYPES + 1));

  for (const size of [1, 16]) types(`a number of ${size} bytes`, 'ok', () => [int(size)]);
  for (const size of [0, 3, 32])
    types(`a number of ${size} bytes`, 'a number of a size that no number has', () => [int(size)]);
  for (const kind of [KIND.enum, KIND.enum64]) {
    types(`enum ${kind} of 8 bytes`, 'ok', () => [{ name: 'e', kind, sizeOrType: 8 }]);
    types(`enum ${kind} of 3 bytes`, 'a number of a size that no number has', () => [
      { name: 'e', kind, sizeOrType: 3 },
    ]);
  }

  const NO_NUMBER = 'a bitfield of something that is no number';
  for (const kind of [KIND.struct, KIND.union]) {
    types(`bits of a number in ${kind}`, 'ok', (id) => [int(8), bits(kind, id)]);
    types(`bits of a pointer in ${kind}`, NO_NUMBER, (id) => [to(KIND.pointer, 0), bits(kind, id)]);
    types(`no bits of a pointer in ${kind}`, 'ok', (id) => [
      to(KIND.pointer, 0),
      bits(kind, id, 0),
    ]);
  }
  types('bits of a typedef of a constant number', 'ok', (id) => [
    int(8),
    to(KIND.const, id),
    { ...to(KIND.typedef, id + 1), name: 't' },
    bits(KIND.struct, id + 2),
  ]);
  for (const kind of [KIND.enum, KIND.enum64])
    types(`bits of enum ${kind}`, 'ok', (id) => [
      { name: 'e', kind, sizeOrType: 8 },
      bits(KIND.struct, id),
    ]);
  types('bits of nothing', NO_NUMBER, () => [bits(KIND.struct, 0)]);
  types('bits of a structure', NO_NUMBER, (id) => [holder(), bits(KIND.struct, id)]);
  types('bits of what is not there', NO_NUMBER, (id) => [bits(KIND.struct, id + 1)]);

  const OUTSIDE = 'a name lies outside the strings';
  changed('a name behind the strings', OUTSIDE, (p) => {
    const bytes = Buffer.from(number);
    bytes.writeUInt32LE(3, 0);
    p.btf(bytes, strings);
  });
  for (const [kind, step] of [
    ['struct', 3],
    ['union', 3],
    ['enum', 2],
    ['enum64', 3],
    ['proto', 2],
  ] as const)
    types(`the second name in ${kind}`, OUTSIDE, () => [
      {
        kind: KIND[kind],
        length: 2,
        sizeOrType: kind === 'proto' ? 0 : 4,
        words: [...Array<number>(step).fill(0), 0x7fff_ffff, ...Array<number>(step - 1).fill(0)],
      },
    ]);

  const NOT_THERE = 'refers to a type that is not there';
  const referring: readonly (readonly [string, (id: number) => SyntheticType])[] = [
    ['pointer', (id) => to(KIND.pointer, id)],
    ['typedef', (id) => ({ ...to(KIND.typedef, id), name: 't' })],
    ['elements', (id) => array(id, id - 1)],
    ['index', (id) => array(id - 1, id)],
    ['second member', (id) => holder(id - 1, id)],
    ['argument', (id) => proto(id - 1, id)],
    ['variable', (id) => variable(id)],
  ];
  for (const [about, make] of referring) {
    types(`${about} of what is there`, 'ok', (id) => [int(4), int(4), make(id + 1)]);
    types(`${about} of what is not`, NOT_THERE, (id) => [int(4), int(4), make(id + 3)]);
  }
  types('a result that is not there', NOT_THERE, (id) => [{ ...proto(), sizeOrType: id + 1 }]);
  types('a function', 'ok', (id) => [proto(), func(id)]);
  types('a function of a number', 'a function without a prototype', (id) => [int(4), func(id)]);
  types('a section of a number', 'a section holds something else than variables', (id) => [
    int(4),
    section('.own', id),
  ]);
  const NO_TYPE = 'a variable of something that is no type';
  types('a variable of a variable', NO_TYPE, (id) => [int(4), variable(id), variable(id + 1)]);
  types('a variable of a section', NO_TYPE, (id) => [section('.own'), variable(id)]);
  types('a variable of a function', NO_TYPE, (id) => [proto(), func(id), variable(id + 1)]);

  const DEEP = 'nested too deeply, or within itself';
  /** Each holds the one before it; the first one is a number. */
  const nested = (depth: number) => (id: number) => [
    int(4),
    ...Array.from({ length: depth - 1 }, (_unused, index) => holder(id + index)),
  ];
  types('nested as deeply as can be', 'ok', (id) =>
    nested(DEEPEST)(id).toReversed().map(flip(id, DEEPEST)),
  );
  types('nested one deeper', DEEP, (id) =>
    nested(DEEPEST + 1)(id)
      .toReversed()
      .map(flip(id, DEEPEST + 1)),
  );
  types('a structure within itself', DEEP, (id) => [holder(id)]);
  types('a pointer to itself', 'ok', (id) => [to(KIND.pointer, id)]);
  types('a typedef of itself', DEEP, (id) => [{ ...to(KIND.typedef, id), name: 't' }]);
  types('elements of itself', DEEP, (id) => [int(4), array(id + 1, id)]);
  types('an index of itself', 'ok', (id) => [int(4), array(id, id + 1)]);
  /** 2^n and 2^(n+1) - 1 steps, and so on: twice what the one before takes, and one. */
  const doubled = (count: number) => (id: number) => [
    int(4),
    ...Array.from({ length: count }, (_unused, index) => holder(id + index, id + index)),
  ];
  types('524,287 steps', 'ok', doubled(18));
  types('1,048,575 steps', 'too large', doubled(19));
  /** A pointer to the one before, twice, and so on: nobody walks behind pointers. */
  const pointed = (id: number) => [
    int(4),
    ...Array.from({ length: 25 }, (_unused, index) => [
      to(KIND.pointer, id + 2 * index),
      holder(id + 2 * index + 1, id + 2 * index + 1),
    ]).flat(),
  ];
  types('pointers to pointers', 'ok', pointed);

  for (const name of ['.kconfig', '.struct_ops', '.struct_ops.link'])
    types(name, 'a section that scripts do not have', () => [section(name)]);
  types('.ksyms of a number', 'holds something else than variables', (id) => [
    int(4),
    section('.ksyms', id),
  ]);
  types('.ksyms of functions and variables', 'ok', (id) => [
    int(4),
    variable(id),
    proto(id),
    func(id + 2),
    section('.ksyms', id + 1, id + 3),
  ]);
  return cases;
}

/** The outermost stands first, so that the walk goes all the way down. */
function flip(first: number, count: number): (type: SyntheticType) => SyntheticType {
  return (type) => ({
    ...type,
    ...(type.words && type.kind === KIND.struct
      ? { words: ['member', 2 * first + count - 1 - Number(type.words[1]), 0] }
      : {}),
  });
}

function countOf(patch: Patch): number {
  let first = 0;
  new Patch(patch.bytes).types((id) => {
    first = id;
    return [];
  });
  return first - 1;
}
