import { describe, expect, it } from 'vitest';
import { BTF_KIND } from '../../linker/btf/btf.ts';
import { joinModule, placeOf } from '../../linker/btf/join.ts';
import { readBtf } from '../../linker/btf/read.ts';
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
