/** Instructions of BPF, as they stand in code (struct bpf_insn, include/uapi/linux/bpf.h). */
import { INSN_SIZE } from './elf.ts';

/** One instruction of eight bytes; the second half of an `ld_imm64` is one, too. */
export interface Instruction {
  readonly code: number;
  readonly dst: number;
  readonly src: number;
  readonly off: number;
  readonly imm: number;
}

/** The one at `index`, in instructions; code has to have it. */
export function instructionAt(code: DataView, index: number): Instruction {
  const at = index * INSN_SIZE;
  const registers = code.getUint8(at + 1);
  return {
    code: code.getUint8(at),
    dst: registers & 15,
    src: registers >> 4,
    off: code.getInt16(at + 2, true),
    imm: code.getInt32(at + 4, true),
  };
}
