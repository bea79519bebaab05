/** uaddr: where a variable of the traced program is. */
import type { TypedCall } from '../analysis/typed.ts';
import { type IntSize, int } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { refusedInLoop, typedCall, unavailable } from './use.ts';

const PROVIDERS: ReadonlySet<string> = new Set(['uprobe', 'uretprobe', 'usdt']);

function textOf({ literals }: TypedCall): string {
  const [name] = literals ?? [];
  return typeof name === 'string' ? name : '';
}

function isIntSize(size: number | undefined): size is IntSize {
  return size === 1 || size === 2 || size === 4 || size === 8;
}

export const uaddr: Builtin = {
  name: 'uaddr',
  arity: [1, 1],
  needsProbe: true,
  summary:
    'Address of a variable or function of the traced program, as a pointer to what the symbol\'s size holds: uaddr("name").',
  analyse(use, scope) {
    const name = scope.stringLiteral(use.args[0], use);
    if (name === undefined) return undefined;
    if (!PROVIDERS.has(scope.probe.provider)) return unavailable(use, scope);
    if (refusedInLoop(use, scope)) return undefined;
    const size = scope.symbolSize(name);
    const to = int(isIntSize(size) ? size : 8, false);
    return typedCall('uaddr', use, { kind: 'pointer', to, space: 'user' }, { literals: [name] });
  },
  lower: (call, lowering) => lowering.userAddress(textOf(call)),
};
