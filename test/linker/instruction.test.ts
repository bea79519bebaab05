/** Instructions are read as the kernel's struct has them. */
import { expect, it } from 'vitest';
import { INSN_SIZE } from '../../linker/elf/elf.ts';
import { instructionAt } from '../../linker/elf/instruction.ts';
import { createRandom } from '../support/random.ts';

it('each field stands at its place, whatever is in the others', () => {
  const random = createRandom(3);
  const written = Array.from({ length: 200 }, () => ({
    ...{ code: random.below(256), dst: random.below(16), src: random.below(16) },
    ...{ off: random.below(2 ** 16) - 2 ** 15, imm: random.below(2 ** 32) - 2 ** 31 },
  }));
  const view = new DataView(new ArrayBuffer(written.length * INSN_SIZE));
  for (const [index, { code, dst, src, off, imm }] of written.entries()) {
    const at = index * 8;
    view.setUint8(at, code);
    view.setUint8(at + 1, (src << 4) | dst);
    view.setInt16(at + 2, off, true);
    view.setInt32(at + 4, imm, true);
  }
  expect(written.map((_, index) => instructionAt(view, index))).toEqual(written);
});
