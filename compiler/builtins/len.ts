/** len: elements of a map, or frames of a stack. */
import type { AnalysisScope } from '../analysis/builtin.ts';
import { expression } from '../analysis/parameters.ts';
import type * as ast from '../syntax/ast.ts';
import { INT64 } from '../types/type.ts';
import { type Analysed, type Builtin, defineBuiltin, typed } from './builtin.ts';
import { argument } from './use.ts';

/** The frame count in a stack's token {u64 hash, u32 pid, u32 frames}. */
const FRAMES_OFFSET = 12;

function ofValue(
  expression: ast.Expression,
  scope: AnalysisScope,
): Analysed<undefined> | undefined {
  const value = scope.expression(expression);
  if (value.type.kind === 'stack') return typed(INT64, { args: [value] });
  scope.error('argument-type', 'len() expects a map or stack to be provided', expression.range);
  return undefined;
}

export const len: Builtin = defineBuiltin({
  name: 'len',
  traits: { onMap: 'looks' },
  parameters: { of: expression('a map or a stack') },
  summary: 'Number of elements of a map, or of frames of a stack.',
  analyse({ of }, _use, scope) {
    if (of.kind !== 'map' || of.keys !== undefined) return ofValue(of, scope);
    const map = scope.map(of.name, of.range);
    if (map === undefined) return undefined;
    if (map.key !== undefined) return typed(INT64, { map: map.name });
    if (map.value.kind === 'stack') return ofValue(of, scope);
    scope.error(
      'map-argument',
      `len() expects a map with explicit keys (non-scalar map), which ${map.name} is not`,
      of.range,
    );
    return undefined;
  },
  lower(call, lowering) {
    if (call.map !== undefined) return lowering.length(call.map);
    const token = lowering.address(argument(call, 0), false);
    return lowering.ir.load(token, FRAMES_OFFSET, 4, false);
  },
});
