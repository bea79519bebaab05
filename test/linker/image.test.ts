/** What of LLVM's object stays, and where its data go. */
import { describe, expect, it } from 'vitest';
import {
  type ElfObject,
  type ElfSection,
  type ElfSymbol,
  SHF,
  SHT,
  STB,
  STT,
} from '../../linker/elf/elf.ts';
import { imageOf } from '../../linker/image.ts';

const CODE = SHF.alloc | SHF.exec;

const part = (
  name: string,
  content: readonly number[],
  more: Partial<ElfSection> = {},
): ElfSection => ({
  ...{ name, type: SHT.progbits, flags: SHF.alloc, size: content.length, align: 8 },
  ...{ link: 0, info: 0, data: Uint8Array.from(content) },
  ...more,
});
const symbol = (name: string, section: number, value: number, more: Partial<ElfSymbol> = {}) => ({
  ...{ name, bind: STB.global, type: STT.object, section, value, size: 8, ...more },
});
const image = (sections: readonly ElfSection[], symbols: readonly ElfSymbol[] = []) =>
  imageOf({
    sections: [part('', [], { flags: 0 }), ...sections],
    symbols,
    relocations: new Map(),
  } as ElfObject);

describe('an image', () => {
  it('has code by section, as copies, without what is empty or not loaded', () => {
    const own = part('kprobe', [1, 2, 3, 4, 5, 6, 7, 8], { flags: CODE });
    const { code, data } = image([
      ...[part('debug', [1], { flags: 0 }), own, part('empty', [], { flags: CODE })],
      part('.text', [8, 7, 6, 5, 4, 3, 2, 1], { flags: CODE }),
    ]);
    expect(code.map(({ input, name }) => [input, name])).toEqual([
      [2, 'kprobe'],
      [4, '.text'],
    ]);
    expect(code[0]?.data).toEqual(own.data);
    expect(code[0]?.data).not.toBe(own.data);
    expect(data).toEqual([]);
  });

  it('has one section for constants, the variables first, each where it is aligned', () => {
    const { data, placeOf } = image([
      ...[part('.rodata.cst16', [1, 2, 3], { align: 16 }), part('.rodata', [9], { align: 4 })],
      ...[part('.rodata.str1.1', [7, 7], { align: 1 }), part('.data.import', [5, 5], { align: 2 })],
      part('.bss', [0, 0, 0, 0], { align: 8 }),
      part('.bss', [], { type: SHT.nobits, size: 3, align: 4 }),
    ]);
    expect(data.map(({ name, align, data: bytes }) => [name, align, [...bytes]])).toEqual([
      ['.rodata', 16, [9, ...new Array(15).fill(0), 1, 2, 3, 7, 7]],
      ['.data', 2, [5, 5]],
      ['.bss', 8, [0, 0, 0, 0, 0, 0, 0]],
    ]);
    expect([1, 2, 3, 4, 5, 6].map((section) => placeOf(section, 1))).toEqual([
      { section: '.rodata', offset: 17 },
      { section: '.rodata', offset: 1 },
      { section: '.rodata', offset: 20 },
      { section: '.data', offset: 1 },
      { section: '.bss', offset: 1 },
      { section: '.bss', offset: 5 },
    ]);
    expect(placeOf(0, 0)).toBeUndefined();
  });

  it('leaves out what the linker writes itself, and knows no other sections', () => {
    const own = ['.maps', 'license', '.eh_frame'].map((name) => part(name, [1]));
    expect(image(own)).toMatchObject({ code: [], data: [] });
    for (const name of ['.data', '.rodatax', '.tbss', '.mapsx'])
      expect(() => image([part(name, [1])])).toThrow(
        `the compiler's object has a section ${name} that no loader knows`,
      );
  });

  it('has zeros in .bss', () => {
    expect(() => image([part('.bss', [0, 1])])).toThrow('a variable in .bss has an initial value');
    expect(() => image([part('.rodata', [0, 1])])).not.toThrow();
  });

  it('knows variables by name, of which the first counts', () => {
    const { variable } = image(
      [part('.rodata', [1, 2, 3, 4]), part('.bss', [0, 0]), part('odd', [1], { flags: 0 })],
      [
        ...[symbol('a', 1, 2), symbol('b', 2, 1), symbol('a', 2, 0), symbol('odd', 3, 0)],
        symbol('f', 1, 0, { type: STT.section }),
      ],
    );
    expect(variable('a')).toEqual({ section: '.rodata', offset: 2 });
    expect(variable('b')).toEqual({ section: '.bss', offset: 1 });
    for (const name of ['c', 'odd', 'f'])
      expect(() => variable(name)).toThrow(
        `variable ${name} is missing from the compiler's object`,
      );
  });

  it('has functions in the order of their places', () => {
    const func = (name: string, section: number, value: number, bind: number = STB.global) =>
      symbol(name, section, value, { type: STT.func, bind });
    const sections = [
      part('kprobe', new Array(24).fill(0), { flags: CODE }),
      part('.text', new Array(24).fill(0), { flags: CODE }),
    ];
    const { functions } = image(sections, [
      ...[func('d', 2, 8, STB.local), func('b', 1, 8), func('c', 2, 0, STB.weak), func('a', 1, 0)],
      symbol('x', 1, 0),
    ]);
    expect(functions).toEqual([
      { name: 'a', section: 0, offset: 0, size: 8, global: true },
      { name: 'b', section: 0, offset: 8, size: 8, global: true },
      { name: 'c', section: 1, offset: 0, size: 8, global: true },
      { name: 'd', section: 1, offset: 8, size: 8, global: false },
    ]);
    expect(() => image(sections, [func('gone', 0, 0)])).toThrow('function gone is not defined');
  });
});
