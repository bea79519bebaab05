/** kptr and uptr: say where a pointer points. */
import type { Type } from '../types/type.ts';
import { ADDRESSED } from '../types/type.ts';
import { type Builtin, defineBuiltin } from './builtin.ts';
import { address, isPointer } from './use.ts';

function inSpace(name: 'kptr' | 'uptr', space: 'kernel' | 'user'): Builtin {
  return defineBuiltin({
    name,
    parameters: { pointer: address },
    summary: `The same pointer, or an address, in the memory of the ${space === 'kernel' ? 'kernel' : 'process'}.`,
    analyse({ pointer }, use) {
      const to = isPointer(pointer.type) ? pointer.type.to : ADDRESSED;
      const type: Type = { kind: 'pointer', to, space };
      return { kind: 'cast', type, operand: pointer, range: use.range };
    },
  });
}

export const kptr: Builtin = inSpace('kptr', 'kernel');

export const uptr: Builtin = inSpace('uptr', 'user');
