import { describe, expect, it } from 'vitest';
import { body, expectError, expectTypes, plain } from './expect.ts';

describe('aggregations', () => {
  it('give their map its type, with the sign of what is aggregated', () => {
    expectTypes(
      '@a = count(); @b = sum(1); @c = sum(pid); @d[pid] = min(-1); @e = max(pid); @f = avg(5); @g = stats(pid);',
      {
        '@a': 'count_t',
        '@b': 'sum_t',
        '@c': 'usum_t',
        '@d': 'uint32 -> min_t',
        '@e': 'umax_t',
        '@f': 'avg_t',
        '@g': 'ustats_t',
      },
    );
  });

  it('agree on a sign', () => {
    expectTypes('@a = sum(1); @a = sum(pid); @b = sum(-1); @b = sum(pid);', {
      '@a': 'usum_t',
      '@b': 'sum_t',
    });
  });

  it('become statements of their own, with the value in 64 bits', () => {
    expect(plain(body('@a[1] = sum(pid); @b = count(); @h = hist(pid, 2);'))).toMatchObject([
      {
        kind: 'aggregate',
        map: '@a',
        key: { kind: 'int', value: 1n },
        aggregate: { kind: 'sum', signed: false },
        value: { kind: 'cast', type: { kind: 'int', size: 8, signed: false } },
      },
      { kind: 'aggregate', map: '@b', aggregate: { kind: 'count' } },
      { kind: 'aggregate', map: '@h', aggregate: { kind: 'hist', bits: 2 } },
    ]);
  });

  it('[TYP-057] are assigned directly to a map', () => {
    expectError('$a = count();', 'count() must be assigned directly to a map', 'count()');
    expectError('count();', 'count() must be assigned directly to a map');
    expectError('@x = count() + 1;', 'count() must be assigned directly to a map');
    expectError('print(sum(5));', 'sum() must be assigned directly to a map');
  });

  it('may be the last expression of a block or if', () => {
    expect(plain(body('@x = if (pid) { sum(1) } else { $a = tid; sum($a) };'))).toMatchObject([
      {
        kind: 'if',
        then: { statements: [{ kind: 'aggregate' }] },
        else: { statements: [{ kind: 'assign-variable' }, { kind: 'aggregate' }] },
      },
    ]);
  });

  it('check their arguments', () => {
    expectError('@x = count(1);', 'count() requires no arguments (1 provided)');
    expectError('@x = sum();', 'sum() requires 1 argument (0 provided)');
    expectError('@x = sum("a");', 'sum() only supports integer arguments (string provided)', '"a"');
    expectError('@x = hist(1, 6);', 'hist() bits must be between 0 and 5 (6 provided)', '6');
    expectError('@x = hist(1, pid);', 'hist() expects an integer literal', 'pid');
    expectError('@x = lhist(1, 0, 100);', 'lhist() requires 4 arguments (3 provided)');
    expectError('@x = lhist(1, 0, 100, 0);', 'lhist() step must be >= 1 (0 provided)');
    expectError('@x = lhist(1, 10, 5, 1);', 'lhist() min must be less than max');
    expectError('@x = lhist(1, 0, 1001, 1);', 'must be <= 1000 (would need 1001)');
    expectTypes('@x = lhist(1, 0, 1000, 1);', { '@x': 'lhist_t' });
  });

  it('keep one shape a map', () => {
    expectError('@x = hist(1, 1); @x = hist(1, 2);', 'Different hist bits in a single map');
    expectError('@x = lhist(1, 0, 9, 1); @x = lhist(1, 0, 9, 3);', 'Different lhist bounds');
  });

  it('[TYP-058] are read as integers where they can be', () => {
    expectTypes('@c = count(); @s = sum(pid); $a = @c; $b = @s; $c = @c > 5; @k[@c] = 1;', {
      $a: 'int64',
      $b: 'uint64',
      $c: 'bool',
      '@k': 'int64 -> int8',
    });
    expectError('@h = hist(1); $a = @h;', 'hist_t cannot be used in an expression', '@h');
    expectError('@h = stats(1); print(@h + 1);', 'stats_t cannot be used in an expression', '@h');
  });

  it('[TYP-061] are copied to integer maps only when told so', () => {
    expectError('@b = count(); @a = @b;', "Map value 'count_t' cannot be assigned", '@b');
    expectTypes('@b = count(); @a = (int64)@b;', { '@a': 'int64' });
    expectTypes('@b = count(); @a = 5; @a = @b;', { '@a': 'int64' });
    expectTypes('@b = count(); @a = @b; @a = 5;', { '@a': 'int64' });
  });

  it('are no names of values', () => {
    expectError('print(count);', 'count() must be assigned directly to a map', 'count');
  });
});
