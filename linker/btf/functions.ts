/** BTF of functions: what each role's signature is. */
import type { KernelTypes } from '../../compiler/kernel/types.ts';
import type { Type } from '../../compiler/types/type.ts';
import type { UnitFunction } from '../../compiler/unit.ts';
import { LINKAGE } from './btf.ts';
import type { BtfBuilder } from './builder.ts';
import { addUnitType } from './values.ts';

/** Adds the FUNC of a function and gives its id. Only programs are global: the kernel checks global
 * functions on their own, without what their callers know. */
export function addFunction(builder: BtfBuilder, types: KernelTypes, unit: UnitFunction): number {
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
      const { signature } = unit;
      if (!signature) throw new Error(`subprogram ${unit.symbol} has no signature`);
      const typeOf = (type: Type): number =>
        type.kind === 'pointer' ? pointer : addUnitType(builder, types, { type });
      return builder.function(
        unit.symbol,
        // The register holds 64 bits, extended by the type of the script's value.
        signature.returns ? typeOf(signature.returns) : long,
        signature.parameters.map(({ name, type }) => ({
          name,
          type: type ? typeOf(type) : pointer,
        })),
        LINKAGE.static,
      );
    }
  }
}
