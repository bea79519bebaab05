/**
 * Ways back that are no jumps. Up to Linux 6.1, at least, the verifier takes a loop whose end jumps to its head, and
 * refuses one whose end runs on into it (visit_insn in kernel/bpf/verifier.c: a step to the next instruction is no back
 * edge that may be); 6.12 takes both. LLVM's branch folding at times puts the end of a loop right before its head.
 */
import { type ElfObject, INSN_SIZE, SHF, STT, viewOf } from '../../linker/elf/elf.ts';

const CLASS = { mask: 7, jump: 5, jump32: 6 } as const;
const OPERATION = { mask: 0xf0, always: 0x00, call: 0x80, exit: 0x90 } as const;

/** Whether code of the object comes back to an instruction without a jump. */
export function runsIntoLoops({ sections, symbols }: ElfObject): boolean {
  return sections.some(({ flags, data }, section) => {
    if ((flags & SHF.exec) === 0) return false;
    const starts = symbols
      .filter((symbol) => symbol.type === STT.func && symbol.section === section)
      .map(({ value }) => value / INSN_SIZE);
    return hasBackStep(viewOf(data), starts);
  });
}

const DISCOVERED = 1;
const EXPLORED = 2;

/** Walks as the verifier does: the next instruction before the target of a jump. */
function hasBackStep(code: DataView, starts: readonly number[]): boolean {
  const count = Math.floor(code.byteLength / INSN_SIZE);
  const states = new Uint8Array(count);
  for (const start of starts) {
    const path = [{ at: start, next: 0 }];
    states[start] = DISCOVERED;
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const { steps, jumps } = successorsOf(code, top.at);
      const to = steps[top.next];
      top.next += 1;
      if (to === undefined) {
        states[top.at] = EXPLORED;
        path.pop();
      } else if (to >= 0 && to < count) {
        if (states[to] === DISCOVERED && !jumps) return true;
        if (states[to] === 0) {
          states[to] = DISCOVERED;
          path.push({ at: to, next: 0 });
        }
      }
    }
  }
  return false;
}

function successorsOf(
  code: DataView,
  at: number,
): { readonly steps: readonly number[]; readonly jumps: boolean } {
  const opcode = code.getUint8(at * INSN_SIZE);
  const kind = opcode & CLASS.mask;
  const operation = opcode & OPERATION.mask;
  if ((kind !== CLASS.jump && kind !== CLASS.jump32) || operation === OPERATION.call)
    return { steps: [at + 1], jumps: false };
  if (operation === OPERATION.exit) return { steps: [], jumps: true };
  const target = at + 1 + code.getInt16(at * INSN_SIZE + 2, true);
  return { steps: operation === OPERATION.always ? [target] : [at + 1, target], jumps: true };
}
