/** Stack frames of programs, as the instructions of an object use them. */
import {
  type ElfObject,
  type ElfSection,
  INSN_SIZE,
  SHF,
  STT,
  viewOf,
} from '../../linker/elf/elf.ts';

/** What a program and the functions that it calls have together (MAX_BPF_STACK, include/linux/filter.h). */
const STACK = 512;
/** Frames count as multiples of this, at least one (check_max_stack_depth_subprog, kernel/bpf/verifier.c). */
const FRAME_UNIT = 32;

const FRAME_POINTER = 10;
/** BPF_JMP | BPF_CALL, and the source register that makes it one of a function. */
const CALL = 0x85;
const PSEUDO_CALL = 1;
/** BPF_ALU64 | BPF_MOV | BPF_X, BPF_ALU64 | BPF_ADD | BPF_K. */
const MOVE = 0xbf;
const ADD = 0x07;
/** Classes of instructions that access memory by a register: BPF_LDX, BPF_ST, BPF_STX. */
const LOAD = 1;
const STORES: readonly number[] = [2, 3];

/** A frame that leaves room for that of a function, whether it calls one or not. */
export const FRAME_BESIDE_CALLS = STACK - FRAME_UNIT;

/** Programs that call a function and leave no room for its frame. */
export function programsWithoutRoom({ sections, symbols }: ElfObject): readonly string[] {
  return symbols.flatMap(({ name, type, section, value, size }) => {
    const found = type === STT.func ? sections[section] : undefined;
    if (!found || found.name === '.text' || (found.flags & SHF.exec) === 0) return [];
    const { calls, frame } = readFunction(found, value, size);
    const rounded = Math.max(1, Math.ceil(frame / FRAME_UNIT)) * FRAME_UNIT;
    return calls && rounded + FRAME_UNIT > STACK ? [name] : [];
  });
}

/** Whether a function calls another, and the bytes of its own frame. */
function readFunction(
  section: ElfSection,
  start: number,
  size: number,
): { readonly calls: boolean; readonly frame: number } {
  const view = viewOf(section.data);
  let calls = false;
  let lowest = 0;
  // The register that has just become a copy of the frame pointer: LLVM puts the addition right behind.
  let copy: number | undefined;
  const end = Math.min(start + size, section.data.length);
  for (let at = start; at + INSN_SIZE <= end; at += INSN_SIZE) {
    const code = view.getUint8(at);
    const registers = view.getUint8(at + 1);
    const [to, from] = [registers & 15, registers >> 4];
    const kind = code & 7;
    if (code === CALL && from === PSEUDO_CALL) calls = true;
    const base = kind === LOAD ? from : STORES.includes(kind) ? to : undefined;
    if (base === FRAME_POINTER) lowest = Math.min(lowest, view.getInt16(at + 2, true));
    if (code === ADD && to === copy) lowest = Math.min(lowest, view.getInt32(at + 4, true));
    copy = code === MOVE && from === FRAME_POINTER ? to : undefined;
  }
  return { calls, frame: -lowest };
}
