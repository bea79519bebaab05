/** Clearing what follows the end of a text costs: it is asked for only where somebody looks there. */
import { describe, expect, it } from 'vitest';
import { int, type Type } from '../../../compiler/types/type.ts';
import { address, call, number, stored, text } from './calls.ts';
import { createMachine } from './machine.ts';

const STRING: Type = { kind: 'string', size: 32 };
const BYTES: Type = { kind: 'array', element: int(1, false), count: 16 };

const world = {
  variables: new Map([[1, new Uint8Array(16)]]),
  helpers: { trace_printk: 0n, probe_write_user: 0n },
};

describe('what follows the end of a text', () => {
  it.each([
    ['buf', call('buf', { kind: 'buffer', size: 4 }, [text('abcd')])],
    ['str', call('str', STRING, [text('abcd')], { reads: 5, showsCut: false, skip: 0 })],
    ['str_concat', call('str_concat', STRING, [text('ab'), text('cd')])],
    ['ntop', call('ntop', { kind: 'inet' }, [number(10n), stored(1, BYTES)])],
    ['macaddr', call('macaddr', { kind: 'macaddr' }, [stored(1, BYTES)])],
  ])('matters not to %s', (_, expression) => {
    const machine = createMachine(world);
    machine.bytes(expression, false);
    expect(machine.paddings.length).toBeGreaterThan(0);
    expect(new Set(machine.paddings)).toEqual(new Set([false]));
  });

  it.each([
    ['strlen', call('strlen', int(8, false), [text('ab')]), false],
    ['strncmp', call('strncmp', int(8, false), [text('ab'), text('ab')], { count: 2n }), false],
    ['debugf', call('debugf', { kind: 'void' }, [text('ab')], { format: '%s' }), false],
    ['memcmp', call('memcmp', int(8, true), [text('ab'), text('ab')], { size: 2 }), true],
    [
      'write_user',
      call('write_user', { kind: 'bool' }, [address(1n, 'user'), text('ab')], { length: 3 }),
      true,
    ],
  ])('matters to those that copy or compare it, and not to others: %s', (_, expression, wanted) => {
    const machine = createMachine(world);
    machine.value(expression);
    expect(machine.paddings.length).toBeGreaterThan(0);
    expect(new Set(machine.paddings)).toEqual(new Set([wanted]));
  });
});
