/**
 * Instructions of BPF as text, in the form of LLVM's assembly: also those that only the kernel writes when it translates a
 * program, and those of versions of the instruction set that our LLVM does not know (kernel/bpf/disasm.c).
 */
import { INSN_SIZE, viewOf } from '../../linker/elf/elf.ts';
import { type Instruction, instructionAt } from '../../linker/elf/instruction.ts';

/** A constant of 64 bits takes two. */
export interface WideInstruction extends Instruction {
  /** The immediate of what follows, the upper half of a constant. */
  readonly next: number;
}

export function wideInstructionAt(code: Uint8Array, index: number): WideInstruction {
  const view = viewOf(code);
  const isLast = (index + 2) * INSN_SIZE > code.length;
  return {
    ...instructionAt(view, index),
    next: isLast ? 0 : instructionAt(view, index + 1).imm,
  };
}

/** What the numbers of an instruction stand for in its program. */
export interface Names {
  /** A map by the kernel's number. */
  map(id: number): string;
  /** A function of the program by its index. */
  function(index: number): string;
  /** The one that a call goes to: by the place of its first instruction, less whole multiples of 65,536. */
  local(target: number): string;
  /** A function of the kernel by the number in a call. */
  called(immediate: number): string;
}

/** Takes two places in the code. */
export const LOAD_CONSTANT = 0x18;
const CALL = 0x85;
const EXIT = 0x95;
const MAY_GOTO = 0xe5;
const GOTO = 0x05;
const LONG_GOTO = 0x06;

/** `src_reg` of constants (BPF_PSEUDO_*, include/uapi/linux/bpf.h) that stay such when programs are translated. */
const PSEUDO = { map: 1, mapValue: 2, function: 4 } as const;
/** The same of calls, of functions of the program. */
const LOCAL_CALL = 1;

const CLASS = { ldx: 1, st: 2, stx: 3, alu: 4, jmp: 5, jmp32: 6, alu64: 7 } as const;
const MODE = { memory: 0x60, signed: 0x80, atomic: 0xc0 } as const;
const WIDTHS: readonly string[] = ['32', '16', '8', '64'];
const OPERATORS: Readonly<Record<number, string>> = {
  0: '+=',
  1: '-=',
  2: '*=',
  3: '/=',
  4: '|=',
  5: '&=',
  6: '<<=',
  7: '>>=',
  9: '%=',
  10: '^=',
  12: 's>>=',
};
const COMPARISONS: Readonly<Record<number, string>> = {
  1: '==',
  2: '>',
  3: '>=',
  4: '&',
  5: '!=',
  6: 's>',
  7: 's>=',
  10: '<',
  11: '<=',
  12: 's<',
  13: 's<=',
};
const ATOMICS: Readonly<Record<number, readonly [operator: string, name: string]>> = {
  0: ['+=', 'add'],
  4: ['|=', 'or'],
  5: ['&=', 'and'],
  10: ['^=', 'xor'],
};

/** The instruction at `index`, which jumps and calls count from. */
export function instructionText(instruction: WideInstruction, index: number, names: Names): string {
  switch (instruction.code & 7) {
    case CLASS.ldx:
    case CLASS.st:
    case CLASS.stx:
      return memoryText(instruction) ?? unknown(instruction);
    case CLASS.alu:
    case CLASS.alu64:
      return arithmeticText(instruction) ?? unknown(instruction);
    case CLASS.jmp:
    case CLASS.jmp32:
      return jumpText(instruction, index, names) ?? unknown(instruction);
    default:
      return instruction.code === LOAD_CONSTANT
        ? `r${instruction.dst} = ${constantText(instruction, names)}`
        : unknown(instruction);
  }
}

function unknown({ code, dst: to, src: from, off: offset, imm: immediate }: Instruction): string {
  return `opcode 0x${code.toString(16)} r${to} r${from} ${offset} ${immediate}`;
}

function constantText({ src: from, imm: immediate, next }: WideInstruction, names: Names): string {
  switch (from) {
    case PSEUDO.map:
      return names.map(immediate);
    case PSEUDO.mapValue:
      return next === 0
        ? `value of ${names.map(immediate)}`
        : `value of ${names.map(immediate)} + ${next}`;
    case PSEUDO.function:
      return names.function(next);
    default:
      return `0x${BigInt.asUintN(64, (BigInt(next) << 32n) | BigInt(immediate >>> 0)).toString(16)} ll`;
  }
}

function placeText(register: number, offset: number): string {
  return `(r${register} ${offset < 0 ? '-' : '+'} ${Math.abs(offset)})`;
}

function memoryText(instruction: Instruction): string | undefined {
  const { code, dst: to, src: from, off: offset, imm: immediate } = instruction;
  const width = WIDTHS[(code >> 3) & 3] ?? '';
  const kind = code & 7;
  const mode = code & 0xe0;
  if (kind === CLASS.ldx && (mode === MODE.memory || mode === MODE.signed))
    return `r${to} = *(${mode === MODE.signed ? 's' : 'u'}${width} *)${placeText(from, offset)}`;
  const place = `*(u${width} *)${placeText(to, offset)}`;
  if (kind === CLASS.st && mode === MODE.memory) return `${place} = ${immediate}`;
  if (kind === CLASS.stx && mode === MODE.memory) return `${place} = r${from}`;
  return kind === CLASS.stx && mode === MODE.atomic ? atomicText(instruction, width) : undefined;
}

function atomicText(
  { dst: to, src: from, off: offset, imm: immediate }: Instruction,
  width: string,
): string | undefined {
  const pointer = `(u${width} *)${placeText(to, offset)}`;
  const [operator, name] = ATOMICS[immediate >> 4] ?? [];
  if (operator) {
    if ((immediate & 15) === 0) return `lock *${pointer} ${operator} r${from}`;
    if ((immediate & 15) === 1) return `r${from} = atomic_fetch_${name}(${pointer}, r${from})`;
  }
  switch (immediate) {
    case 0xe1:
      return `r${from} = xchg(${pointer}, r${from})`;
    case 0xf1:
      return `r0 = cmpxchg(${pointer}, r0, r${from})`;
    // Linux 6.15: from and to are as in loads and stores.
    case 0x100:
      return `r${to} = load_acquire((u${width} *)${placeText(from, offset)})`;
    case 0x110:
      return `store_release(${pointer}, r${from})`;
    default:
      return undefined;
  }
}

function arithmeticText({
  code,
  dst: to,
  src: from,
  off: offset,
  imm: immediate,
}: Instruction): string | undefined {
  const is64 = (code & 7) === CLASS.alu64;
  const register = is64 ? 'r' : 'w';
  const operation = code >> 4;
  const isRegister = (code & 8) !== 0;
  const target = `${register}${to}`;
  const operand = isRegister ? `${register}${from}` : String(immediate);
  switch (operation) {
    case 0x8:
      return `${target} = -${target}`;
    case 0xb:
      return `${target} = ${movedText(is64, isRegister, offset, operand)}`;
    case 0xd:
      return `r${to} = ${is64 ? 'bswap' : isRegister ? 'be' : 'le'}${immediate} r${to}`;
    default: {
      const operator = OPERATORS[operation];
      const isSigned = offset === 1 && (operation === 0x3 || operation === 0x9);
      return operator && `${target} ${isSigned ? 's' : ''}${operator} ${operand}`;
    }
  }
}

/** Moves between address spaces and to this CPU's memory are the kernel's own (include/linux/filter.h). */
function movedText(is64: boolean, isRegister: boolean, offset: number, operand: string): string {
  if (!isRegister || offset === 0) return operand;
  if (is64 && offset === -1) return `this CPU's ${operand}`;
  if (offset === 8 || offset === 16 || offset === 32) return `(s${offset})${operand}`;
  return `addr_space_cast(${operand})`;
}

function jumpText(instruction: Instruction, index: number, names: Names): string | undefined {
  const { code, dst: to, src: from, off: offset, imm: immediate } = instruction;
  const target = index + 1 + offset;
  if (code === CALL) {
    // The offset has what the immediate had before the program was translated, as far as it fits (jit_subprogs,
    // kernel/bpf/verifier.c; bpf_patch_call_args, kernel/bpf/core.c), and is shown to everyone.
    if (from === LOCAL_CALL) return `call ${names.local(target)}`;
    return `call ${names.called(immediate)}`;
  }
  if (code === EXIT) return 'exit';
  if (code === GOTO) return `goto ${target}`;
  if (code === LONG_GOTO) return `goto ${index + 1 + immediate}`;
  if (code === MAY_GOTO) return `may_goto ${target}`;
  const comparison = COMPARISONS[code >> 4];
  if (!comparison) return undefined;
  const register = (code & 7) === CLASS.jmp ? 'r' : 'w';
  const operand = (code & 8) !== 0 ? `${register}${from}` : String(immediate);
  return `if ${register}${to} ${comparison} ${operand} goto ${target}`;
}
