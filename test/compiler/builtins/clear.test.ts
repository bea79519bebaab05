import { describe, expect, it } from 'vitest';
import { VOID } from '../../../compiler/types/type.ts';
import { body, expectError } from '../analysis/expect.ts';
import { call } from './calls.ts';
import { createMachine } from './machine.ts';

describe('clear, as the analysis takes it', () => {
  it('clears and zeroes maps', () => {
    expect(body('@x[1] = 1; clear(@x); zero(@x);').slice(1)).toMatchObject([
      { expression: { builtin: 'clear', map: '@x' } },
      { expression: { builtin: 'zero', map: '@x' } },
    ]);
    expectError('@x[1] = 1; clear(@x[1]);', 'clear() expects a map (@x[...] provided)', '@x[1]');
    expectError('zero(5);', 'zero() expects a map (5 provided)', '5');
  });
});

describe('clear, as it runs', () => {
  it('asks the loader to clear or zero a map', () => {
    const machine = createMachine();
    machine.value({ ...call('clear', VOID), map: '@a' });
    machine.value({ ...call('zero', VOID), map: '@b' });
    expect(machine.events.map(({ spec }) => [spec.kind, spec.map])).toEqual([
      ['clear', '@a'],
      ['zero', '@b'],
    ]);
  });
});
