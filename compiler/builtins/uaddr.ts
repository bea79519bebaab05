/** uaddr: where a variable of the traced program is. */
import { text } from '../analysis/parameters.ts';
import { type IntSize, int } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { refusedInLoop, unavailable } from './use.ts';

const PROVIDERS: ReadonlySet<string> = new Set(['uprobe', 'uretprobe', 'usdt']);

function isIntSize(size: number | undefined): size is IntSize {
  return size === 1 || size === 2 || size === 4 || size === 8;
}

export const uaddr: Builtin = defineBuiltin({
  name: 'uaddr',
  parameters: { symbol: text },
  needsProbe: true,
  traits: { asksOf: 'program' },
  summary:
    'Address of a variable or function of the traced program, as a pointer to what the symbol\'s size holds: uaddr("name").',
  analyse({ symbol: { value: symbol } }, use, scope) {
    if (!PROVIDERS.has(scope.probe.provider)) return unavailable(use, scope);
    if (refusedInLoop(use, scope)) return undefined;
    const size = scope.symbolSize(symbol);
    const to = int(isIntSize(size) ? size : 8, false);
    return typed(
      { kind: 'pointer', to, space: 'user' },
      { traits: { userSymbol: symbol, readsContext: true }, plan: { symbol } },
    );
  },
  lower: ({ plan }, lowering) => lowering.userAddress(plan.symbol),
});
