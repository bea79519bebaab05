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

/** The boot clock, and what the loader found to be its distance from international atomic time. */
const SOFTWARE_TAI = 'sw_tai';

function clockHelper(mode: string): HelperName | undefined {
  return mode === 'monotonic' || mode === 'boot' || mode === 'tai' ? CLOCKS[mode] : undefined;
}

export const nsecs: Builtin = {
  name: 'nsecs',
  arity: [0, 1],
  summary:
    'Nanoseconds since boot; nsecs(monotonic), nsecs(boot), nsecs(tai) or nsecs(sw_tai) name the clock.',
  analyse(use, scope) {
    const [argument] = use.args;
    const mode = argument === undefined ? 'boot' : (wordOf(argument) ?? describe(argument));
    const range = argument?.range ?? use.range;
    if (mode !== SOFTWARE_TAI && clockHelper(mode) === undefined) {
      scope.error(
        `Invalid timestamp mode: ${mode} (expects: monotonic, boot, tai or sw_tai)`,
        range,
      );
      return undefined;
    }
    return typedCall('nsecs', use, UINT64, { literals: [mode] });
  },
  lower(call, lowering) {
    const mode = textLiteral(call, 0);
    if (mode === SOFTWARE_TAI) {
      const offset = lowering.ir.loadFixed(lowering.shared('taiOffset'), 0, 8);
      return lowering.ir.op('add', lowering.call('ktime_get_boot_ns'), offset);
    }
    const helper = clockHelper(mode);
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
