/** kaddr: the address of a kernel symbol, which the loader looks up on its host. */
import { text } from '../analysis/parameters.ts';
import { UINT64 } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';

/** What can stand in /proc/kallsyms. */
const SYMBOL = /^[^\s:]+$/;

export const kaddr: Builtin = defineBuiltin({
  name: 'kaddr',
  parameters: { symbol: text },
  summary: 'Address of a symbol of the kernel, looked up when the program is loaded.',
  traits: { kernelAddress: true },
  analyse({ symbol }, _use, scope) {
    if (SYMBOL.test(symbol.value)) return typed(UINT64, { plan: symbol });
    scope.error('argument-value', 'kaddr() expects a string that is a valid symbol', symbol.range);
    return undefined;
  },
  lower: ({ plan }, lowering) =>
    lowering.hostValue({ kind: 'kernel-symbol', name: plan.value, range: plan.range }),
});
