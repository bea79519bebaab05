/**
 * Structs of the kernel within the script's own: what stands behind them in the script's struct stands there only on
 * kernels that lay them out as the described one.
 */
import type { KernelTypes } from '../kernel/types.ts';
import { isScriptType, type StructType, type Type } from '../types/type.ts';
import type { FunctionState } from './state.ts';

/** The loader holds these structs against those of its kernel, as it does with all that are copied whole. */
export function holdEmbedded(fn: FunctionState, struct: StructType): void {
  const { unit } = fn;
  if (unit.embedded.has(struct.id)) return;
  unit.embedded.add(struct.id);
  // It is never sent.
  for (const type of embeddedIn(unit.kernel.types, struct, 0))
    unit.events.register({
      ...{ kind: 'print-value', fields: [type] },
      ...(fn.place ? { range: fn.place } : {}),
    });
}

/** Structs of C do not nest so deeply. */
const DEEPEST = 32;

function embeddedIn(types: KernelTypes, struct: StructType, depth: number): readonly StructType[] {
  if (depth > DEEPEST) return [];
  return types.members(struct).flatMap(({ type }) => {
    const held = elementOf(type);
    if (held.kind !== 'struct') return [];
    if (isScriptType(held)) return embeddedIn(types, held, depth + 1);
    return [held];
  });
}

function elementOf(type: Type): Type {
  return type.kind === 'array' ? elementOf(type.element) : type;
}
