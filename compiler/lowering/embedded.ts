/** Structs of the kernel within the script's own, which are laid out as when the script was compiled. */
import { embeddedIn } from '../kernel/embedded.ts';
import type { Range } from '../source/source.ts';
import type { Type } from '../types/type.ts';
import type { FunctionState } from './state.ts';

/**
 * The loader holds these structs against those of its kernel: their members, as it does with all that are copied
 * whole, and their sizes, because of what stands behind them.
 */
export function holdEmbedded(fn: FunctionState, type: Type, range: Range): void {
  const { unit } = fn;
  if (type.kind === 'struct') {
    if (unit.embedded.has(type.id)) return;
    unit.embedded.add(type.id);
  }
  for (const { struct, within } of embeddedIn(unit.kernel.types, type)) {
    if (unit.held.has(struct.id)) continue;
    unit.held.set(struct.id, { struct, within, range });
    // It is never sent, but where events are there is their ring.
    fn.lowering.runtimeMap('events');
    unit.events.register({
      ...{ kind: 'print-value', fields: [struct] },
      ...(fn.place ? { range: fn.place } : {}),
    });
  }
}
