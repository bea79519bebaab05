/** kaddr: the address of a kernel symbol, which the loader looks up on its host. */
import { UINT64 } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { textLiteral, typedCall } from './use.ts';

/** What can stand in /proc/kallsyms. */
const SYMBOL = /^[^\s:]+$/;

export const kaddr: Builtin = {
  name: 'kaddr',
  arity: [1, 1],
  summary: 'Address of a symbol of the kernel, looked up when the program is loaded.',
  analyse(use, scope) {
    const [argument] = use.args;
    const name = scope.stringLiteral(argument, use);
    if (name === undefined) return undefined;
    if (!SYMBOL.test(name)) {
      scope.error('kaddr() expects a string that is a valid symbol', argument?.range ?? use.range);
      return undefined;
    }
    return typedCall('kaddr', use, UINT64, { literals: [name] });
  },
  lower: (call, lowering) =>
    lowering.hostValue({ kind: 'kernel-symbol', name: textLiteral(call, 0) }),
};
