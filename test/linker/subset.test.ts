/** The part of a kernel's BTF that an object needs. */
import { describe, expect, it } from 'vitest';
import { BTF_KIND } from '../../linker/btf/btf.ts';
import { readBtf } from '../../linker/btf/read.ts';
import { subsetOf, typeNames } from '../../linker/btf/subset.ts';
import { type SyntheticType, writeBtf } from './synthetic.ts';

const struct = (name: string, size: number, ...words: (string | number)[]): SyntheticType => ({
  ...{ name, kind: BTF_KIND.struct, length: words.length / 3, sizeOrType: size, words },
});

/** 1: int; 2: struct list { void * }; 3: pointer to 5; 4: int[3]; 5: task; 6: other; 7: an older task. */
const KERNEL = writeBtf([
  { name: 'int', kind: BTF_KIND.int, sizeOrType: 4, words: [(1 << 24) | 32] },
  struct('list', 8, 'next', 3, 0),
  { kind: BTF_KIND.pointer, sizeOrType: 5 },
  { kind: BTF_KIND.array, sizeOrType: 0, words: [1, 1, 3] },
  struct('task', 32, 'pid', 1, 0, 'tasks', 2, 64, 'numbers', 4, 128),
  struct('other', 8, 'task', 3, 0),
  struct('task', 4, 'pid', 1, 0),
]);

describe('The types that an object needs', () => {
  it('are those of the names, with what they have by value', () => {
    const btf = readBtf(subsetOf(readBtf(KERNEL), ['none', 'task']));
    const [first = 0, second = 0, ...others] = btf.named('task');
    expect(others).toEqual([]);
    expect([btf.sizeOf(first), btf.sizeOf(second)]).toEqual([32, 4]);
    expect(btf.members(first).map(({ name, bitOffset }) => [name, bitOffset])).toEqual([
      ['pid', 0],
      ['tasks', 64],
      ['numbers', 128],
    ]);
    const [pid, tasks, numbers] = btf.members(first);
    expect(btf.name(pid?.type ?? 0)).toBe('int');
    expect(btf.name(tasks?.type ?? 0)).toBe('list');
    expect(btf.sizeOf(numbers?.type ?? 0)).toBe(12);
  });

  it('end at pointers, with the names of structs and with numbers that these lead to', () => {
    const btf = readBtf(subsetOf(readBtf(KERNEL), ['other']));
    const [other = 0] = btf.named('other');
    const [task] = btf.members(other);
    expect(btf.kind(task?.type ?? 0)).toBe(BTF_KIND.pointer);
    const pointee = btf.sizeOrType(task?.type ?? 0);
    expect([btf.kind(pointee), btf.name(pointee)]).toEqual([BTF_KIND.forward, 'task']);
    expect(btf.named('task')).toEqual([pointee]);
    expect(btf.count).toBe(4);
  });

  it('are found by the names that the object has, without their flavours', () => {
    const object = writeBtf([struct('task___old', 0), struct('list', 8)]);
    expect(typeNames(object)).toEqual(['list', 'task']);
  });
});
