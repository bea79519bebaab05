/**
 * Capturing stacks: the frames go to the map `stacks` under a hash of their own, the value is a token
 * (docs/decisions/stacks.md).
 */
import { arrayOf, unsigned } from '../../linker/btf/types.ts';
import { NAME_PREFIXES } from '../../linker/contract/names.ts';
import { MOST_FRAMES } from '../../linker/contract/types.ts';
import type { IrPointer, IrValue } from '../llvm/ir.ts';
import { type StackType, type Type, UINT32 } from '../types/type.ts';
import { numberValue } from './globals.ts';
import type { FunctionState } from './state.ts';
import { lowerUnwind, WALK_SIZE } from './unwind.ts';

/** include/uapi/linux/bpf.h: flags of bpf_get_stack. */
const BPF_F_USER_STACK = 1 << 8;
const BPF_F_USER_BUILD_ID = 1 << 11;

/** 64-bit words of a struct bpf_stack_build_id; a frame is one word otherwise. */
const BUILD_ID_WORDS = 4;

export function wordsOfFrame(type: StackType): number {
  return type.mode === 'build_id' ? BUILD_ID_WORDS : 1;
}

/** Those of the most frames, where a parameter says how many. */
export function wordsOfStack(type: StackType): number {
  return (typeof type.limit === 'number' ? type.limit : MOST_FRAMES) * wordsOfFrame(type);
}

function bytesOfStack(fn: FunctionState, type: StackType): IrValue {
  const shift = Math.log2(8 * wordsOfFrame(type));
  return fn.ir.op('shl', numberValue(fn, type.limit), fn.ir.constant(shift));
}

/** Distinct stacks that are kept at a time. */
export const STACKS = 16384;

/**
 * Hashes of stacks that are kept for sure, at the place that their upper bits name: nothing is ever removed from `stacks`, and
 * most stacks come again and again. Whoever comes last has the place, whatever the CPU.
 */
const FAMILIAR = {
  symbol: `${NAME_PREFIXES.familiar}stacks`,
  section: '.bss',
  words: 256,
  shift: 56,
} as const;

/** Odd, with bits all over: 2^64 divided by the golden ratio. */
const MULTIPLIER = 0x9e3779b97f4a7c15n;

/** Where the token's parts stand: {u64 hash, u32 pid, u32 number of frames}. */
const TOKEN_PID = 8;
const TOKEN_FRAMES = 12;

/** `unwinds`: by tables of .eh_frame (unwind.ts) instead of frame pointers. */
export function lowerStack(fn: FunctionState, type: Type, to: IrPointer, unwinds = false): void {
  if (type.kind !== 'stack') throw new Error(`${type.kind} is not a stack`);
  const { ir, lowering, unit } = fn;
  const user = type.space === 'user';
  // Of addresses alone nobody asks what the process has mapped.
  const isNamed = user && type.mode !== 'raw';
  const frameWords = wordsOfFrame(type);
  const words = wordsOfStack(type);
  unit.features.add('bounded_loops');
  const flags = (user ? BPF_F_USER_STACK : 0) | (frameWords > 1 ? BPF_F_USER_BUILD_ID : 0);

  fn.memory.scope(() => {
    // The map takes whole values: a shorter stack leaves old frames behind its end, which no one counts.
    const size = unit.stackWords * 8;
    const memory = unwinds ? fn.memory.takeScratch(WALK_SIZE + size) : fn.memory.take(size);
    const frames = unwinds ? ir.offset(memory, WALK_SIZE) : memory;
    const bytes = unwinds
      ? lowerUnwind(fn, memory, type.limit)
      : lowering.call('get_stack', fn.context, frames, bytesOfStack(fn, type), ir.constant(flags));
    const pid = user ? lowering.taskId('pid', 'curr_ns') : ir.constant(0);
    ir.store(to, TOKEN_PID, 4, pid);
    ir.if_(
      ir.compare('sle', bytes, ir.constant(0)),
      () => {
        ir.store(to, 0, 8, ir.constant(0));
        ir.store(to, TOKEN_FRAMES, 4, ir.constant(0));
      },
      () => {
        const count = ir.op('lshr', bytes, ir.constant(3));
        const hash = hashWords(fn, frames, count, words, seed(fn, pid, isNamed));
        ir.store(to, 0, 8, hash);
        ir.store(to, TOKEN_FRAMES, 4, ir.op('lshr', count, ir.constant(frameWords === 1 ? 0 : 2)));
        storeNew(fn, to, frames, isNamed, pid);
      },
    );
  });
}

/** Behind every pid: those without names are stacks of their own, or the process of others would not be told. */
const WITHOUT_NAMES = 1n << 32n;

function seed({ ir }: FunctionState, pid: IrValue, isNamed: boolean): IrValue {
  return isNamed ? pid : ir.op('add', pid, ir.constant(WITHOUT_NAMES));
}

const STACKS_FULL = `The frames of a stack could not be kept: there are ${STACKS} others. It is counted, and shown without frames.`;

/**
 * Mixes the words and their number. User stacks begin with the pid, so that equal addresses of two processes
 * are two stacks: the loader has to see each process once.
 */
function hashWords(
  fn: FunctionState,
  frames: IrPointer,
  count: IrValue,
  limit: number,
  seed: IrValue,
): IrValue {
  const { ir } = fn;
  const offset = ir.alloca(8, 8);
  const state = ir.alloca(8, 8);
  ir.store(offset, 0, 8, ir.constant(0));
  ir.store(state, 0, 8, ir.op('add', seed, count));
  const end = ir.op('shl', count, ir.constant(3));
  ir.while_(
    () => {
      const at = ir.load(offset, 0, 8);
      // The second half is what tells the verifier that the buffer is not left.
      return ir.and(ir.compare('ult', at, end), ir.compare('ult', at, ir.constant(limit * 8)));
    },
    () => {
      const at = ir.load(offset, 0, 8);
      const old = ir.load(state, 0, 8);
      const rotated = ir.op(
        'or',
        ir.op('shl', old, ir.constant(5)),
        ir.op('lshr', old, ir.constant(59)),
      );
      const word = ir.load(ir.offset(frames, at), 0, 8);
      const mixed = ir.op('mul', ir.op('xor', rotated, word), ir.constant(MULTIPLIER));
      ir.store(state, 0, 8, mixed);
      ir.store(offset, 0, 8, ir.op('add', at, ir.constant(8)));
    },
  );
  const mixed = ir.load(state, 0, 8);
  const hash = ir.op('xor', mixed, ir.op('lshr', mixed, ir.constant(32)));
  // 0 stands for no stack.
  return ir.select(ir.compare('eq', hash, ir.constant(0)), ir.constant(1), hash);
}

/** Keeps the frames if no one did before; a process seen for the first time is made known to the loader. */
function storeNew(
  fn: FunctionState,
  token: IrPointer,
  frames: IrPointer,
  isNamed: boolean,
  pid: IrValue,
): void {
  const { ir, lowering, unit } = fn;
  const map = lowering.runtimeMap('stacks');
  const { symbol, section, words, shift } = FAMILIAR;
  unit.variable({ symbol, section, type: arrayOf(unsigned(8), words) });
  const hash = ir.load(token, 0, 8);
  const place = ir.op('shl', ir.op('lshr', hash, ir.constant(shift)), ir.constant(3));
  const familiar = ir.offset(ir.global(symbol), place);
  ir.if_(ir.compare('ne', ir.load(familiar, 0, 8), hash), () => {
    const key = fn.memory.take(8);
    ir.store(key, 0, 8, hash);
    ir.if_(
      ir.isNull(lowering.callPointer('map_lookup_elem', map, key)),
      () => {
        const status = lowering.call('map_update_elem', map, key, frames, ir.constant(0));
        ir.if_(
          ir.compare('ne', status, ir.constant(0)),
          () => lowering.emit({ kind: 'warning', fields: [], message: STACKS_FULL }, () => {}),
          () => {
            ir.store(familiar, 0, 8, hash);
            if (!isNamed) return;
            lowering.emit({ kind: 'process', fields: [UINT32] }, (field) =>
              ir.store(field(0).pointer, 0, 4, pid),
            );
          },
        );
      },
      () => ir.store(familiar, 0, 8, hash),
    );
  });
}
