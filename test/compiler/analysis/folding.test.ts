import { describe, expect, it } from 'vitest';
import { foldIntegers, foldStrings } from '../../../compiler/analysis/folding.ts';
import type { BinaryOperator } from '../../../compiler/syntax/ast.ts';

describe('operations on literals', () => {
  it.each<[BinaryOperator, bigint]>([
    ['+', 9n],
    ['-', 3n],
    ['*', 18n],
    ['/', 2n],
    ['%', 0n],
    ['&', 2n],
    ['|', 7n],
    ['^', 5n],
    ['<<', 48n],
    ['>>', 0n],
  ])('give a number: 6 %s 3', (operator, result) => {
    expect(foldIntegers(operator, 6n, 3n)).toBe(result);
  });

  /** Less, equal and more. */
  it.each<[BinaryOperator, readonly [boolean, boolean, boolean]]>([
    ['==', [false, true, false]],
    ['!=', [true, false, true]],
    ['<', [true, false, false]],
    ['<=', [true, true, false]],
    ['>', [false, false, true]],
    ['>=', [false, true, true]],
  ])('compare: %s', (operator, results) => {
    expect([2n, 3n, 4n].map((left) => foldIntegers(operator, left, 3n))).toEqual(results);
    expect(['a', 'b', 'ba'].map((left) => foldStrings(operator, left, 'b'))).toEqual(results);
  });

  it('know true from false by zero alone', () => {
    const pairs = [
      [0n, 0n],
      [0n, 4n],
      [-1n, 0n],
      [2n, 4n],
    ] as const;
    const results = (operator: BinaryOperator) =>
      pairs.map(([left, right]) => foldIntegers(operator, left, right));
    expect(results('&&')).toEqual([false, false, false, true]);
    expect(results('||')).toEqual([false, true, true, true]);
  });

  it('round towards zero, as C does', () => {
    expect(foldIntegers('/', -7n, 2n)).toBe(-3n);
    expect(foldIntegers('%', -7n, 2n)).toBe(-1n);
    expect(foldIntegers('>>', -7n, 1n)).toBe(-4n);
  });

  it('end where 64 bits end', () => {
    const largest = 2n ** 64n - 1n;
    expect(foldIntegers('+', largest - 1n, 1n)).toBe(largest);
    expect(foldIntegers('+', largest, 1n)).toBe('overflow');
    expect(foldIntegers('-', -(2n ** 63n) + 1n, 1n)).toBe(-(2n ** 63n));
    expect(foldIntegers('-', -(2n ** 63n), 1n)).toBe('overflow');
    expect(foldIntegers('<<', 1n, 63n)).toBe(2n ** 63n);
    expect(foldIntegers('<<', 1n, 64n)).toBe('overflow');
    expect(foldIntegers('>>', largest, 63n)).toBe(1n);
    expect(foldIntegers('>>', largest, 64n)).toBe('overflow');
    expect(foldIntegers('>>', 1n, -1n)).toBe('overflow');
  });

  it('do not divide by zero', () => {
    expect(foldIntegers('/', 6n, 0n)).toBe('division by zero');
    expect(foldIntegers('%', 6n, 0n)).toBe('division by zero');
  });
});
