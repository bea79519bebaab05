/** Ways to structs that have no name. */
import { expect, it } from 'vitest';
import { loadKernelDescription } from '../../compiler/kernel/load.ts';
import type { StructType } from '../../compiler/types/type.ts';

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
