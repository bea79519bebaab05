/** The number of what stands in a .dwo file. */
import { AT } from './constants.ts';
import { unlessDamaged } from './damage.ts';
import { createEntries } from './entries.ts';
import type { DebugSections } from './sections.ts';

const ALONE = { supplement: () => undefined, split: () => undefined };

/** Of the first unit that has one; undefined where none has, or the file is damaged. */
export function splitIdOf(sections: DebugSections): bigint | undefined {
  return unlessDamaged(
    () => {
      const entries = createEntries(sections, ALONE);
      for (const unit of entries.units) {
        const root = entries.root(unit);
        const id = unit.dwoId ?? (root && entries.constant(root, AT.gnuDwoId));
        if (id !== undefined) return BigInt.asUintN(64, id);
      }
      return undefined;
    },
    () => undefined,
  );
}
