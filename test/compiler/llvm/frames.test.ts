import { describe, expect, it } from 'vitest';
import { emit } from '../../../compiler/llvm/backend.ts';
import { programsWithoutRoom } from '../../../compiler/llvm/frames.ts';
import { type ElfObject, SHF, SHT, STB, STT } from '../../../linker/elf/elf.ts';
import { readElf } from '../../../linker/elf/read.ts';

/** A program with so many bytes on its stack, which calls a function or does not. */
function program(bytes: number, calls: boolean): ElfObject {
  const object = emit(
    `target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "bpfel"
define internal i64 @told(i8* %p) noinline {
  %v = load volatile i8, i8* %p
  ret i64 0
}
define dso_local i32 @p(i8* %ctx) section "raw_tp" {
  %m = alloca [${bytes} x i8], align 8
  %b = getelementptr [${bytes} x i8], [${bytes} x i8]* %m, i64 0, i64 0
  store volatile i8 1, i8* %b
  ${calls ? 'call i64 @told(i8* %b)' : ''}
  ret i32 0
}`,
    'object',
    { passes: '' },
  );
  return readElf(object);
}

it('finds a program that calls a function beside a frame of more than 480 bytes', () => {
  expect(programsWithoutRoom(program(480, true))).toEqual([]);
  expect(programsWithoutRoom(program(488, true))).toEqual(['p']);
});

/** A program of these instructions, [opcode, to, from, offset, immediate] each, and a call of a function. */
function written(...code: readonly (readonly [number, number, number, number?, number?])[]) {
  const all = [...code, [CALL, 0, 1] as const];
  const data = new Uint8Array(all.length * 8);
  const view = new DataView(data.buffer);
  all.forEach(([opcode, to, from, offset = 0, immediate = 0], index) => {
    view.setUint8(index * 8, opcode);
    view.setUint8(index * 8 + 1, to | (from << 4));
    view.setInt16(index * 8 + 2, offset, true);
    view.setInt32(index * 8 + 4, immediate, true);
  });
  const section = { type: SHT.progbits, flags: SHF.exec, size: data.length, align: 8 };
  return programsWithoutRoom({
    sections: [{ name: 'raw_tp', link: 0, info: 0, data, ...section }],
    symbols: [
      { name: 'p', bind: STB.global, type: STT.func, section: 0, value: 0, size: data.length },
    ],
    relocations: new Map(),
  });
}

const CALL = 0x85;
/** BPF_LDX, BPF_ST and BPF_STX of eight bytes; BPF_MOV and BPF_ADD of 64 bits. */
const [LOAD, STORE_NUMBER, STORE, MOVE, ADD] = [0x79, 0x7a, 0x7b, 0xbf, 0x07];

describe('what lies in a frame', () => {
  it.each([
    ['a load', [[LOAD, 1, 10, -481]]],
    ['a store', [[STORE, 10, 1, -481]]],
    ['a store of a number', [[STORE_NUMBER, 10, 0, -481]]],
    [
      'an address that is handed on',
      [
        [MOVE, 2, 10],
        [ADD, 2, 0, 0, -481],
      ],
    ],
  ] as const)('is seen by %s', (_, code) => {
    expect(written(...code)).toEqual(['p']);
    expect(
      written(...code.map(([a, b, c, d = 0, e = 0]) => [a, b, c, d && d + 1, e && e + 1] as const)),
    ).toEqual([]);
  });

  it.each([
    ['a load by another register', [[LOAD, 10, 1, -481]]],
    ['a store by another register', [[STORE, 1, 10, -481]]],
    [
      'another register that is added to',
      [
        [MOVE, 2, 10],
        [ADD, 3, 0, 0, -481],
      ],
    ],
    [
      'a copy of another register',
      [
        [MOVE, 2, 1],
        [ADD, 2, 0, 0, -481],
      ],
    ],
    [
      'a copy that was changed before',
      [
        [MOVE, 2, 10],
        [MOVE, 2, 1],
        [ADD, 2, 0, 0, -481],
      ],
    ],
  ] as const)('is not %s', (_, code) => {
    expect(written(...code)).toEqual([]);
  });
});

it('leaves all of the stack to a program that calls none', () => {
  expect(programsWithoutRoom(program(504, false))).toEqual([]);
});
