import { describe, expect, it } from 'vitest';
import { body, expectError, expectTypes, expectWarning, typed } from '../analysis/expect.ts';

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
  });

  it('keeps keyed and scalar maps apart', () => {
    expectError('@x[1] = 1; delete(@x);', 'delete() needs a key for @x');
    expectError('@x = 1; delete(@x, 1);', 'previously used without an explicit key');
    expectError('@x = 1; print(has_key(@x, 1));', 'previously used without an explicit key');
    expectError('@x = 1; print(len(@x));', 'len() expects a map with explicit keys');
    expectError('delete(1);', 'delete() expects a map', '1');
    expectError('@x[1] = 1; delete(@x[1], 1);', 'delete() expects a map without a key');
  });
});
