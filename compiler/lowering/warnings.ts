/**
 * Warnings at run time: all are counted, few are told, so that a storm of them does not take the room of what the
 * script prints. Places are many and none is likely, so programs share the code: a subprogram that gets what differs.
 */

import { unsigned } from '../../linker/btf/types.ts';
import { HELPERS } from '../../linker/contract/helpers.ts';
import { NAME_PREFIXES } from '../../linker/contract/names.ts';
import type { FunctionBuilder, IrBool, IrPointer, IrValue } from '../llvm/ir.ts';
import type { EventEntry } from './events.ts';
import type { FunctionState } from './state.ts';

/** Of the warnings of one place so many are told at once, then one in each period. */
const TOLD_AT_ONCE = 10;
const TELL_PERIOD = 1_000_000_000;

/** The word that says until when a place has used what it may tell. */
export function toldWord(fn: FunctionState, entry: EventEntry): IrPointer {
  const symbol = `${NAME_PREFIXES.told}${entry.index}`;
  fn.unit.variable({ symbol, section: '.bss', type: unsigned(8) });
  return fn.ir.global(symbol);
}

/** The generic cell rate algorithm. CPUs that race for the word may tell one more; what counts is counted elsewhere. */
export function mayTell(ir: FunctionBuilder, word: IrPointer): IrBool {
  const now = ir.helper(HELPERS.ktime_get_ns, []);
  const used = ir.loadVolatile(word, 0, 8);
  const from = ir.ifValue(
    ir.compare('ugt', used, now),
    () => used,
    () => now,
  );
  const ahead = ir.op('sub', from, now);
  const may = ir.compare('ult', ahead, ir.constant((TOLD_AT_ONCE - 1) * TELL_PERIOD + 1));
  ir.if_(may, () => ir.storeVolatile(word, 0, 8, ir.op('add', from, ir.constant(TELL_PERIOD))));
  return may;
}

/**
 * Whether the program has room for the subprogram's frame, which counts as 32 bytes of the 512 that a chain of calls has
 * (check_max_stack_depth, kernel/bpf/verifier.c). Callbacks and functions have been given what there is; a program that
 * needs more than it should is built once more without (compiler/limits.ts).
 */
export function sharesWarnings(fn: FunctionState): boolean {
  const { program, unit } = fn;
  return (
    fn.role === 'program' &&
    program.depth === 0 &&
    program.probe.session === undefined &&
    !unit.sparesStack
  );
}

/** Calls the subprogram that `body` builds; there is one for warnings with a status and one for those without. */
export function tellShared(
  fn: FunctionState,
  entry: EventEntry,
  status: IrValue | undefined,
  body: (ir: FunctionBuilder, place: PlaceOfWarning) => void,
): void {
  const { ir, unit } = fn;
  const symbol = `${NAME_PREFIXES.told}${status ? 'with_status' : 'alone'}`;
  unit.subprogram(
    {
      symbol,
      role: 'subprogram',
      parameters: ['event', 'told', 'status'].map((name) => ({
        name,
        type: name === 'status' ? unsigned(8) : undefined,
      })),
      returns: undefined,
    },
    ['ptr', 'ptr', 'i64'],
    (inner, [event, told, value]) =>
      body(inner, { event: event as IrPointer, told: told as IrPointer, status: value as IrValue }),
  );
  const index = Buffer.alloc(4);
  index.writeUInt32LE(entry.index);
  ir.callFunction(symbol, [
    ir.global(unit.constant(index)),
    toldWord(fn, entry),
    status ?? ir.constant(0),
  ]);
}

/** What the subprogram gets. */
export interface PlaceOfWarning {
  /** The event's number, u32 in `.rodata`, which is also its key in `lost`. */
  readonly event: IrPointer;
  readonly told: IrPointer;
  readonly status: IrValue;
}
