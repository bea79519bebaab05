import { expect, it } from 'vitest';
import { emit } from '../../../compiler/llvm/backend.ts';
import { programsWithoutRoom } from '../../../compiler/llvm/frames.ts';
import type { ElfObject } from '../../../linker/elf/elf.ts';
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

it('leaves all of the stack to a program that calls none', () => {
  expect(programsWithoutRoom(program(504, false))).toEqual([]);
});
