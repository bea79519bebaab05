/** ksym and usym: addresses that the loader prints as symbols. */
import type { TypedExpression } from '../analysis/typed.ts';
import { kindName } from '../types/names.ts';
import { UINT64 } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import { lowerTaskId } from './pid.ts';
import { argument, isInteger, isPointer, typedCall } from './use.ts';

function address(use: BuiltinUse, scope: AnalysisScope): TypedExpression | undefined {
  const [given] = use.args;
  if (given === undefined) return undefined;
  const operand = scope.expression(given);
  if (!isPointer(operand.type) && !isInteger(operand.type)) {
    scope.error(
      `${use.name}() only supports integer and pointer arguments (${kindName(operand.type)} provided)`,
      given.range,
    );
    return undefined;
  }
  return { kind: 'cast', type: UINT64, operand, range: operand.range };
}

export const ksym: Builtin = {
  name: 'ksym',
  arity: [1, 1],
  summary: 'An address in the kernel, printed as the symbol there.',
  analyse(use, scope) {
    const operand = address(use, scope);
    return operand && typedCall('ksym', use, { kind: 'ksym' }, { args: [operand] });
  },
  lower: (call, lowering) => lowering.value(argument(call, 0)),
};

export const usym: Builtin = {
  name: 'usym',
  arity: [1, 1],
  summary: 'An address in the current process, printed as the symbol there.',
  analyse(use, scope) {
    const operand = address(use, scope);
    return operand && typedCall('usym', use, { kind: 'usym' }, { args: [operand] });
  },
  /** {u64 address, u32 pid, u32 unused}: the pid as the loader sees it, which reads its memory map. */
  lowerInto(call, lowering, to) {
    const { ir } = lowering;
    ir.store(to.pointer, 0, 8, lowering.value(argument(call, 0)));
    ir.store(to.pointer, 8, 4, lowerTaskId('pid', 'curr_ns', lowering));
    ir.store(to.pointer, 12, 4, ir.constant(0));
  },
};
