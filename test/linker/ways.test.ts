/** Ways to structs that have no name. */
import { describe, expect, it } from 'vitest';
import { loadKernelDescription } from '../../compiler/kernel/load.ts';
import type { StructType } from '../../compiler/types/type.ts';
import { BTF_KIND } from '../../linker/btf/btf.ts';
import { readBtf } from '../../linker/btf/read.ts';
import { createWays } from '../../linker/btf/ways.ts';
import { type SyntheticType, writeBtf } from './synthetic.ts';

const { types } = loadKernelDescription('default');

/** The struct that a path of members leads to, through arrays and pointers. */
function held(name: string, ...path: readonly string[]): StructType {
  let type = types.struct('struct', name);
  for (const member of path) {
    let next = type && types.member(type, member)?.type;
    while (next?.kind === 'array' || next?.kind === 'pointer')
      next = next.kind === 'array' ? next.element : next.to;
    if (next?.kind !== 'struct') throw new Error(`${member} holds no struct`);
    type = next;
  }
  if (!type) throw new Error(`there is no ${name}`);
  return type;
}

function waysTo(struct: StructType): readonly string[] {
  return types.ways(struct).map(({ from, names }) => [from, ...names].join('.'));
}

it('leads from the struct around', () => {
  const [way] = types.ways(held('sock', 'sk_backlog'));
  const backlog = types.member(held('sock'), 'sk_backlog');
  expect(way?.from).toBe('struct sock');
  expect(way?.indexes).toEqual(backlog?.indexes);
  expect(way?.offset).toBe((backlog?.bitOffset ?? 0) / 8);
});

it('leads through several structs without a name', () => {
  const inner = held('bpf_link_info', 'perf_event', 'uprobe');
  expect(waysTo(inner)).toEqual(['struct bpf_link_info.perf_event.uprobe']);
});

it('leads from each struct that has one, through elements of arrays', () => {
  const ways = waysTo(held('vfs_cap_data', 'data'));
  expect(ways).toEqual(['struct vfs_cap_data.data.0', 'struct vfs_ns_cap_data.data.0']);
});

it('is a typedef where that names the struct', () => {
  expect(waysTo(held('sock', 'sk_uid'))).toEqual(['kuid_t']);
});

it('tells what only a pointer leads to', () => {
  const [way] = types.ways(held('parsed_partitions', 'parts'));
  expect([way?.names, way?.leaves]).toEqual([['parts', '0'], true]);
});

describe('in types that a test writes', () => {
  const INT: SyntheticType = {
    name: 'int',
    kind: BTF_KIND.int,
    sizeOrType: 4,
    words: [(1 << 24) | 32],
  };
  const aggregate = (
    kind: number,
    name: string,
    ...members: readonly (readonly [string, number, number])[]
  ) => ({
    ...{ kind, name, length: members.length, sizeOrType: 64, words: members.flat() },
  });
  const array = (element: number, count: number): SyntheticType => ({
    ...{ kind: BTF_KIND.array, sizeOrType: 0, words: [element, 1, count] },
  });
  const waysIn = (types: readonly SyntheticType[], struct: number) =>
    createWays(readBtf(writeBtf(types)))(struct);
  const NAMELESS = aggregate(BTF_KIND.struct, '', ['a', 1, 0]);

  it('has an element for each dimension of an array', () => {
    const types = [
      ...[INT, NAMELESS, array(2, 3), array(3, 4), array(4, 5)],
      aggregate(BTF_KIND.struct, 'holder', ['pad', 1, 0], ['it', 5, 64]),
    ];
    expect(waysIn(types, 2)).toEqual([
      {
        ...{ root: 6, from: 'struct holder', indexes: [1, 0, 0, 0], names: ['it', '0', '0', '0'] },
        ...{ offset: 8, leaves: false },
      },
    ]);
  });

  it('leads through unions and pointers, of which no access path does the second', () => {
    const pointer = { kind: BTF_KIND.pointer, sizeOrType: 2 };
    const union = aggregate(BTF_KIND.union, 'u', ['it', 2, 0]);
    const types = [INT, NAMELESS, pointer, union, aggregate(BTF_KIND.struct, 'p', ['to', 3, 32])];
    expect(waysIn(types, 2)).toMatchObject([
      { from: 'union u', indexes: [0], names: ['it'], leaves: false },
      { from: 'struct p', indexes: [0, 0], names: ['to', '0'], leaves: true },
    ]);
    // The struct of a name is its own way.
    expect(waysIn(types, 5)).toMatchObject([{ from: 'struct p', indexes: [] }]);
  });

  it('has no name for members without one, and adds up where they stand', () => {
    const middle = aggregate(BTF_KIND.union, '', ['', 2, 32]);
    const types = [
      INT,
      NAMELESS,
      middle,
      aggregate(BTF_KIND.struct, 's', ['x', 1, 0], ['', 3, 64]),
    ];
    expect(waysIn(types, 2)).toMatchObject([
      { root: 4, indexes: [1, 0], names: [], offset: 12, leaves: false },
    ]);
  });

  it('is none of what nothing holds, and damage where a struct holds itself', () => {
    expect(waysIn([INT, NAMELESS], 2)).toEqual([]);
    const circle = aggregate(BTF_KIND.struct, '', ['self', 2, 0]);
    expect(() => waysIn([INT, circle], 2)).toThrow('struct 2 contains itself');
  });
});
