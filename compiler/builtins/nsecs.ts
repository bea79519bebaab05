/** Clocks: nsecs, elapsed and jiffies. */
import type { HelperName } from '../lowering/helpers.ts';
import { UINT64 } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { describe, plainValue, textLiteral, typedCall, wordOf } from './use.ts';

const CLOCKS = {
  monotonic: 'ktime_get_ns',
  boot: 'ktime_get_boot_ns',
  tai: 'ktime_get_tai_ns',
} as const satisfies Readonly<Record<string, HelperName>>;

function clockHelper(mode: string): HelperName | undefined {
  return mode === 'monotonic' || mode === 'boot' || mode === 'tai' ? CLOCKS[mode] : undefined;
}

export const nsecs: Builtin = {
  name: 'nsecs',
  arity: [0, 1],
  summary: 'Nanoseconds since boot; nsecs(monotonic), nsecs(boot) or nsecs(tai) name the clock.',
  analyse(use, scope) {
    const [argument] = use.args;
    const mode = argument === undefined ? 'boot' : (wordOf(argument) ?? describe(argument));
    const range = argument?.range ?? use.range;
    if (mode === 'sw_tai') {
      scope.error(
        'nsecs(sw_tai) is not supported yet',
        range,
        'Use nsecs(tai), the same clock on Linux 6.1 and later.',
      );
      return undefined;
    }
    if (clockHelper(mode) === undefined) {
      scope.error(
        `Invalid timestamp mode: ${mode} (expects: monotonic, boot, tai or sw_tai)`,
        range,
      );
      return undefined;
    }
    return typedCall('nsecs', use, UINT64, { literals: [mode] });
  },
  lower(call, lowering) {
    const helper = clockHelper(textLiteral(call, 0));
    if (helper === undefined) throw new Error('nsecs was typed without a clock');
    return lowering.call(helper);
  },
};

export const elapsed: Builtin = plainValue(
  'elapsed',
  UINT64,
  'Nanoseconds since tracing began.',
  (lowering) =>
    lowering.ir.op(
      'sub',
      lowering.call('ktime_get_boot_ns'),
      lowering.ir.loadFixed(lowering.shared('start'), 0, 8),
    ),
);

export const jiffies: Builtin = plainValue(
  'jiffies',
  UINT64,
  "The kernel's tick counter.",
  (lowering) => lowering.call('jiffies64'),
);
