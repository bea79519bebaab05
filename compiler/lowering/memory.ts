/**
 * Memory of a program beyond registers: a budget of stack for each function, and scratch memory for the rest.
 * Both are given back in the order of nesting: temporaries at the end of a statement, variables at the end of
 * their block.
 */

import type { FunctionBuilder, IrPointer, Width } from '../llvm/ir.ts';
import { roundUp } from '../types/layout.ts';

/**
 * The kernel's limit on values of per-CPU arrays, such as an entry of scratch memory: PCPU_MIN_UNIT_SIZE
 * (include/linux/percpu.h, kernel/bpf/arraymap.c). What is larger takes memory for each CPU that may ever be there.
 */
export const LARGEST_PER_CPU = 32768;

/** What one program may take of every CPU. */
export const LARGEST_SCRATCH = 1 << 20;

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
  /** The same, never on the stack: what callbacks change. */
  takeScratch(size: number): IrPointer;
  /**
   * A place for a scalar variable, which LLVM turns into a register and spills around calls: only so many at
   * a time, then scratch memory.
   */
  takeScalar(): IrPointer;
  /** Runs `body`; what it takes is free again afterwards. */
  scope<T>(body: () => T): T;
}

interface Slot {
  readonly pointer: IrPointer;
  readonly size: number;
}

/**
 * `budget` is what the function may take of the kernel's 512 bytes (MAX_BPF_STACK), which it shares with its
 * callbacks and with LLVM's spills, and `largest` the bytes of the largest value on it; `scalars` is the number of scalar variables that may be spilled at a time.
 */
export function createMemory(
  ir: FunctionBuilder,
  { bytes: budget, scalars }: StackBudget,
  largest: number,
  arena: ScratchArena,
  scratch: () => IrPointer,
): Memory {
  const free: Slot[] = [];
  const live: Slot[] = [];
  let used = 0;
  let liveScalars = 0;

  const onStack = (size: number): IrPointer | undefined => {
    // A word is not worth a place elsewhere, and the prologue needs some before there is scratch memory.
    if (size > Math.max(largest, 8)) return undefined;
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
    takeScratch: (size) => ir.offset(scratch(), arena.take(size)),
    takeScalar() {
      if (liveScalars >= scalars) return ir.offset(scratch(), arena.take(8));
      liveScalars += 1;
      return ir.alloca(8, 8);
    },
    scope(body) {
      const slots = live.length;
      const before = liveScalars;
      const mark = arena.mark;
      const result = body();
      free.push(...live.splice(slots));
      liveScalars = before;
      arena.reset(mark);
      return result;
    },
  };
}

export interface StackBudget {
  readonly bytes: number;
  readonly scalars: number;
}

/** Stack budgets by nesting of callbacks: the program's own, then that of each callback. */
export function stackBudget(callbackDepth: number, role: 'program' | 'callback'): StackBudget {
  if (callbackDepth === 0) return { bytes: 256, scalars: 16 };
  if (callbackDepth === 1) return { bytes: role === 'program' ? 160 : 112, scalars: 8 };
  if (callbackDepth === 2) return { bytes: role === 'program' ? 128 : 72, scalars: 4 };
  if (callbackDepth <= 4) return { bytes: role === 'program' ? 104 : 40, scalars: 2 };
  return { bytes: role === 'program' ? 96 : 24, scalars: 1 };
}
