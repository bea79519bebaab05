import { describe, expect, it } from 'vitest';
import { VOID } from '../../../compiler/types/type.ts';
import { body, expectError, expectWarning } from '../analysis/expect.ts';
import { call } from './calls.ts';
import { createMachine } from './machine.ts';
import { firstCall } from './uses.ts';

describe('print', () => {
  it('takes maps by reference and values by value', () => {
    expect(body('@x = 1; print(@x);')[1]).toMatchObject({
      expression: { builtin: 'print', map: '@x', args: [] },
    });
    expect(body('@x[1] = 1; print(@x, 5, 1000);')[1]).toMatchObject({
      expression: { map: '@x', plan: { top: 5, div: 1000 } },
    });
    expect(firstCall('print((1, "two"));')).toMatchObject({ args: [{ kind: 'tuple' }] });
  });

  it('prints the value of an element', () => {
    const [, statement] = body('@x["a"] = 1; print(@x["a"]);');
    expect(statement).toMatchObject({
      expression: { builtin: 'print', args: [{ kind: 'map', map: '@x' }] },
    });
    expect(statement).not.toMatchObject({ expression: { map: '@x' } });
  });

  it('refuses what cannot be printed so', () => {
    expectError('print(1, 2);', 'print() takes top and div for maps only', 'print(1, 2)');
    expectError('@x[1] = 1; print(@x[1], 2);', 'print() of a single element takes no further');
    expectError('@x[1] = hist(1); print(@x[1]);', 'cannot print the value of individual keys');
    expectError(
      '@x[1] = 1; print(@x, -1);',
      'print() expects an integer literal from 0 to 4294967295 as top (-1 provided)',
      '-1',
    );
    expectError('@x[1] = 1; print(@x, pid);', 'print() expects an integer literal', 'pid');
    expectError('print(@x);', 'Undefined map: @x');
    expectError('print(clear(1));', 'clear() expects a map (1 provided)');
  });

  it('[FUN-007] warns that stats maps ignore top and div', () => {
    expectWarning('@x[1] = stats(1); print(@x, 5);', 'print() ignores top and div');
  });

  it('warns of maps that are printed in loops', () => {
    expectWarning('@x[1] = 1; for $i : 0..20 { print(@x); }', 'print(@x) in a loop');
  });
});

describe('print, as it runs', () => {
  it('names the map to print, with top and div', () => {
    const machine = createMachine();
    machine.value({ ...call('print', VOID, [], { top: 3, div: 10 }), map: '@m' });
    machine.value({ ...call('print', VOID, [], {}), map: '@m' });
    expect(machine.events.map(({ spec: { range: _range, ...spec } }) => spec)).toEqual([
      { kind: 'print-map', fields: [], map: '@m', top: 3, div: 10 },
      { kind: 'print-map', fields: [], map: '@m' },
    ]);
  });
});
