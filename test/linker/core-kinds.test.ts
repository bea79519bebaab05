/** The object's copies of types of the kernel: members of each kind, as libbpf compares them. */
import { expect, it } from 'vitest';
import { BTF_KIND, ENCODING } from '../../linker/btf/btf.ts';
import { BtfBuilder } from '../../linker/btf/builder.ts';
import { addCoreTypes, CORE_KIND } from '../../linker/btf/core.ts';
import type { CoreSite } from '../../linker/btf/definitions.ts';
import { type Btf, readBtf } from '../../linker/btf/read.ts';

const builder = new BtfBuilder();
const narrow = builder.enum('narrow', 4, false, [['ONE', 1n]], false);
const signedEnum = builder.enum('negative', 4, true, [['MINUS', -1n]], false);
const wide = builder.enum('wide', 8, false, [['LARGE', 1n << 40n]], true);
const inner = builder.aggregate('union', 'inner', 8, [
  { name: 'whole', type: builder.unsigned(8), bitOffset: 0 },
  { name: 'half', type: builder.unsigned(4), bitOffset: 0 },
]);
const MEMBERS = [
  ['number', builder.int('long', 8, ENCODING.signed, 64)],
  ['truth', builder.int('_Bool', 1, ENCODING.bool, 8)],
  ['real', builder.float('double', 8)],
  ['pointer', builder.pointer(inner)],
  ['list', builder.array(builder.typedef('u16', builder.unsigned(2)), 7)],
  ['narrow', narrow],
  ['negative', builder.typedef('named', signedEnum)],
  ['wide', wide],
  ['part', inner],
] as const;
const struct = builder.aggregate(
  'struct',
  'kinds',
  256,
  MEMBERS.map(([name, type], index) => ({ name, type, bitOffset: index * 128 })),
);
const kernel = readBtf(builder.finish());

const site = (...indexes: readonly number[]): CoreSite => ({
  ...{ kind: 'core', relocation: 'byte-offset', struct, indexes, value: 0 },
});

/** What libbpf looks at of a type, without typedefs. */
function shape(btf: Btf, id: number): unknown {
  const type = btf.resolve(id);
  const { kind, name, sizeOrType, kindFlag } = type;
  switch (kind) {
    case BTF_KIND.int:
      return [kind, name, sizeOrType, btf.int(type.id)];
    case BTF_KIND.array: {
      const { element, count } = btf.array(type.id);
      return [kind, count, shape(btf, element)];
    }
    case BTF_KIND.pointer:
      return [kind];
    case BTF_KIND.struct:
    case BTF_KIND.union:
      return [kind, name, sizeOrType];
    default:
      return [kind, name, sizeOrType, kindFlag];
  }
}

it('are of the same kind, size and sign, and pointers that nobody follows lead to nothing', () => {
  const own = new BtfBuilder();
  const accesses = addCoreTypes(
    kernel,
    own,
    MEMBERS.map((_, index) => site(index)),
  );
  const made = readBtf(own.finish());
  const [first] = accesses.values();
  const members = made.members(first?.type ?? 0);
  expect(members.map(({ name, bitOffset }) => [name, bitOffset])).toEqual(
    MEMBERS.map(([name], index) => [name, index * 128]),
  );
  expect(members.map(({ type }) => shape(made, type))).toEqual(
    MEMBERS.map(([, type]) => shape(kernel, type)),
  );
  const pointer = made.resolve(members[3]?.type ?? 0);
  expect(pointer).toMatchObject({ kind: BTF_KIND.pointer, sizeOrType: 0 });
  // No path enters it.
  expect(made.members(members[8]?.type ?? 0)).toEqual([]);
});

it('have the members on the way of each path, numbered anew', () => {
  const own = new BtfBuilder();
  const [deep, flat] = [site(8, 1), site(7)];
  const accesses = addCoreTypes(kernel, own, [deep, flat]);
  const made = readBtf(own.finish());
  expect([accesses.get(deep)?.access, accesses.get(flat)?.access]).toEqual(['0:1:0', '0:0']);
  const members = made.members(accesses.get(deep)?.type ?? 0);
  expect(members.map(({ name }) => name)).toEqual(['wide', 'part']);
  expect(made.members(members[1]?.type ?? 0).map(({ name }) => name)).toEqual(['half']);
});

it('are enums of one enumerator, as wide and as signed as the kernel has it', () => {
  const own = new BtfBuilder();
  const sites = [narrow, signedEnum, wide].map(
    (id): CoreSite => ({ ...site(0), relocation: 'enum-value', struct: id }),
  );
  const accesses = addCoreTypes(kernel, own, sites);
  const made = readBtf(own.finish());
  for (const [index, id] of [narrow, signedEnum, wide].entries()) {
    const access = accesses.get(sites[index] as CoreSite);
    expect(access).toMatchObject({ access: '0', kind: CORE_KIND['enum-value'] });
    expect(shape(made, access?.type ?? 0)).toEqual(shape(kernel, id));
    expect(made.enumerators(access?.type ?? 0)).toEqual(kernel.enumerators(id));
  }
});
