/**
 * Which instructions of a program the verifier comes to. It follows each path with what it knows of registers, stack
 * slots and frozen memory, and leaves out branches that constants rule out (is_branch_taken, kernel/bpf/verifier.c).
 * Here the same is done with constants alone: what is left out here the verifier leaves out, too, so that a relocation
 * without an answer does no harm there.
 */

import { INSN_SIZE } from '../../linker/elf/elf.ts';
import type { Instruction } from '../../linker/elf/instruction.ts';
import type { Reference } from './object.ts';

/** The code of one function, with the numbers of the host where it knows them. */
export interface ReachableCode {
  readonly name: string;
  /** Bytes, in its section. */
  readonly offset: number;
  readonly code: readonly Instruction[];
  readonly references: ReadonlyMap<number, Reference>;
  /** Instructions that libbpf had no number for: no program gets beyond one. */
  readonly poisoned: ReadonlySet<number>;
}

export interface ReachInput {
  readonly functions: readonly ReachableCode[];
  /** By the place of a function in `.text`. */
  functionAt(offset: number): ReachableCode | undefined;
  /** A number in `.rodata`; undefined where it is known at load only. */
  constant(offset: number, size: number): bigint | undefined;
}

/** What is known of a register or stack slot; undefined: nothing. */
type Value =
  | { readonly kind: 'number'; readonly value: bigint }
  | { readonly kind: 'rodata'; readonly offset: number }
  | { readonly kind: 'stack'; readonly offset: number }
  | undefined;

interface State {
  readonly registers: readonly Value[];
  /** By offset from the frame's end: eight bytes each. */
  readonly stack: ReadonlyMap<number, Value>;
}

const REGISTERS = 11;
const NOTHING: State = {
  registers: [
    ...Array.from({ length: REGISTERS - 1 }, () => undefined),
    { kind: 'stack', offset: 0 },
  ],
  stack: new Map(),
};
/** MAX_BPF_STACK. */
const STACK = 512;
/** States of one instruction that are followed each by itself; more are followed as one, of which nothing is known. */
const MOST_STATES = 48;
const MOST_STEPS = 400_000;

const CLASS = { ld: 0, ldx: 1, st: 2, stx: 3, alu: 4, jmp: 5, jmp32: 6, alu64: 7 } as const;
const LD_IMM64 = 0x18;
const CALL = 0x85;
const EXIT = 0x95;
const SIZES: Readonly<Record<number, number>> = { 0: 4, 8: 2, 16: 1, 24: 8 };
const MODE_MEM = 0x60;
const PSEUDO_CALL = 1;

/** Reached instructions by function, from the programs named. */
export function reachable(
  input: ReachInput,
  programs: readonly ReachableCode[],
): ReadonlyMap<string, ReadonlySet<number>> {
  const reached = new Map<string, Set<number>>();
  const seen = new Map<string, Set<string>>();
  const work: { readonly fn: ReachableCode; readonly at: number; readonly state: State }[] = [];
  let steps = 0;

  const enter = (fn: ReachableCode, at: number, state: State): void => {
    const place = `${fn.name} ${at}`;
    const states = seen.get(place) ?? new Set();
    seen.set(place, states);
    const wide = states.size >= MOST_STATES || steps > MOST_STEPS;
    const kept = wide ? NOTHING : state;
    const key = keyOf(kept);
    if (states.has(key)) return;
    states.add(key);
    work.push({ fn, at, state: kept });
  };
  const enterFunction = (fn: ReachableCode | undefined, state: State): void => {
    if (!fn) return;
    // Its frame is its own; what a pointer into the caller's leads to is not followed.
    const known = state.registers.map((value, index) =>
      index >= 1 && index <= 5 && value?.kind !== 'stack' ? value : undefined,
    );
    enter(fn, 0, {
      registers: [...known.slice(0, REGISTERS - 1), { kind: 'stack', offset: 0 }],
      stack: new Map(),
    });
  };

  for (const program of programs) enter(program, 0, NOTHING);
  for (let next = work.pop(); next; next = work.pop()) {
    const { fn, at, state } = next;
    const insn = fn.code[at];
    if (!insn) continue;
    steps += 1;
    const marks = reached.get(fn.name) ?? new Set();
    reached.set(fn.name, marks.add(at));
    if (fn.poisoned.has(at) || insn.code === EXIT) continue;
    const reference = fn.references.get(at);
    const { registers } = state;
    const dst = registers[insn.dst];
    switch (insn.code & 7) {
      case CLASS.ld: {
        if (insn.code !== LD_IMM64) {
          enter(fn, at + 1, withRegister(state, 0, undefined));
          break;
        }
        if (reference?.section === '.text')
          enterFunction(
            input.functionAt((reference.isSection ? 0 : reference.value) + insn.imm),
            NOTHING,
          );
        enter(fn, at + 2, withRegister(state, insn.dst, loaded(insn, fn.code[at + 1], reference)));
        break;
      }
      case CLASS.ldx:
        enter(fn, at + 1, withRegister(state, insn.dst, readMemory(input, state, insn)));
        break;
      case CLASS.st:
      case CLASS.stx:
        enter(fn, at + 1, store(state, insn));
        break;
      case CLASS.alu:
      case CLASS.alu64:
        enter(
          fn,
          at + 1,
          withRegister(state, insn.dst, arithmetic(insn, dst, operand(insn, registers))),
        );
        break;
      default: {
        if (insn.code === CALL) {
          if (insn.src === PSEUDO_CALL) {
            enterFunction(input.functionAt(calledAt(fn, at, insn, reference)), state);
          }
          enter(fn, at + 1, afterCall(state));
          break;
        }
        const target = at + 1 + ((insn.code & 0xf7) === 0x06 ? insn.imm : insn.off);
        if ((insn.code & 0xf0) === 0) {
          enter(fn, target, state);
          break;
        }
        const other = operand(insn, registers);
        const taken = isTaken(insn, dst, other);
        const op = insn.code & 0xf0;
        const equal = other?.kind === 'number' && (insn.code & 7) === CLASS.jmp ? other : undefined;
        const known = equal ? withRegister(state, insn.dst, equal) : state;
        if (taken !== false) enter(fn, target, op === 0x10 ? known : state);
        if (taken !== true) enter(fn, at + 1, op === 0x50 ? known : state);
      }
    }
  }
  return reached;
}

/** Where in `.text` the called function begins. */
function calledAt(
  fn: ReachableCode,
  at: number,
  { imm }: Instruction,
  reference: Reference | undefined,
): number {
  if (!reference) return fn.offset + (at + 1 + imm) * INSN_SIZE;
  return (reference.isSection ? 0 : reference.value) + (imm + 1) * INSN_SIZE;
}

function keyOf({ registers, stack }: State): string {
  const text = (value: Value) =>
    value === undefined
      ? ''
      : value.kind === 'number'
        ? `n${value.value}`
        : `${value.kind[0]}${value.offset}`;
  const slots = [...stack].map(([at, value]) => `${at}=${text(value)}`).sort();
  return `${registers.map(text).join(',')};${slots.join(',')}`;
}

function withRegister(state: State, index: number, value: Value): State {
  return { ...state, registers: state.registers.map((old, at) => (at === index ? value : old)) };
}

function loaded(
  insn: Instruction,
  second: Instruction | undefined,
  reference: Reference | undefined,
): Value {
  if (reference?.section === '.rodata')
    return { kind: 'rodata', offset: (reference.isSection ? 0 : reference.value) + insn.imm };
  if (reference || insn.src !== 0) return undefined;
  return {
    kind: 'number',
    value: (BigInt((second?.imm ?? 0) >>> 0) << 32n) | BigInt(insn.imm >>> 0),
  };
}

function operand(insn: Instruction, registers: readonly Value[]): Value {
  if (insn.code & 8) return registers[insn.src];
  return { kind: 'number', value: BigInt.asUintN(64, BigInt(insn.imm)) };
}

function readMemory(input: ReachInput, { registers, stack }: State, insn: Instruction): Value {
  const size = SIZES[insn.code & 0x18] ?? 8;
  const from = registers[insn.src];
  if ((insn.code & 0xe0) !== MODE_MEM) return undefined;
  if (from?.kind === 'rodata') {
    const value = input.constant(from.offset + insn.off, size);
    return value === undefined ? undefined : { kind: 'number', value };
  }
  return from?.kind === 'stack' && size === 8 ? stack.get(from.offset + insn.off) : undefined;
}

/** Through a pointer that is not known anything of the stack may be written. */
function store(state: State, insn: Instruction): State {
  const to = state.registers[insn.dst];
  if (to?.kind !== 'stack') return { ...state, stack: new Map() };
  const at = to.offset + insn.off;
  if (at < -STACK || at >= 0) return state;
  const size = SIZES[insn.code & 0x18] ?? 8;
  const stack = new Map([...state.stack].filter(([slot]) => slot + 8 <= at || slot >= at + size));
  if (size === 8 && (insn.code & 0xe0) === MODE_MEM)
    stack.set(
      at,
      (insn.code & 7) === CLASS.st
        ? { kind: 'number', value: BigInt.asUintN(64, BigInt(insn.imm)) }
        : state.registers[insn.src],
    );
  return { ...state, stack };
}

/** Helpers and functions write to the stack from the lowest place on that they are given. */
function afterCall({ registers, stack }: State): State {
  const given = registers
    .slice(1, 6)
    .flatMap((value) => (value?.kind === 'stack' ? [value.offset] : []));
  // What is given may hold pointers to other places.
  const isOpen = given.length > 0 && [...stack.values()].some((value) => value?.kind === 'stack');
  const lowest = isOpen ? -STACK : Math.min(...given, 0);
  return {
    registers: registers.map((value, index) => (index <= 5 ? undefined : value)),
    stack: given.length === 0 ? stack : new Map([...stack].filter(([slot]) => slot + 8 <= lowest)),
  };
}

function arithmetic(insn: Instruction, left: Value, right: Value): Value {
  const wide = (insn.code & 7) === CLASS.alu64;
  const op = insn.code & 0xf0;
  if (op === 0xb0) {
    if (insn.off !== 0) return undefined;
    if (wide) return right;
    return right?.kind === 'number'
      ? { kind: 'number', value: BigInt.asUintN(32, right.value) }
      : undefined;
  }
  if (
    wide &&
    (op === 0x00 || op === 0x10) &&
    left &&
    left.kind !== 'number' &&
    right?.kind === 'number'
  ) {
    const by = Number(BigInt.asIntN(64, right.value));
    return { ...left, offset: left.offset + (op === 0x00 ? by : -by) };
  }
  if (left?.kind !== 'number' || (right?.kind !== 'number' && op !== 0x80)) return undefined;
  const bits = wide ? 64 : 32;
  const a = BigInt.asUintN(bits, left.value);
  const b = BigInt.asUintN(bits, right?.kind === 'number' ? right.value : 0n);
  const by = b & BigInt(bits - 1);
  const result = compute(op, a, b, by, bits);
  return result === undefined ? undefined : { kind: 'number', value: BigInt.asUintN(bits, result) };
}

function compute(op: number, a: bigint, b: bigint, by: bigint, bits: number): bigint | undefined {
  switch (op) {
    case 0x00:
      return a + b;
    case 0x10:
      return a - b;
    case 0x20:
      return a * b;
    case 0x30:
      return b === 0n ? 0n : a / b;
    case 0x40:
      return a | b;
    case 0x50:
      return a & b;
    case 0x60:
      return a << by;
    case 0x70:
      return a >> by;
    case 0x80:
      return -a;
    case 0x90:
      return b === 0n ? a : a % b;
    case 0xa0:
      return a ^ b;
    case 0xc0:
      return BigInt.asIntN(bits, a) >> by;
    default:
      return undefined;
  }
}

/** Whether a conditional jump is taken; undefined where it may be or not. */
function isTaken(insn: Instruction, left: Value, right: Value): boolean | undefined {
  if (left?.kind !== 'number' || right?.kind !== 'number') return undefined;
  const bits = (insn.code & 7) === CLASS.jmp ? 64 : 32;
  const a = BigInt.asUintN(bits, left.value);
  const b = BigInt.asUintN(bits, right.value);
  const signedA = BigInt.asIntN(bits, a);
  const signedB = BigInt.asIntN(bits, b);
  switch (insn.code & 0xf0) {
    case 0x10:
      return a === b;
    case 0x20:
      return a > b;
    case 0x30:
      return a >= b;
    case 0x40:
      return (a & b) !== 0n;
    case 0x50:
      return a !== b;
    case 0x60:
      return signedA > signedB;
    case 0x70:
      return signedA >= signedB;
    case 0xa0:
      return a < b;
    case 0xb0:
      return a <= b;
    case 0xc0:
      return signedA < signedB;
    case 0xd0:
      return signedA <= signedB;
    default:
      return undefined;
  }
}
