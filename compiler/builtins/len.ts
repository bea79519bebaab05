/** len: elements of a map, or frames of a stack. */
import type * as ast from '../syntax/ast.ts';
import { INT64 } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import { argument, expressionArgument, typedCall } from './use.ts';

/** The frame count in a stack's token {u64 hash, u32 pid, u32 frames}. */
const FRAMES_OFFSET = 12;

function ofValue(expression: ast.Expression, use: BuiltinUse, scope: AnalysisScope) {
  const value = scope.expression(expression);
  if (value.type.kind !== 'stack') {
    scope.error('len() expects a map or stack to be provided', expression.range);
    return undefined;
  }
  return typedCall('len', use, INT64, { args: [value] });
}

export const len: Builtin = {
  name: 'len',
  arity: [1, 1],
  summary: 'Number of elements of a map, or of frames of a stack.',
  analyse(use, scope) {
    const expression = expressionArgument(use.args[0], use, scope);
    if (expression === undefined) return undefined;
    if (expression.kind !== 'map' || expression.keys !== undefined) {
      return ofValue(expression, use, scope);
    }
    const map = scope.mapArgument(expression, use);
    if (map === undefined) return undefined;
    if (map.key !== undefined) return typedCall('len', use, INT64, { map: map.name });
    if (map.value.kind === 'stack') return ofValue(expression, use, scope);
    scope.error(
      `len() expects a map with explicit keys (non-scalar map), which ${map.name} is not`,
      expression.range,
    );
    return undefined;
  },
  lower(call, lowering) {
    if (call.map !== undefined) return lowering.length(call.map);
    const token = lowering.address(argument(call, 0), false);
    return lowering.ir.load(token, FRAMES_OFFSET, 4, false);
  },
};
