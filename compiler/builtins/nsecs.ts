/** Clocks: nsecs, elapsed and jiffies. */

import type { HelperName } from '../../linker/contract/helpers.ts';
import { optional, word } from '../analysis/parameters.ts';
import { UINT64 } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { plainValue } from './use.ts';

const CLOCKS = {
  monotonic: 'ktime_get_ns',
  boot: 'ktime_get_boot_ns',
  tai: 'ktime_get_tai_ns',
} as const satisfies Readonly<Record<string, HelperName>>;

export const nsecs: Builtin = defineBuiltin({
  name: 'nsecs',
  traits: { varies: true },
  parameters: { clock: optional(word('monotonic', 'boot', 'tai', 'sw_tai')) },
  summary:
    'Nanoseconds since boot; nsecs(monotonic), nsecs(boot), nsecs(tai) or nsecs(sw_tai) name the clock.',
  analyse({ clock: given }) {
    const clock = given?.value ?? 'boot';
    return typed(UINT64, { traits: { clock }, plan: { clock } });
  },
  lower({ plan: { clock } }, lowering) {
    if (clock !== 'sw_tai') return lowering.call(CLOCKS[clock]);
    // The boot clock, and what the loader found to be its distance from international atomic time.
    const offset = lowering.ir.loadFixed(lowering.shared('taiOffset'), 0, 8);
    return lowering.ir.op('add', lowering.call('ktime_get_boot_ns'), offset);
  },
});

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
  { varies: true },
);

export const jiffies: Builtin = plainValue(
  'jiffies',
  UINT64,
  "The kernel's tick counter.",
  (lowering) => lowering.call('jiffies64'),
  { varies: true },
);
