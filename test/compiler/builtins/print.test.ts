import { describe, expect, it } from 'vitest';
import { VOID } from '../../../compiler/types/type.ts';
import { body, expectError, expectNoWarnings, expectWarning } from '../analysis/expect.ts';
import { call } from './calls.ts';
import { createMachine } from './machine.ts';
import { firstCall, hints } from './uses.ts';

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

  it('[FUN-007] prints such a map as a whole, and others with what they were given', () => {
    const plan = (script: string) => {
      const statement = body(script)[1];
      return statement?.kind === 'expression-statement' && statement.expression.kind === 'call'
        ? statement.expression.plan
        : statement?.kind;
    };
    expect(plan('@x[1] = stats(1); print(@x, 5, 2);')).toEqual({});
    expect(plan('@x[1] = 1; print(@x);')).toEqual({});
    expect(plan('@x[1] = 1; print(@x, 0);')).toEqual({ top: 0 });
    expect(plan('@x[1] = hist(1); print(@x, 4294967295, 0);')).toEqual({ top: 4294967295, div: 0 });
    expect(plan('@x[1] = 1; print(@x, $1, $2);')).toEqual({ topParam: 1, divParam: 2 });
    expect(plan('@x[1] = 1; print(@x, 7, $3);')).toEqual({ top: 7, divParam: 3 });
    expectNoWarnings('@x[1] = stats(1); print(@x);');
    expectError('@x[1] = 1; print(@x, 4294967296);', 'from 0 to 4294967295 as top', '4294967296');
  });

  it('says how to print what cannot be printed alone', () => {
    for (const value of ['stats(1)', 'hist(1)', 'lhist(1, 0, 10, 1)'])
      expect(hints(`begin { @x[1] = ${value}; print(@x[1]); }`)).toEqual([
        'Print the whole map: print(@x).',
      ]);
    expectNoWarnings('@x[1] = count(); @y[1] = avg(1); print(@x[1]); print(@y[1]);');
    expectError('print(@none[1]);', 'Undefined map: @none');
  });

  it('warns of maps that are printed in loops', () => {
    expectWarning('@x[1] = 1; for $i : 0..20 { print(@x); }', 'print(@x) in a loop', 'print(@x)');
    expect(hints('begin { @x[1] = 1; for $i : 0..20 { print(@x); } }')).toEqual([
      'Print the values of the loop instead.',
    ]);
    expectNoWarnings('@x[1] = 1; for $i : 0..20 { print(@x[1]); }');
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
