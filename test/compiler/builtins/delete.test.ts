import { describe, expect, it } from 'vitest';
import { build } from '../../support/build.ts';
import { interpret } from '../../support/interpreter.ts';
import { body, expectError, expectTypes, expectWarning, typed } from '../analysis/expect.ts';
import { hints } from './uses.ts';

describe('delete, as the analysis takes it', () => {
  it('deletes elements and scalars', () => {
    expect(body('@x[1] = 1; delete(@x, 1);')[1]).toMatchObject({
      expression: { builtin: 'delete', map: '@x', args: [{ kind: 'int' }] },
    });
    const program = typed('@x = 1; delete(@x);');
    expect(program.maps).toMatchObject([{ name: '@x', deleted: true }]);
    expectTypes('@x[1] = 1; $d = delete(@x, 1); print($d);', { $d: 'bool' });
  });

  it('takes a tuple for several keys', () => {
    expect(body('@x[1, "a"] = 1; delete(@x, (1, "a"));')[1]).toMatchObject({
      expression: { args: [{ kind: 'tuple' }] },
    });
  });

  it('accepts the older form with a warning', () => {
    expectWarning('@x[1] = 1; delete(@x[1]);', 'delete(@x[...]) is deprecated', 'delete(@x[1])');
    expectWarning('@x[1, 2] = 1; delete(@x[1, 2]);', 'delete(@x[...]) is deprecated');
    expect(hints('begin { @x[1] = 1; delete(@x[1]); }')).toEqual(['Use delete(@x, key) instead.']);
    expect(hints('begin { @x[1, 2] = 1; delete(@x[1, 2]); }')).toEqual([
      'Use delete(@x, (key, ...)) instead.',
    ]);
  });

  it('keeps keyed and scalar maps apart', () => {
    expectError('@x[1] = 1; delete(@x);', 'delete() needs a key for @x', 'delete(@x)');
    expect(hints('begin { @x[1] = 1; delete(@x); }')).toEqual([
      'Use delete(@x, key), or clear(@x) to remove all elements.',
    ]);
    expectError('delete(@x);', 'Undefined map: @x', '@x');
    expectError('delete(@x, 1);', 'Undefined map: @x', '@x');
    expectError('delete(@x[1]);', 'Undefined map: @x');
    expectError('@x = 1; delete(@x, 1);', 'previously used without an explicit key');
    expectError('@x = 1; print(has_key(@x, 1));', 'previously used without an explicit key');
    expectError('@x = 1; print(len(@x));', 'len() expects a map with explicit keys');
    expectError('delete(1);', 'delete() expects a map', '1');
    expectError('@x[1] = 1; delete(@x[1], 1);', 'delete() expects a map without a key');
  });
});

describe('delete, as it runs', () => {
  it('says whether there was an element, and removes it', () => {
    const machine = interpret(
      build(`begin { @x[1] = 7; @x[2] = 8; @s = 5; @t = 6;
        @gone = delete(@x, 1); @never = delete(@x, 3); @scalar = delete(@s); delete(@t); delete(@x, 4);
        @twice = delete(@s); }`),
    );
    machine.run();
    expect(machine.entries('@x')).toEqual([[2n, 8n]]);
    expect(['@gone', '@never', '@scalar', '@twice'].map((name) => machine.value(name))).toEqual([
      ...[true, false, true, false],
    ]);
    expect(['@s', '@t'].map((name) => machine.value(name))).toEqual([undefined, undefined]);
  });
});
