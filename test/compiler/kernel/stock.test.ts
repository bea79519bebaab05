/** Types of several kernels and their modules in one BTF that grows as somebody asks. */
import { expect, it } from 'vitest';
import { createTypeStock, plainStock } from '../../../compiler/kernel/type-stock.ts';
import { BTF_KIND } from '../../../linker/btf/btf.ts';
import { BtfBuilder } from '../../../linker/btf/builder.ts';
import { placeOf } from '../../../linker/btf/join.ts';
import { readBtf } from '../../../linker/btf/read.ts';
import { KERNEL, moduleBtf } from './module-btf.ts';

function kernelOf(...names: readonly string[]): Uint8Array {
  const builder = new BtfBuilder();
  const int = builder.signed(4);
  for (const name of names)
    builder.aggregate('struct', name, 4, [{ name: 'own', type: int, bitOffset: 0 }]);
  return builder.finish();
}
const structs = (bytes: Uint8Array): readonly string[] => {
  const btf = readBtf(bytes);
  return btf.ofKind(BTF_KIND.struct).map((id) => btf.name(id));
};

it('a stock of one kernel is that kernel, and has no more', () => {
  const bytes = kernelOf('first');
  const stock = plainStock(() => bytes);
  expect(Buffer.from(stock.bytes()).equals(bytes)).toBe(true);
  expect(stock.more('second')).toBeUndefined();
  expect(structs(stock.kernels())).toEqual(['first']);
  expect(stock.withModule('any')).toBeUndefined();
  expect(stock.isKernels(1)).toBe(true);
});

it('a stock of none is empty', () => {
  expect(createTypeStock([]).bytes()).toEqual(new Uint8Array());
});

it('the next kernel comes when something is asked for, each once and in order', () => {
  const read: string[] = [];
  const kernel = (name: string) => ({
    btf: () => {
      read.push(name);
      return kernelOf(name);
    },
  });
  const stock = createTypeStock(['first', 'second', 'third'].map(kernel));
  expect(structs(stock.bytes())).toEqual(['first']);
  expect(read).toEqual(['first']);
  expect(structs(stock.more('x') ?? kernelOf())).toEqual(['first', 'second']);
  expect(read).toEqual(['first', 'second']);
  expect(structs(stock.more('x') ?? kernelOf())).toEqual(['first', 'second', 'third']);
  expect(stock.more('x')).toBeUndefined();
  expect(read).toEqual(['first', 'second', 'third']);
  const all = createTypeStock(['a', 'b', 'c'].map(kernel));
  expect(structs(all.kernels())).toEqual(['a', 'b', 'c']);
  expect(all.more('x')).toBeUndefined();
});

it('modules come by their names or by what they have, once, and their types are told from the kernel’s', () => {
  const asked: string[] = [];
  const modules = {
    names: () => ['nls', 'other'],
    having: (name: string) => (name === 'wanted' ? ['gone', 'nls', 'other'] : []),
    btf: (module: string) => {
      asked.push(module);
      return module === 'gone' ? undefined : moduleBtf(`of_${module}`, 'own', 1, 0);
    },
  };
  const stock = createTypeStock([{ btf: () => KERNEL, modules }]);
  const { count } = placeOf(KERNEL);
  expect(stock.more('unknown')).toBeUndefined();
  expect(asked).toEqual([]);
  expect(structs(stock.more('wanted') ?? KERNEL)).toEqual(['task', 'of_nls']);
  expect(asked).toEqual(['gone', 'nls']);
  const known = stock.withModule('nls');
  expect(asked).toEqual(['gone', 'nls']);
  expect([count - 1, count, count + 1].map((id) => known?.isItsOwn(id))).toEqual([
    false,
    true,
    false,
  ]);
  expect([count - 1, count, count + 1].map((id) => stock.isKernels(id))).toEqual([
    true,
    false,
    true,
  ]);
  const other = stock.withModule('other');
  expect(structs(other?.bytes ?? KERNEL)).toEqual(['task', 'of_nls', 'of_other']);
  expect([count, count + 1].map((id) => other?.isItsOwn(id))).toEqual([false, true]);
  expect(stock.more('wanted')).toBeUndefined();
  expect(stock.withModule('gone')).toBeUndefined();
});
