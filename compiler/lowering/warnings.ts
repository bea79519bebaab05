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

/** What subprograms are told of a warning's place in the script. */
export interface PlaceOfWarning {
  /** The event's number, u32 in `.rodata`, which is also its key in `lost`. */
  readonly event: IrPointer;
  /** The word that says until when the place has used what it may tell. */
  readonly told: IrPointer;
}

export function placeOfWarning(fn: FunctionState, entry: EventEntry): PlaceOfWarning {
  const symbol = `${NAME_PREFIXES.told}${entry.index}`;
  fn.unit.variable({ symbol, section: '.bss', type: unsigned(8) });
  return { event: eventPointer(fn, entry), told: fn.ir.global(symbol) };
}

/** Where the event's number stands: what refers to it is the same code for all events. */
export function eventPointer(fn: FunctionState, { index }: EventEntry): IrPointer {
  const number = Buffer.alloc(4);
  number.writeUInt32LE(index);
  return fn.ir.global(fn.unit.constant(number));
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
 * Whether what the program seldom does is a subprogram that others call, too: whether it has room for the subprogram's
 * frame, which counts as 32 bytes of the 512 that a chain of calls has (check_max_stack_depth, kernel/bpf/verifier.c).
 * Callbacks and functions have been given what there is; a program that needs more than it should is built once more
 * without (compiler/limits.ts).
 */
export function sharesSeldom(fn: FunctionState): boolean {
  const { program, unit } = fn;
  const { target, session } = program.probe;
  return (
    fn.role === 'program' &&
    program.depth === 0 &&
    session === undefined &&
    target.context !== 'iterator' &&
    !unit.sparesStack
  );
}

/** Calls the subprogram that `body` builds; there is one for warnings with a status and one for those without. */
export function tellShared(
  fn: FunctionState,
  entry: EventEntry,
  status: IrValue | undefined,
  body: (ir: FunctionBuilder, place: PlaceOfWarning, status: IrValue) => void,
): void {
  const { ir, unit } = fn;
  const symbol = `${NAME_PREFIXES.told}${status ? 'with_status' : 'alone'}`;
  unit.subprogram(
    {
      symbol,
      role: 'subprogram',
      parameters: [
        ...['event', 'told'].map((name) => ({ name, type: undefined })),
        ...(status ? [{ name: 'status', type: unsigned(8) }] : []),
      ],
      returns: undefined,
    },
    ['ptr', 'ptr', ...(status ? (['i64'] as const) : [])],
    (inner, [event, told, value = inner.constant(0)]) =>
      body(inner, { event: event as IrPointer, told: told as IrPointer }, value as IrValue),
  );
  const { event, told } = placeOfWarning(fn, entry);
  ir.callFunction(symbol, [event, told, ...(status ? [status] : [])]);
}
