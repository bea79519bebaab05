/** rand: a pseudo-random number. */
import { UINT32 } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { plainValue } from './use.ts';

export const rand: Builtin = plainValue(
  'rand',
  UINT32,
  'A pseudo-random number.',
  (lowering) => lowering.call('get_prandom_u32'),
  { varies: true },
);
