/** Warnings at run time of helpers that failed, with their place in the script. */

import type { HelperName } from '../../linker/contract/helpers.ts';
import type { IrPointer, IrValue } from '../llvm/ir.ts';
import type { Range } from '../source/source.ts';
import { INT64 } from '../types/type.ts';
import { emitWarning } from './events.ts';
import type { EventSpec } from './lowering.ts';
import type { FunctionState } from './state.ts';

const CANNOT_LOOK_UP = "Can't lookup map element because it does not exist.";

/** Reports a failure; without a message the loader says what the error number means. */
export function warnHelper(
  fn: FunctionState,
  helper: HelperName,
  status: IrValue,
  place: { readonly range: Range | undefined; readonly message?: string },
): void {
  emitWarning(fn, helperWarning(helper, place), status);
}

/** Its status is what the helper gave. */
export function helperWarning(
  helper: HelperName,
  { range, message }: { readonly range: Range | undefined; readonly message?: string },
): EventSpec {
  return {
    kind: 'warning',
    fields: [INT64],
    helper,
    ...(message === undefined ? {} : { message }),
    ...(range === undefined ? {} : { range }),
  };
}

/** With -k: a helper that gave a negative error, at the expression that is being evaluated. */
export function reportFailure(fn: FunctionState, helper: HelperName, status: IrValue): void {
  const { ir, place: range } = fn;
  if (!fn.unit.reportsHelpers) return;
  ir.if_(ir.compare('slt', status, ir.constant(0)), () =>
    warnHelper(fn, helper, status, { range }),
  );
}

/** With -k: a map element that is read and not there. */
export function reportMissing(fn: FunctionState, element: IrPointer, range: Range): void {
  const { ir } = fn;
  if (!fn.unit.reportsHelpers) return;
  ir.if_(ir.isNull(element), () =>
    warnHelper(fn, 'map_lookup_elem', ir.constant(0), { range, message: CANNOT_LOOK_UP }),
  );
}

/** Runs with `range` as the place of what it writes, and of the failures that are reported. */
export function within<T>(fn: FunctionState, range: Range, run: () => T): T {
  const outer = fn.place;
  fn.place = range;
  const start = fn.unit.sources.globalPosition(range.start);
  const before = fn.ir.setPlace(start.line, start.column);
  const result = run();
  fn.ir.setPlace(before.line, before.column);
  fn.place = outer;
  return result;
}
