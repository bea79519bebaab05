/** BTF of functions: what each role's signature is. */
import type { UnitFunction } from '../../compiler/unit.ts';
import { LINKAGE } from './btf.ts';
import type { BtfBuilder } from './builder.ts';

/** Adds the FUNC of a function and gives its id. Only programs are global: the kernel checks global
 * functions on their own, without what their callers know. */
export function addFunction(builder: BtfBuilder, unit: UnitFunction): number {
  const long = builder.signed(8);
  const pointer = builder.pointer(0);
  const parameters = (...list: readonly (readonly [string, number])[]) =>
    list.map(([name, type]) => ({ name, type }));
  switch (unit.role) {
    case 'program':
      return builder.function(
        unit.symbol,
        builder.signed(4),
        parameters(['ctx', pointer]),
        LINKAGE.global,
      );
    case 'loop-callback':
      return builder.function(
        unit.symbol,
        long,
        parameters(['index', builder.unsigned(4)], ['frame', pointer]),
        LINKAGE.static,
      );
    case 'map-callback':
      return builder.function(
        unit.symbol,
        long,
        parameters(['map', pointer], ['key', pointer], ['value', pointer], ['frame', pointer]),
        LINKAGE.static,
      );
    case 'subprogram': {
      const u64 = builder.unsigned(8);
      const names = Array.from({ length: unit.parameters ?? 0 }, (_, index) => `a${index}`);
      return builder.function(
        unit.symbol,
        u64,
        names.map((name) => ({ name, type: u64 })),
        LINKAGE.static,
      );
    }
  }
}
