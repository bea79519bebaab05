import { describe, expect, it } from 'vitest';
import { INT64, type Type } from '../../../compiler/types/type.ts';
import { expectError, expectTypes } from '../analysis/expect.ts';
import { call, stored } from './calls.ts';
import { createMachine } from './machine.ts';

describe('len, as the analysis takes it', () => {
  it('[FUN-058] measures maps and stacks', () => {
    expectTypes('@x[1] = 1; $n = len(@x); $f = len(kstack); print(($n, $f));', {
      $n: 'int64',
      $f: 'int64',
    });
    expectTypes('@s = kstack; $f = len(@s); print($f);', { $f: 'int64' });
    expectError('print(len(5));', 'len() expects a map or stack to be provided', '5');
  });
});

describe('len, as it runs', () => {
  it('[FUN-058] counts the frames of a stack', () => {
    const token = new Uint8Array(16);
    token[12] = 42;
    const machine = createMachine({ variables: new Map([[1, token]]) });
    const stack: Type = { kind: 'stack', space: 'kernel', mode: 'bpftrace', limit: 127 };
    expect(machine.value(call('len', INT64, [stored(1, stack)]))).toBe(42n);
    expect(machine.value({ ...call('len', INT64), map: '@m' })).toBe(7n);
  });
});
