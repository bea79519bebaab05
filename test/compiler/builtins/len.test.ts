import { describe, expect, it } from 'vitest';
import { INT64, type Type } from '../../../compiler/types/type.ts';
import { build } from '../../support/build.ts';
import { interpret } from '../../support/interpreter.ts';
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
    expectError(
      '@n = 1; print(len(@n));',
      'len() expects a map with explicit keys (non-scalar map), which @n is not',
      '@n',
    );
    expectError('print(len(@none));', 'Undefined map: @none', '@none');
    expectError('@x[1] = 1; print(len(@x[1]));', 'len() expects a map or stack', '@x[1]');
    expectTypes('@s[1] = kstack; $f = len(@s[1]); $n = len(@s); print(($f, $n));', {
      $f: 'int64',
      $n: 'int64',
    });
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

it('[FUN-058] len counts the elements of a map, and not its frames', () => {
  const machine = interpret(
    build(
      'begin { @x[1] = 1; @x[2] = 2; @x[3] = 1; delete(@x, 1); @n = len(@x); @s[1] = kstack; @s[2] = kstack; @two = len(@s); @frames = len(@s[1]); }',
    ),
    { stack: () => [1n, 2n, 3n] },
  );
  machine.run();
  expect(['@n', '@two', '@frames'].map((name) => machine.value(name))).toEqual([2n, 2n, 3n]);
});
