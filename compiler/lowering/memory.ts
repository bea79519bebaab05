/**
 * Memory of a program beyond registers: a budget of stack for each function, and scratch memory for the rest.
 * Both are given back in the order of nesting: temporaries at the end of a statement, variables at the end of
 * their block.
 */

import type { FunctionBuilder } from '../llvm/builder.ts';
import type { IrPointer, Width } from '../llvm/ir.ts';
import { roundUp } from '../types/layout.ts';

/** Values larger than this never stand on the stack. */
const LARGEST_ON_STACK = 64;

/** Offsets in a program's scratch entry, handed out like a stack. */
export interface ScratchArena {
  take(size: number): number;
  readonly mark: number;
  reset(mark: number): void;
  /** Size of an entry that holds the most that was ever taken; 0 when nothing was. */
  readonly peak: number;
}

/** `start` bytes at the beginning of the entry have another use. */
export function createScratchArena(start: number): ScratchArena {
  let top = start;
  let peak = start;
  return {
    take(size) {
      const offset = roundUp(top, 8);
      top = offset + size;
      peak = Math.max(peak, top);
      return offset;
    },
    get mark() {
      return top;
    },
    reset(to) {
      top = to;
    },
    get peak() {
      return peak > start ? roundUp(peak, 8) : 0;
    },
  };
}

export interface Memory {
  /** Memory of `size` bytes, aligned to 8, until the scope around ends. Not zeroed. */
  take(size: number): IrPointer;
  /** Runs `body`; what it takes is free again afterwards. */
  scope<T>(body: () => T): T;
}

interface Slot {
  readonly pointer: IrPointer;
  readonly size: number;
}

/**
 * `budget` is what the function may take of the kernel's 512 bytes (MAX_BPF_STACK), which it shares with its
 * callbacks and with LLVM's spills.
 */
export function createMemory(
  ir: FunctionBuilder,
  budget: number,
  arena: ScratchArena,
  scratch: () => IrPointer,
): Memory {
  const free: Slot[] = [];
  const live: Slot[] = [];
  let used = 0;

  const onStack = (size: number): IrPointer | undefined => {
    if (size > LARGEST_ON_STACK) return undefined;
    const rounded = Math.max(8, roundUp(size, 8));
    const index = free.findIndex((slot) => slot.size === rounded);
    const reused = index === -1 ? undefined : free.splice(index, 1)[0];
    if (reused) {
      live.push(reused);
      return reused.pointer;
    }
    if (used + rounded > budget) return undefined;
    used += rounded;
    const slot = { pointer: ir.alloca(rounded, 8 satisfies Width), size: rounded };
    live.push(slot);
    return slot.pointer;
  };

  return {
    take(size) {
      return onStack(size) ?? ir.offset(scratch(), arena.take(size));
    },
    scope(body) {
      const slots = live.length;
      const mark = arena.mark;
      const result = body();
      free.push(...live.splice(slots));
      arena.reset(mark);
      return result;
    },
  };
}

/** Stack budgets by nesting of callbacks: the program's own, then that of each callback. */
export function stackBudget(callbackDepth: number, role: 'program' | 'callback'): number {
  if (callbackDepth === 0) return 256;
  if (callbackDepth === 1) return role === 'program' ? 160 : 112;
  if (callbackDepth === 2) return role === 'program' ? 128 : 72;
  if (callbackDepth <= 4) return role === 'program' ? 104 : 40;
  return role === 'program' ? 96 : 24;
}
