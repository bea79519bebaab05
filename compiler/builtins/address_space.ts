/** kptr and uptr: say where a pointer points. */
import { kindName } from '../types/names.ts';
import type { Type } from '../types/type.ts';
import { VOID } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { isInteger, isPointer } from './use.ts';

function inSpace(name: 'kptr' | 'uptr', space: 'kernel' | 'user'): Builtin {
  return {
    name,
    arity: [1, 1],
    summary: `The same pointer, or an address, in the memory of the ${space === 'kernel' ? 'kernel' : 'process'}.`,
    analyse(use, scope) {
      const [argument] = use.args;
      if (argument === undefined) return undefined;
      const operand = scope.expression(argument);
      if (!isPointer(operand.type) && !isInteger(operand.type)) {
        scope.error(
          `${name}() only supports integer and pointer arguments (${kindName(operand.type)} provided)`,
          argument.range,
        );
        return undefined;
      }
      const to = isPointer(operand.type) ? operand.type.to : VOID;
      const type: Type = { kind: 'pointer', to, space };
      return { kind: 'cast', type, operand, range: use.range };
    },
  };
}

export const kptr: Builtin = inSpace('kptr', 'kernel');

export const uptr: Builtin = inSpace('uptr', 'user');
