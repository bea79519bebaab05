/** BTF of functions: what each role's signature is. */

import { LINKAGE } from './btf.ts';
import type { BtfBuilder } from './builder.ts';
import type { FunctionDefinition } from './definitions.ts';
import { addType } from './types.ts';

/** Adds the FUNC of a function and gives its id. Only programs are global: the kernel checks global
 * functions on their own, without what their callers know. */
export function addFunction(builder: BtfBuilder, definition: FunctionDefinition): number {
  const { symbol } = definition;
  const long = builder.signed(8);
  const pointer = builder.pointer(0);
  const parameters = (...list: readonly (readonly [string, number])[]) =>
    list.map(([name, type]) => ({ name, type }));
  switch (definition.role) {
    case 'program':
      return builder.function(
        symbol,
        builder.signed(4),
        parameters(['ctx', pointer]),
        LINKAGE.global,
      );
    case 'loop-callback':
      return builder.function(
        symbol,
        long,
        parameters(['index', builder.unsigned(4)], ['frame', pointer]),
        LINKAGE.static,
      );
    case 'map-callback':
      return builder.function(
        symbol,
        long,
        parameters(['map', pointer], ['key', pointer], ['value', pointer], ['frame', pointer]),
        LINKAGE.static,
      );
    case 'subprogram': {
      const { returns } = definition;
      return builder.function(
        symbol,
        returns ? addType(builder, returns) : long,
        definition.parameters.map(({ name, type }) => ({
          name,
          type: type ? addType(builder, type) : pointer,
        })),
        LINKAGE.static,
      );
    }
  }
}
