import { describe, expect, it } from 'vitest';
import { UINT32 } from '../../../compiler/types/type.ts';
import { call } from './calls.ts';
import { createMachine } from './machine.ts';

describe('cpid, as it runs', () => {
  it('[BLT-018] warns when cpid is used without a command', () => {
    const without = createMachine({ shared: { childPid: [0n] } });
    expect(without.value(call('cpid', UINT32))).toBe(0n);
    expect(without.events.map(({ spec }) => [spec.kind, spec.message])).toEqual([
      ['warning', 'cpid is 0: no command was started with -c.'],
    ]);
    const withChild = createMachine({ shared: { childPid: [33n] } });
    expect(withChild.value(call('cpid', UINT32))).toBe(33n);
    expect(withChild.events).toEqual([]);
    expect(withChild.value(call('has_cpid', { kind: 'bool' }))).toBe(1n);
    expect(without.value(call('has_cpid', { kind: 'bool' }))).toBe(0n);
  });
});
