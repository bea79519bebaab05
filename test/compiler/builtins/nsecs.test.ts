import { describe, expect, it } from 'vitest';
import { UINT64 } from '../../../compiler/types/type.ts';
import { expectError } from '../analysis/expect.ts';
import { call, run } from './calls.ts';
import { firstCall } from './uses.ts';

describe('nsecs, as the analysis takes it', () => {
  it('counts from boot unless another clock is named, and says which it was', () => {
    for (const [use, clock] of [
      ['nsecs', 'boot'],
      ['nsecs()', 'boot'],
      ...['monotonic', 'boot', 'tai', 'sw_tai'].map((name) => [`nsecs(${name})`, name] as const),
    ] as const)
      expect(firstCall(`$x = ${use}; print($x);`)).toMatchObject({
        plan: { clock },
        traits: { clock, varies: true },
      });
  });

  it('refuses unknown clocks', () => {
    expectError(
      'print(nsecs(wall));',
      'nsecs() expects monotonic, boot, tai or sw_tai (wall provided)',
      'wall',
    );
  });
});

describe('nsecs, as it runs', () => {
  const helpers = {
    ktime_get_ns: 1n,
    ktime_get_boot_ns: 500n,
    ktime_get_tai_ns: 3n,
    jiffies64: 4n,
    get_prandom_u32: 5n,
    get_smp_processor_id: 6n,
    get_numa_node_id: 1n,
    get_current_cgroup_id: 99n,
  };

  it('[BLT-012] asks the clock that the mode names', () => {
    const clock = (mode: string) => run(call('nsecs', UINT64, [], { clock: mode }), { helpers });
    expect(clock('monotonic')).toBe(1n);
    expect(clock('boot')).toBe(500n);
    expect(clock('tai')).toBe(3n);
    const shared = { taiOffset: [37n] };
    expect(run(call('nsecs', UINT64, [], { clock: 'sw_tai' }), { helpers, shared })).toBe(537n);
  });

  it('[BLT-013] counts elapsed from the start of tracing', () => {
    expect(run(call('elapsed', UINT64), { helpers, shared: { start: [480n] } })).toBe(20n);
  });
});
