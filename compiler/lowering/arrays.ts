/** Indexes into arrays and strings. */
import { followsKernel } from '../analysis/conversion.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import type { IrValue } from '../llvm/ir.ts';
import { lowerValue } from './expressions.ts';
import type { FunctionState } from './state.ts';

const OUT_OF_BOUNDS =
  'Array access out of bounds. This can lead to unexpected results. 0 is being used as the index.';

/**
 * Byte offset of the indexed element. A computed index beyond the end of an array of known length warns at
 * run time, and element 0 is taken instead. `bytes`: how large the host has an array of the kernel's.
 */
export function lowerElementOffset(
  fn: FunctionState,
  expression: Extract<TypedExpression, { kind: 'index' }>,
  step: IrValue,
  bytes?: IrValue,
): IrValue {
  const { ir, lowering } = fn;
  const { base, index } = expression;
  const exact = lowerValue(fn, index);
  const count =
    base.type.kind === 'array'
      ? base.type.count
      : base.type.kind === 'string'
        ? base.type.size
        : undefined;
  const scaled = (value: IrValue) => ir.op('mul', value, step);
  if ((index.kind === 'int' && !followsKernel(index)) || count === undefined || count === 0)
    return scaled(exact);
  const within = (value: IrValue, end: IrValue, offset: () => IrValue) =>
    ir.ifValue(ir.compare('ult', value, end), offset, () => {
      lowering.emit(
        { kind: 'warning', fields: [], message: OUT_OF_BOUNDS, range: expression.range },
        () => {},
      );
      return ir.constant(0);
    });
  const value = ir.opaque(exact);
  if (!bytes) return within(value, ir.constant(count), () => scaled(value));
  // The verifier follows no division. An index that is no offset either is multiplied as the first that is none.
  const bounded = ir.opaque(ir.select(ir.compare('ult', value, bytes), value, bytes));
  const offset = ir.opaque(scaled(bounded));
  return within(offset, bytes, () => offset);
}
