/** Pointers for helpers that take none but those whose type the verifier knows, such as `struct sock *`. */
import type { TypedExpression } from '../analysis/typed.ts';
import type { IrPointer, IrValue } from '../llvm/ir.ts';
import { isBtfPointer, lowerTypedAddress } from './members.ts';
import type { FunctionState } from './state.ts';

const SOURCES =
  'It can be an argument of the probe (args.NAME), a member that one leads to, or a variable that only ever holds one of these.';

/**
 * Runs `use` with the pointer, or the address of the struct, and `otherwise` where it is NULL: a helper would not be
 * given that.
 */
export function withTypedPointer(
  fn: FunctionState,
  expression: TypedExpression,
  use: (pointer: IrPointer) => IrValue,
  otherwise: () => IrValue,
): IrValue {
  const { ir } = fn;
  const known = lowerTypedAddress(fn, unfolded(fn, expression));
  if (!known) {
    // A draft would say it once more.
    if (!fn.program.draft)
      fn.unit.diagnostics.error(
        'untyped-pointer',
        'the kernel takes a pointer here only where it can tell its type',
        expression.range,
        SOURCES,
      );
    return otherwise();
  }
  const { root, offset } = known;
  return ir.ifValue(ir.isNull(root), otherwise, () =>
    use(offset === undefined ? root : ir.offset(root, offset())),
  );
}

/** A variable that holds an argument is that argument: in scratch memory it would lose its type. */
function unfolded(fn: FunctionState, expression: TypedExpression): TypedExpression {
  if (expression.kind !== 'variable' || !isBtfPointer(fn, expression)) return expression;
  const value = fn.program.plan.variables.get(expression.variable.id)?.onlyValue;
  return value?.kind === 'context-argument' ? value : expression;
}
