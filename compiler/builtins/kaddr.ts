/** kaddr: the address of a kernel symbol, which the loader looks up on its host. */
import { atLoad, text } from '../analysis/parameters.ts';
import type { Range } from '../source/source.ts';
import { UINT64 } from '../types/type.ts';
import { type Analysed, type Builtin, defineBuiltin, typed } from './builtin.ts';

/** What can stand in /proc/kallsyms. */
const SYMBOL = /^[^\s:]+$/;

interface Plan {
  readonly name: string;
  /** The positional parameter that is the name. */
  readonly param: number | undefined;
  readonly range: Range;
}

export const kaddr: Builtin = defineBuiltin({
  name: 'kaddr',
  parameters: { symbol: atLoad(text) },
  summary: 'Address of a symbol of the kernel, looked up when the program is loaded.',
  traits: { kernelAddress: true },
  analyse({ symbol }, _use, scope): Analysed<Plan> | undefined {
    const { range } = symbol;
    if ('parameter' in symbol) {
      const { parameter: param } = symbol;
      return typed(UINT64, { plan: { name: `$${param}`, param, range } });
    }
    if (SYMBOL.test(symbol.value))
      return typed(UINT64, { plan: { name: symbol.value, param: undefined, range } });
    scope.error('argument-value', 'kaddr() expects a string that is a valid symbol', range);
    return undefined;
  },
  lower: ({ plan: { name, param, range } }, lowering) =>
    lowering.hostValue({
      ...{ kind: 'kernel-symbol', name, range },
      ...(param === undefined ? {} : { param }),
    }),
});
