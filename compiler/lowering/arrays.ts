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
 * run time, and element 0 is taken instead.
 */
export function lowerElementOffset(
  fn: FunctionState,
  expression: Extract<TypedExpression, { kind: 'index' }>,
  step: IrValue,
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
  const value = ir.opaque(exact);
  return ir.ifValue(
    ir.compare('ult', value, ir.constant(count)),
    () => scaled(value),
    () => {
      lowering.emit(
        { kind: 'warning', fields: [], message: OUT_OF_BOUNDS, range: expression.range },
        () => {},
      );
      return ir.constant(0);
    },
  );
}
