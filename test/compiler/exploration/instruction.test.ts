/** Instructions of BPF as text. */
import { describe, expect, it } from 'vitest';
import {
  instructionText,
  type Names,
  wideInstructionAt,
} from '../../../compiler/exploration/instruction.ts';
import { assemblyLines } from '../../../compiler/exploration/listings.ts';
import { readElf } from '../../../linker/elf/read.ts';
import { compileText } from '../../support/build.ts';

const names: Names = {
  map: (id) => `map ${id}`,
  function: (index) => `function#${index}`,
  local: (target) => `function@${target}`,
  called: (immediate) => `kernel#${immediate}`,
};

/** Of eight bytes, or sixteen. */
function text(bytes: string, at = 10): string {
  return instructionText(
    wideInstructionAt(Buffer.from(bytes.replace(/ /g, ''), 'hex'), 0),
    at,
    names,
  );
}

describe('An instruction', () => {
  it.each([
    ['b7 03 0000 2a000000', 'r3 = 42'],
    ['b4 03 0000 ffffffff', 'w3 = -1'],
    ['bf 21 0000 00000000', 'r1 = r2'],
    ['bf 21 0800 00000000', 'r1 = (s8)r2'],
    ['bf 21 1000 00000000', 'r1 = (s16)r2'],
    ['bf 21 2000 00000000', 'r1 = (s32)r2'],
    ['bc 21 1000 00000000', 'w1 = (s16)w2'],
    ['bc 21 ffff 00000000', 'w1 = addr_space_cast(w2)'],
    ['b7 01 0800 05000000', 'r1 = 5'],
    ['84 05 0000 00000000', 'w5 = -w5'],
    ['37 01 0000 07000000', 'r1 /= 7'],
    ['07 01 0100 07000000', 'r1 += 7'],
    ['61 65 0000 00000000', 'r5 = *(u32 *)(r6 + 0)'],
    ['99 65 2000 00000000', 'r5 = *(s64 *)(r6 + 32)'],
    ['db 21 0000 01000000', 'r2 = atomic_fetch_add((u64 *)(r1 + 0), r2)'],
    ['db 21 0000 50000000', 'lock *(u64 *)(r1 + 0) &= r2'],
    ['18 21 0000 07000000 00000000 00000000', 'r1 = value of map 7'],
    ['bf 21 ffff 00000000', "r1 = this CPU's r2"],
    ['bf 21 0100 00000000', 'r1 = addr_space_cast(r2)'],
    ['87 05 0000 00000000', 'r5 = -r5'],
    ['dc 05 0000 10000000', 'r5 = be16 r5'],
    ['d4 05 0000 20000000', 'r5 = le32 r5'],
    ['d7 05 0000 40000000', 'r5 = bswap64 r5'],
    ['3f 21 0000 00000000', 'r1 /= r2'],
    ['3f 21 0100 00000000', 'r1 s/= r2'],
    ['97 01 0100 07000000', 'r1 s%= 7'],
    ['c7 01 0000 3f000000', 'r1 s>>= 63'],
    ['71 65 2000 00000000', 'r5 = *(u8 *)(r6 + 32)'],
    ['91 65 2000 00000000', 'r5 = *(s8 *)(r6 + 32)'],
    ['7b 6a f8ff 00000000', '*(u64 *)(r10 - 8) = r6'],
    ['6a 0a f8ff 05000000', '*(u16 *)(r10 - 8) = 5'],
    ['db 21 0000 00000000', 'lock *(u64 *)(r1 + 0) += r2'],
    ['c3 21 0000 a0000000', 'lock *(u32 *)(r1 + 0) ^= r2'],
    ['db 21 0000 41000000', 'r2 = atomic_fetch_or((u64 *)(r1 + 0), r2)'],
    ['db 21 0000 e1000000', 'r2 = xchg((u64 *)(r1 + 0), r2)'],
    ['db 21 0000 f1000000', 'r0 = cmpxchg((u64 *)(r1 + 0), r0, r2)'],
    ['db 21 0000 00010000', 'r1 = load_acquire((u64 *)(r2 + 0))'],
    ['db 21 0000 10010000', 'store_release((u64 *)(r1 + 0), r2)'],
    ['05 00 feff 00000000', 'goto 9'],
    ['06 00 0000 00000100', 'goto 65547'],
    ['e5 00 0200 00000000', 'may_goto 13'],
    ['15 00 0100 00000000', 'if r0 == 0 goto 12'],
    ['6e 21 0100 00000000', 'if w1 s> w2 goto 12'],
    ['45 01 0100 04000000', 'if r1 & 4 goto 12'],
    ['85 00 0000 0e000000', 'call kernel#14'],
    ['85 20 0000 39300000', 'call kernel#12345'],
    ['85 10 0900 02000000', 'call function@20'],
    ['95 00 0000 00000000', 'exit'],
    ['18 01 0000 01000000 00000000 80000000', 'r1 = 0x8000000001 ll'],
    ['18 01 0000 ffffffff 00000000 ffffffff', 'r1 = 0xffffffffffffffff ll'],
    ['18 11 0000 07000000 00000000 00000000', 'r1 = map 7'],
    ['18 21 0000 07000000 00000000 18000000', 'r1 = value of map 7 + 24'],
    ['18 41 0000 07000000 00000000 02000000', 'r1 = function#2'],
  ])('%s is %s', (bytes, expected) => {
    expect(text(bytes)).toBe(expected);
  });

  it.each([
    'ff 21 0000 00000000',
    'db 21 0000 77000000',
    ...['02', 'a2', '42', '0f', '4f', '10', '60', '90', 'b1', 'e0', 'e2', 'f0', 'f2'].map(
      (low) => `db 21 0000 ${low}000000`,
    ),
    ...['00', '01', '10', '11', '40', 'a1', 'e1', 'f1'].map((low) => `db 21 0000 ${low}020000`),
    ...['01', '11', '40', 'e1', 'f1'].map((low) => `db 21 0000 ${low}010000`),
    'db 21 0000 ffffffff',
    // Stores with a sign, a jump without comparison, arithmetic without operator.
    ...['9b', '9a', 'f5', 'f7'].map((code) => `${code} 21 0000 00000000`),
    'db 21 0000 00020000',
    'da 21 0000 00000000',
    'd9 65 2000 00000000',
    '19 01 0000 00000000',
    '20 00 0000 04000000',
    'e7 01 0000 00000000',
  ])('%s, which nobody knows, is shown as numbers', (bytes) => {
    expect(text(bytes)).toMatch(/^opcode 0x[0-9a-f]+ r\d+ r\d+ -?\d+ -?\d+$/);
  });

  it('is written as LLVM does', () => {
    const compilation = compileText(`
      tracepoint:syscalls:sys_enter_read { @start[tid, comm] = nsecs; }
      tracepoint:syscalls:sys_exit_read /@start[tid, comm]/ {
        $us = (nsecs - @start[tid, comm]) / 1000;
        @us = hist($us); @mean = avg($us); @least = min($us); @last[cpu] = (int8)$us;
        if (comm == "dd" && $us >= 4) { printf("%s %d\\n", comm, (int32)$us % 7); }
        delete(@start, (tid, comm));
      }`);
    const object = readElf(compilation.object?.() ?? new Uint8Array());
    const section = object.sections.find(({ name }) => name.endsWith('sys_exit_read'));
    const code = section?.data ?? new Uint8Array();
    const own: string[] = [];
    for (let at = 0; at < code.length / 8; at++) {
      const instruction = wideInstructionAt(code, at);
      own.push(instructionText(instruction, at, names));
      if (instruction.code === 0x18) at += 1;
    }
    const lines = assemblyLines(compilation.assembly?.() ?? '', () => true);
    const start = lines.findIndex(({ text: line }) => line.includes('sys_exit_read'));
    const end = lines.findIndex(({ isHeading }, index) => isHeading && index > start);
    const assembly = lines
      .slice(start + 1, end === -1 ? undefined : end)
      .map(({ text: line }) => line)
      .filter((line) => line.startsWith('  '))
      .map((line) => line.trim());
    /** Without numbers that the linker puts in; where something is, and the width of loads, are said in other words. */
    const isComparable = (line: string): boolean => !/^[rw]\d+ = -?\d+$/.test(line);
    const comparable = (line: string): string =>
      (/\(u(8|16|32) \*\)/.test(line) ? line.replace(/\bw(\d+)\b/, 'r$1') : line)
        .replace(/goto .*/, 'goto')
        .replace(/^call .*/, 'call')
        .replace(/^(r\d+ = )(?:.* ll|(?:value of )?map .*|function.*)$/, '$1constant');
    expect(own.length).toBeGreaterThan(100);
    expect(own.filter(isComparable).map(comparable)).toEqual(
      assembly.filter(isComparable).map(comparable),
    );
  });
});
