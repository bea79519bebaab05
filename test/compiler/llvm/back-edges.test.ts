/** Loops whose end runs on into their head: Linux 6.1 takes none. */
import { describe, expect, it } from 'vitest';
import { runsIntoLoops } from '../../../compiler/llvm/back-edges.ts';
import { SHF, SHT, STB, STT } from '../../../linker/elf/elf.ts';
import { readElf } from '../../../linker/elf/read.ts';
import { build } from '../../support/build.ts';

const ALU = 0x07;
const JUMP = 0x05;
const JUMP_IF = 0x15;
/** Of the 32-bit registers: class 6. */
const JUMP_IF_32 = 0x16;
const CALL = 0x85;
const EXIT = 0x95;

/** A section with one function: [opcode, offset] each. */
function object(...code: readonly (readonly [number, number?])[]) {
  const data = new Uint8Array(code.length * 8);
  code.forEach(([opcode, offset = 0], index) => {
    data[index * 8] = opcode;
    new DataView(data.buffer).setInt16(index * 8 + 2, offset, true);
  });
  const section = { type: SHT.progbits, flags: SHF.exec, size: data.length, align: 8 };
  return {
    sections: [{ name: '.text', link: 0, info: 0, data, ...section }],
    symbols: [
      { name: 'f', bind: STB.global, type: STT.func, section: 0, value: 0, size: data.length },
    ],
    relocations: new Map(),
  };
}

describe('a loop', () => {
  it('may come back by a jump, also a conditional one', () => {
    expect(runsIntoLoops(object([ALU], [JUMP_IF, 1], [JUMP, -3], [EXIT]))).toBe(false);
    expect(runsIntoLoops(object([ALU], [JUMP_IF, -2], [EXIT]))).toBe(false);
  });

  it('is noticed where its end stands before its head', () => {
    expect(runsIntoLoops(object([JUMP, 1], [ALU], [ALU], [JUMP_IF, -3], [EXIT]))).toBe(true);
  });

  it('may come back by a jump of 32 bits, and is found behind one', () => {
    expect(runsIntoLoops(object([ALU], [JUMP_IF_32, -2], [EXIT]))).toBe(false);
    expect(runsIntoLoops(object([JUMP, 1], [ALU], [ALU], [JUMP_IF_32, -3], [EXIT]))).toBe(true);
  });

  it('does not end at a call, and ends at an exit', () => {
    expect(runsIntoLoops(object([JUMP, 1], [CALL, 9], [ALU], [JUMP_IF, -3], [EXIT]))).toBe(true);
    expect(runsIntoLoops(object([JUMP, 1], [EXIT], [ALU], [JUMP_IF, -3], [EXIT]))).toBe(false);
  });

  it('is looked for in what is executed alone, and from functions on', () => {
    const code = object([JUMP, 1], [ALU], [ALU], [JUMP_IF, -3], [EXIT]);
    const data = code.sections.map((section) => ({ ...section, flags: 0 }));
    expect(runsIntoLoops({ ...code, sections: data })).toBe(false);
    const objects = code.symbols.map((symbol) => ({ ...symbol, type: STT.object }));
    expect(runsIntoLoops({ ...code, symbols: objects })).toBe(false);
  });

  it('comes back by jumps in what is compiled', () => {
    const script = `kprobe:vfs_re* /comm == "reader" && strcontains(func, "_read")/ {
      @[func, strlen(func)] = count();
      @is[func == "vfs_read", strcontains(probe, "kprobe:vfs_re")] = count();
    }`;
    expect(runsIntoLoops(readElf(build(script)))).toBe(false);
  });
});
