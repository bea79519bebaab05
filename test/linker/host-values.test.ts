/** Types of the kernel's values and of what its pointers lead to, as the object describes them to the loader. */
import { describe, expect, it } from 'vitest';
import { BTF_KIND } from '../../linker/btf/btf.ts';
import { BtfBuilder } from '../../linker/btf/builder.ts';
import { addHostValues } from '../../linker/btf/host-values.ts';
import { addPointee } from '../../linker/btf/pointees.ts';
import { type Btf, readBtf } from '../../linker/btf/read.ts';

const kernel = new BtfBuilder();
const long = kernel.unsigned(8);
const pair = [
  { name: 'a', type: long, bitOffset: 0 },
  { name: 'b', type: kernel.signed(4), bitOffset: 64 },
];
const struct = kernel.aggregate('struct', 'pair', 16, pair);
const union = kernel.aggregate('union', 'either', 16, [{ name: 'p', type: struct, bitOffset: 0 }]);
const unnamed = {
  struct: kernel.aggregate('struct', '', 16, pair),
  union: kernel.aggregate('union', '', 16, pair.slice(0, 1)),
};
const small = kernel.enum('color', 4, false, [['RED', 3n]]);
const wide = kernel.enum('amount', 8, false, [['HUGE', 1n << 40n]], true);
const array = kernel.array(struct, 3);
const named = { struct: kernel.forward('struct', 'far'), union: kernel.forward('union', 'wide') };
const alias = kernel.typedef('pair_t', struct);
const pointer = kernel.pointer(struct);
const KERNEL = readBtf(kernel.finish());

/** `struct pair{a,b}`, as deep as it is described. */
function shown(btf: Btf, id: number): string {
  if (id === 0) return 'void';
  const { kind, name, sizeOrType, kindFlag } = btf.type(id);
  switch (kind) {
    case BTF_KIND.int:
      return `${name}:${sizeOrType}`;
    case BTF_KIND.pointer:
      return `${shown(btf, sizeOrType)}*`;
    case BTF_KIND.array:
      return `${shown(btf, btf.array(id).element)}[${btf.array(id).count}]`;
    case BTF_KIND.struct:
    case BTF_KIND.union: {
      const members = btf.members(id).map((one) => `${one.name}@${one.bitOffset}`);
      return `${kind === BTF_KIND.struct ? 'struct' : 'union'} ${name}{${members.join()}}`;
    }
    case BTF_KIND.enum:
    case BTF_KIND.enum64: {
      const values = btf.enumerators(id).map(([label, value]) => `${label}=${value}`);
      return `enum${kind === BTF_KIND.enum64 ? '64' : ''} ${name}:${sizeOrType}{${values.join()}}`;
    }
    case BTF_KIND.forward:
      return `${kindFlag ? 'union' : 'struct'} ${name}`;
    default:
      return `kind ${kind}`;
  }
}

describe('a value of the host', () => {
  const copied = (id: number): string => {
    const builder = new BtfBuilder();
    const idOf = addHostValues(() => KERNEL, builder, [id, 0]);
    expect(idOf(0)).toBe(0);
    return shown(readBtf(builder.finish()), idOf(id));
  };

  it.each([
    ['an integer', long, 'unsigned long long:8'],
    ['a struct', struct, 'struct pair{a@0,b@64}'],
    ['a struct by its other name', alias, 'struct pair{a@0,b@64}'],
    ['a union', union, 'union either{p@0}'],
    ['an array', array, 'struct pair{a@0,b@64}[3]'],
    ['a pointer to a struct', pointer, 'struct pair*'],
    ['nothing', 0, 'void'],
  ])('is described whole: %s', (_, id, expected) => {
    expect(copied(id)).toBe(expected);
  });

  it('that nobody asked for has no description', () => {
    const idOf = addHostValues(() => KERNEL, new BtfBuilder(), [long]);
    expect(() => idOf(struct)).toThrow(`type ${struct} of the kernel was not copied`);
  });
});

describe('what a pointer leads to', () => {
  it.each([
    ['a number whole', long, 'unsigned long long:8'],
    ['an enum without its values', small, 'enum color:4{}'],
    ['a wide enum without its values', wide, 'enum64 amount:8{}'],
    ['a struct by its name', struct, 'struct pair'],
    ['a union by its name', union, 'union either'],
    ['a struct of another unit', named.struct, 'struct far'],
    ['a union of another unit', named.union, 'union wide'],
    ['nothing of a struct without a name', unnamed.struct, 'void'],
    ['nothing of a union without a name', unnamed.union, 'void'],
    ['nothing of an array', array, 'void'],
  ])('is %s', (_, id, expected) => {
    const builder = new BtfBuilder();
    const copy = addPointee(builder, KERNEL, id);
    expect(shown(readBtf(builder.finish()), copy)).toBe(expected);
  });

  it('ends at the fourth pointer', () => {
    const chain = new BtfBuilder();
    let id = chain.unsigned(4);
    for (let depth = 0; depth < 6; depth++) id = chain.pointer(id);
    const builder = new BtfBuilder();
    const copy = addPointee(builder, readBtf(chain.finish()), id);
    expect(shown(readBtf(builder.finish()), copy)).toBe('void****');
  });
});
