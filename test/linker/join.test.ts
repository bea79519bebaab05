import { describe, expect, it } from 'vitest';
import { BTF_KIND } from '../../linker/btf/btf.ts';
import { joinKernel, joinModule, placeOf } from '../../linker/btf/join.ts';
import { type Btf, readBtf } from '../../linker/btf/read.ts';
import { type SyntheticType, wordsOf, writeBtf } from './synthetic.ts';

const INT: SyntheticType = {
  name: 'int',
  kind: BTF_KIND.int,
  sizeOrType: 4,
  words: [(1 << 24) | 32],
};
const struct = (name: string, ...words: (string | number)[]): SyntheticType => ({
  ...{ name, kind: BTF_KIND.struct, length: words.length / 3, sizeOrType: 8, words },
});

/** 1: int, 2: struct task, 3: pointer to it. */
const KERNEL = writeBtf([
  INT,
  struct('task', 'pid', 1, 0),
  { kind: BTF_KIND.pointer, sizeOrType: 2 },
]);

/** A struct that leads to itself, behind the kernel: its ids are 4 and 5, its strings follow the kernel's. */
function module(name: string): Buffer {
  const padding = '\0'.repeat(placeOf(KERNEL).textSize);
  const types = [struct(name, `${name}_next`, 5, 0), { kind: BTF_KIND.pointer, sizeOrType: 4 }];
  const { words, text } = wordsOf(types, padding);
  const strings = Buffer.from(text.slice(padding.length), 'latin1');
  const header = Buffer.from(KERNEL.subarray(0, 24));
  for (const [at, word] of [0, words.length, words.length, strings.length].entries())
    header.writeUInt32LE(word, 8 + 4 * at);
  return Buffer.concat([header, words, strings]);
}

describe('BTF of two modules behind one kernel', () => {
  const kernel = placeOf(KERNEL);
  const btf = readBtf(
    joinModule(joinModule(KERNEL, module('inode'), kernel), module('socket'), kernel),
  );

  it('is counted with void', () => {
    expect(kernel).toMatchObject({ ids: 0, texts: 0, count: 4 });
    expect(btf.count).toBe(8);
  });

  it.each([
    ['task', 2, 'pid', 1],
    ['inode', 4, 'inode_next', 5],
    ['socket', 6, 'socket_next', 7],
  ])('keeps the names and types of %s apart', (name, id, member, type) => {
    expect(btf.name(id)).toBe(name);
    expect(btf.members(id)).toMatchObject([{ name: member, type }]);
  });

  it('has pointers of each to its own', () => {
    expect([3, 5, 7].map((id) => btf.type(id).sizeOrType)).toEqual([2, 4, 6]);
  });
});

describe('types of each kind behind others', () => {
  /** Each kind twice in a row, with names of its own: what is changed of one too many shows in the next. */
  const KINDS: readonly SyntheticType[] = [
    INT,
    { kind: BTF_KIND.pointer, sizeOrType: 4 },
    { name: 'forward', kind: BTF_KIND.forward, sizeOrType: 0 },
    struct('one', 'a', 1, 0, 'b', 2, 64),
    struct('two', 'c', 4, 0),
    { ...struct('both', 'd', 1, 0, 'e', 5, 0), kind: BTF_KIND.union },
    { name: 'color', kind: BTF_KIND.enum, length: 2, sizeOrType: 4, words: ['RED', 1, 'BLUE', 2] },
    { name: 'small', kind: BTF_KIND.enum, length: 1, sizeOrType: 1, words: ['ONLY', 3] },
    { name: 'large', kind: BTF_KIND.enum64, length: 1, sizeOrType: 8, words: ['HUGE', 7, 1] },
    { name: 'larger', kind: BTF_KIND.enum64, length: 1, sizeOrType: 8, words: ['MORE', 8, 2] },
    { kind: BTF_KIND.array, sizeOrType: 0, words: [4, 1, 6] },
    { kind: BTF_KIND.prototype, length: 2, sizeOrType: 1, words: ['x', 2, '', 4] },
    { kind: BTF_KIND.prototype, length: 1, sizeOrType: 0, words: ['y', 11] },
    { name: 'called', kind: BTF_KIND.function, length: 1, sizeOrType: 12 },
    { name: 'alias', kind: BTF_KIND.typedef, sizeOrType: 5 },
    { kind: BTF_KIND.const, sizeOrType: 15 },
    { kind: BTF_KIND.volatile, sizeOrType: 16 },
    { kind: BTF_KIND.restrict, sizeOrType: 2 },
    { name: 'user', kind: BTF_KIND.typeTag, sizeOrType: 1 },
    { name: 'held', kind: BTF_KIND.variable, sizeOrType: 4, words: [1] },
    { name: 'mark', kind: BTF_KIND.declTag, sizeOrType: 4, words: [0] },
    {
      name: '.data',
      kind: BTF_KIND.section,
      length: 2,
      sizeOrType: 32,
      words: [20, 0, 16, 20, 16, 16],
    },
    { name: 'real', kind: BTF_KIND.float, sizeOrType: 8 },
    { name: 'last', kind: BTF_KIND.int, sizeOrType: 2, words: [16] },
  ];
  const COUNT = KINDS.length;

  /** What stands in a type, its ids moved. */
  function told(btf: Btf, id: number, moved: (id: number) => number) {
    const { kind, name, entries, sizeOrType } = btf.type(id);
    const ofKind = (...kinds: readonly number[]) => kinds.includes(kind);
    const refers = ofKind(
      ...[BTF_KIND.pointer, BTF_KIND.typedef, BTF_KIND.const, BTF_KIND.volatile, BTF_KIND.restrict],
      ...[
        BTF_KIND.typeTag,
        BTF_KIND.function,
        BTF_KIND.variable,
        BTF_KIND.declTag,
        BTF_KIND.prototype,
      ],
    );
    return {
      ...{ kind, name, entries, to: refers ? moved(sizeOrType) : sizeOrType },
      ...(ofKind(BTF_KIND.struct, BTF_KIND.union)
        ? { members: btf.members(id).map((each) => ({ ...each, type: moved(each.type) })) }
        : {}),
      ...(ofKind(BTF_KIND.enum, BTF_KIND.enum64) ? { values: btf.enumerators(id) } : {}),
      ...(ofKind(BTF_KIND.array)
        ? { ...btf.array(id), element: moved(btf.array(id).element), index: moved(btf.word(id, 1)) }
        : {}),
      ...(ofKind(BTF_KIND.prototype)
        ? { parameters: btf.parameters(id).map((each) => ({ ...each, type: moved(each.type) })) }
        : {}),
      ...(ofKind(BTF_KIND.section)
        ? { held: btf.variables(id).map((each) => ({ ...each, variable: moved(each.variable) })) }
        : {}),
      ...(ofKind(BTF_KIND.int) ? { int: btf.int(id) } : {}),
    };
  }

  it('are what they were, at other ids, and those below stay', () => {
    const part = writeBtf(KINDS);
    const { bytes, place } = joinKernel(KERNEL, part);
    const [alone, joined] = [readBtf(part), readBtf(bytes)];
    expect(place).toEqual({
      ids: 3,
      texts: placeOf(KERNEL).textSize,
      count: COUNT + 1,
      textSize: placeOf(part).textSize,
    });
    expect(joined.count).toBe(3 + COUNT + 1);
    for (let id = 1; id <= COUNT; id += 1)
      expect(told(joined, id + 3, (own) => own)).toEqual(
        told(alone, id, (own) => (own === 0 ? 0 : own + 3)),
      );
    const kernel = readBtf(KERNEL);
    for (let id = 1; id <= 3; id += 1)
      expect(told(joined, id, (own) => own)).toEqual(told(kernel, id, (own) => own));
  });

  it('are reached by pointers where the whole has them already, the first of their names', () => {
    const twice = joinKernel(joinKernel(KERNEL, writeBtf(KINDS)).bytes, writeBtf(KINDS));
    const joined = readBtf(twice.bytes);
    const second = twice.place.ids;
    expect(second).toBe(3 + COUNT);
    // The pointer leads to the struct of the first, and members are their own.
    expect(joined.sizeOrType(second + 2)).toBe(4 + 3);
    expect(joined.members(second + 5)[0]?.type).toBe(second + 4);
    expect(joined.sizeOrType(second + 15)).toBe(second + 5);
    // What has no name, or another kind, is its own.
    expect(joined.sizeOrType(second + 18)).toBe(second + 2);
    expect(joined.sizeOrType(second + 19)).toBe(second + 1);
    const other = writeBtf([
      { ...struct('task', 'x', 2, 0), kind: BTF_KIND.union },
      { kind: BTF_KIND.pointer, sizeOrType: 1 },
      { kind: BTF_KIND.pointer, sizeOrType: 4 },
      struct('', 'y', 1, 0),
    ]);
    const { bytes, place } = joinKernel(KERNEL, other);
    expect([2, 3].map((id) => readBtf(bytes).sizeOrType(id + place.ids))).toEqual([4, 7]);
  });
});
