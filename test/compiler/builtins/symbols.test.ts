import { describe, expect, it } from 'vitest';
import { UINT64 } from '../../../compiler/types/type.ts';
import { expectError } from '../analysis/expect.ts';
import { call, number } from './calls.ts';
import { createMachine } from './machine.ts';
import { firstCall, typeOf } from './uses.ts';

describe('symbols, as the analysis takes it', () => {
  it('makes symbols of addresses', () => {
    expect(typeOf('ksym(nsecs)')).toBe('ksym_t');
    expect(typeOf('usym(curtask)')).toBe('usym_t');
    for (const [use, builtin] of [
      ['ksym(curtask)', 'ksym'],
      ['usym(pid)', 'usym'],
    ] as const)
      expect(firstCall(`$x = ${use}; print($x);`)).toMatchObject({
        ...{ builtin, args: [{ kind: 'cast', type: { kind: 'int', size: 8, signed: false } }] },
      });
    expectError('print(ksym("a"));', 'ksym() expects an integer or a pointer (string provided)');
  });
});

describe('symbols, as it runs', () => {
  it('keeps the process with a user address', () => {
    const machine = createMachine({ helpers: { get_current_pid_tgid: (5n << 32n) | 6n } });
    const bytes = machine.bytes(call('usym', { kind: 'usym' }, [number(1n, UINT64)]), true);
    expect([...bytes]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]);
    expect(machine.value(call('ksym', { kind: 'ksym' }, [number(9n, UINT64)]))).toBe(9n);
  });
});
