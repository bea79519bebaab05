/** Relocations of LLVM's object, rewritten as loaders take them; those that make no sense are faults of the compiler. */
import { describe, expect, it } from 'vitest';
import { type ElfObject, type ElfSymbol, R_BPF, SHF, SHT, STB, STT } from '../../linker/elf/elf.ts';
import { imageOf } from '../../linker/image.ts';
import { relocate } from '../../linker/relocate.ts';
import { codeOf, OP, type Written } from './code.ts';

const [PROGRAM, TEXT, MAPS, RODATA, BSS] = [1, 2, 3, 4, 5];
const CALL: Written = { op: OP.call, src: 1, imm: -1 };
const LOAD: readonly Written[] = [{ op: OP.loadImm64, dst: 1 }, { op: 0 }];

/** One relocation of a program at its first instruction, to a symbol: what is asked for, and the number that is written. */
function relocated(
  code: readonly Written[],
  target: Partial<ElfSymbol>,
  type: number,
  offset = 0,
): readonly [asked: string, imm: number] {
  const part = (name: string, flags: number, data: Uint8Array, kind: number = SHT.progbits) => ({
    ...{ name, type: kind, flags, size: data.length, align: 8, link: 0, info: 0, data },
  });
  const none = part('', 0, new Uint8Array(), SHT.null);
  const elf: ElfObject = {
    sections: [
      none,
      part('kprobe', SHF.alloc | SHF.exec, codeOf(code)),
      part('.text', SHF.alloc | SHF.exec, codeOf([{ op: OP.exit }, { op: OP.exit }])),
      part('.maps', SHF.alloc, new Uint8Array(32)),
      part('.rodata', SHF.alloc, new Uint8Array(32)),
      part('.bss', SHF.alloc, new Uint8Array(32)),
      part('other', 0, new Uint8Array(32)),
    ],
    symbols: [
      {
        ...{ name: 'it', bind: STB.global, type: STT.object, section: RODATA, value: 0, size: 8 },
        ...target,
      },
    ],
    relocations: new Map([[PROGRAM, [{ offset, type, symbol: 0 }]]]),
  };
  const image = imageOf(elf);
  const [program] = image.code;
  if (!program) throw new Error('no code');
  const asked: string[] = [];
  const ask = (what: string) => asked.push(what) - 1;
  const result = relocate(elf, image, program, {
    section: (name) => ask(name),
    map: (name) => ask(`map ${name}`),
    kernel: (name) => ask(`kernel ${name}`),
  });
  expect(result).toEqual([{ offset, type, symbol: 0 }]);
  return [asked.join(), Buffer.from(program.data).readInt32LE(4)];
}

describe('a relocation', () => {
  it('of a call is one of .text, with the place there', () => {
    const func = { type: STT.func, section: TEXT };
    expect(relocated([CALL], { ...func, value: 0 }, R_BPF.call)).toEqual(['.text', -1]);
    expect(relocated([CALL], { ...func, value: 8 }, R_BPF.call)).toEqual(['.text', 0]);
    const named = { type: STT.section, section: TEXT, name: '' };
    expect(relocated([{ ...CALL, imm: 1 }], named, R_BPF.call)).toEqual(['.text', 1]);
  });

  it('of data is one of its section, with the place there', () => {
    const load = [{ op: OP.loadImm64, dst: 1, imm: 4 }, { op: 0 }];
    expect(relocated(load, { value: 8 }, R_BPF.ld64)).toEqual(['.rodata', 12]);
    expect(relocated(load, { value: 16, section: BSS }, R_BPF.ld64)).toEqual(['.bss', 20]);
    expect(relocated(load, { value: 8, section: TEXT }, R_BPF.ld64)).toEqual(['.text', 12]);
  });

  it('of a map is one of its own name', () => {
    expect(relocated(LOAD, { section: MAPS, name: 'm' }, R_BPF.ld64)).toEqual(['map m', 0]);
    expect(() => relocated(LOAD, { section: MAPS, type: STT.section }, R_BPF.ld64)).toThrow(
      'kprobe+0 refers to the inside of a map definition',
    );
    const behind = [{ op: OP.loadImm64, dst: 1, imm: 8 }, { op: 0 }];
    expect(() => relocated(behind, { section: MAPS }, R_BPF.ld64)).toThrow('the inside of a map');
  });

  it('of what is not defined is one of the kernel', () => {
    const undefinedName = { section: 0, type: STT.notype, name: 'k' };
    expect(relocated([CALL], undefinedName, R_BPF.call)).toEqual(['kernel k', -1]);
    expect(relocated(LOAD, undefinedName, R_BPF.ld64)).toEqual(['kernel k', 0]);
    expect(() => relocated([CALL], { ...undefinedName, name: '' }, R_BPF.call)).toThrow(
      'kprobe+0 calls a program, which is not in .text',
    );
    expect(() => relocated(LOAD, undefinedName, R_BPF.call)).toThrow('is not known');
  });

  it('leads to something, of an instruction of its kind', () => {
    expect(() =>
      relocated([CALL], { section: PROGRAM, type: STT.func, name: 'p' }, R_BPF.call),
    ).toThrow('kprobe+0 calls p, which is not in .text');
    expect(() => relocated([CALL], { value: 8 }, R_BPF.ld64)).toThrow(
      'a relocation of type 1 at kprobe+0 is not known',
    );
    expect(() => relocated(LOAD, { value: 8 }, R_BPF.abs64)).toThrow(
      'a relocation of type 2 at kprobe+0 is not known',
    );
    expect(() => relocated(LOAD, { section: 6, name: 'odd' }, R_BPF.ld64)).toThrow(
      'kprobe+0 refers to odd, which is not defined',
    );
    for (const offset of [16, 12])
      expect(() => relocated(LOAD, {}, R_BPF.ld64, offset)).toThrow(
        `a relocation at kprobe+${offset} is broken`,
      );
  });
});
