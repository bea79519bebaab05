/**
 * Values of maps by thread, kept with the threads where the kernel does that (BPF_MAP_TYPE_TASK_STORAGE): one look-up
 * by a pointer, and no element that is made and freed each time. An element stays as long as its thread, and a word behind
 * the value says whether the map has one. What a thread cannot keep, since the kernel is in the middle of that on the same
 * CPU (bpf_task_storage_trylock), goes to the hash map of the script's map, as everything does on older kernels.
 * docs/decisions/values-of-threads.md.
 */
import type { MapDefinition } from '../../linker/btf/definitions.ts';
import { bytes, unsigned } from '../../linker/btf/types.ts';
import { HELPERS } from '../../linker/contract/helpers.ts';
import type { IrBool, IrPointer, IrValue, Width } from '../llvm/ir.ts';
import { MAP_TYPES } from './map-plans.ts';
import type { FunctionState } from './state.ts';

/** In an element: a value of at most 8 bytes, and whether there is one. */
const VALUE = 0;
const PRESENT = 8;
const SIZE = 16;

export interface ThreadStore {
  /** Of the kernel map. */
  readonly symbol: string;
  /** Bytes of a value. */
  readonly width: Width;
}

/** include/uapi/linux/bpf.h */
const BPF_F_NO_PREALLOC = 1;
const BPF_LOCAL_STORAGE_GET_F_CREATE = 1;
const NOT_THERE = -2;

/** As bpf_local_storage_map_alloc_check (kernel/bpf/bpf_local_storage.c) wants it. */
export function taskStorage(symbol: string): MapDefinition {
  return {
    ...{ symbol, type: MAP_TYPES.taskStorage, maxEntries: 0, flags: BPF_F_NO_PREALLOC },
    ...{ key: unsigned(4), value: bytes(SIZE) },
  };
}

/** Whether the kernel keeps values with threads: known to the verifier, which then leaves out what it does not know. */
function isKept({ ir, lowering }: FunctionState): IrBool {
  return ir.toBool(ir.load(lowering.shared('threadValues'), 0, 4, false));
}

/** Whether nothing was put into the hash map so far. */
function isAlone({ ir, lowering }: FunctionState): IrBool {
  return ir.toBool(ir.loadVolatile(lowering.shared('threadsAlone'), 0, 8));
}

/** Not called through `lowering`: no kernel has to have it. */
function elementOf(
  { ir, lowering }: FunctionState,
  threads: ThreadStore,
  flags: number,
): IrPointer {
  const task = ir.helperPointer(HELPERS.get_current_task_btf, []);
  return ir.helperPointer(HELPERS.task_storage_get, [
    lowering.mapPointer(threads.symbol),
    task,
    ir.nullPointer(),
    ir.constant(flags),
  ]);
}

/** The element, made if there is none; null where the kernel cannot make one now. */
function madeFor(fn: FunctionState, threads: ThreadStore): IrPointer {
  const { ir } = fn;
  const element = elementOf(fn, threads, BPF_LOCAL_STORAGE_GET_F_CREATE);
  // One that a program made inside of this is in the way (bpf_local_storage_update: -EEXIST).
  return ir.ifPointer(
    ir.isNull(element),
    () => elementOf(fn, threads, 0),
    () => element,
  );
}

/** The element of the current thread if the map has it, or null. */
function presentOf(fn: FunctionState, threads: ThreadStore): IrPointer {
  const { ir } = fn;
  return ir.ifPointer(
    isKept(fn),
    () => {
      const element = elementOf(fn, threads, 0);
      return ir.ifPointer(
        ir.isNull(element),
        () => ir.nullPointer(),
        () =>
          ir.ifPointer(
            ir.toBool(ir.loadVolatile(element, PRESENT, 8)),
            () => element,
            () => ir.nullPointer(),
          ),
      );
    },
    () => ir.nullPointer(),
  );
}

/** Address of the current thread's value, or null. */
export function lookupOfThread(
  fn: FunctionState,
  threads: ThreadStore,
  lookup: () => IrPointer,
): IrPointer {
  const { ir } = fn;
  const element = presentOf(fn, threads);
  return ir.ifPointer(
    ir.isNull(element),
    () => ir.ifPointer(isAlone(fn), () => ir.nullPointer(), lookup),
    () => element,
  );
}

export interface HashUpdate {
  /** What is put there. */
  readonly value: IrValue;
  /** Puts it into the hash map; the result is the helper's. */
  update(): IrValue;
  /** Removes what the hash map has. */
  remove(): IrValue;
}

/** Sets the current thread's value; 0, or a negative error. */
export function updateOfThread(
  fn: FunctionState,
  threads: ThreadStore,
  { value, update, remove }: HashUpdate,
): IrValue {
  const { ir, lowering } = fn;
  const isSet = ir.ifBool(
    isKept(fn),
    () => {
      const element = madeFor(fn, threads);
      return ir.ifBool(
        ir.isNull(element),
        () => {
          ir.storeVolatile(lowering.shared('threadsAlone'), 0, 8, ir.constant(0));
          return ir.toBool(ir.constant(0));
        },
        () => {
          ir.storeVolatile(element, VALUE, threads.width, value);
          ir.storeVolatile(element, PRESENT, 8, ir.constant(1));
          ir.if_(ir.not(isAlone(fn)), () => void remove());
          return ir.toBool(ir.constant(1));
        },
      );
    },
    () => ir.toBool(ir.constant(0)),
  );
  return ir.ifValue(isSet, () => ir.constant(0), update);
}

/** Removes the current thread's value; 0, or a negative error. */
export function deleteOfThread(
  fn: FunctionState,
  threads: ThreadStore,
  remove: () => IrValue,
): IrValue {
  const { ir } = fn;
  const element = presentOf(fn, threads);
  return ir.ifValue(
    ir.isNull(element),
    () => ir.ifValue(isAlone(fn), () => ir.constant(NOT_THERE), remove),
    () => {
      ir.storeVolatile(element, PRESENT, 8, ir.constant(0));
      ir.if_(ir.not(isAlone(fn)), () => void remove());
      return ir.constant(0);
    },
  );
}
