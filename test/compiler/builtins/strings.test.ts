import { describe, expect, it } from 'vitest';
import type { TypedExpression } from '../../../compiler/analysis/typed.ts';
import { INT64, UINT64 } from '../../../compiler/types/type.ts';
import { expectError, expectNoWarnings } from '../analysis/expect.ts';
import { call, number, run, stored, text } from './calls.ts';
import { createMachine } from './machine.ts';
import { first, firstCall, hints, typeOf } from './uses.ts';

describe('strings, as the analysis takes it', () => {
  it('[FUN-039] measures and folds', () => {
    expect(typeOf('strlen(comm)')).toBe('uint64');
    expect(first('$x = strlen("abc"); print($x);')).toMatchObject({ kind: 'int', value: 3n });
    expectError('print(strlen(5));', 'strlen() expects a string (integer provided)', '5');
  });

  it('[FUN-040] compares so many characters', () => {
    expect(firstCall('$x = strncmp(comm, "ba", 2); print($x);').plan).toEqual({ count: 2n });
    expect(firstCall('$x = strncmp(comm, "ba", 200); print($x);').plan).toEqual({ count: 3n });
    expect(first('$x = strncmp("abc", "abd", 2); print($x);')).toMatchObject({ value: 0n });
    expectError('print(strncmp(comm, "ba", pid));', 'strncmp() expects an integer literal');
    expectError(
      'print(strncmp(comm, "ba", -1));',
      'strncmp() expects an integer literal of at least 0 as length (-1 provided)',
    );
  });

  it('[FUN-039] knows texts that the compiler knows', () => {
    for (const [use, value] of [
      ['strlen("")', 0n],
      ['strlen("a\\0b")', 1n],
      ['strncmp("abc", "abd", 3)', 1n],
      ['strncmp("abc", "abd", 0)', 0n],
      ['strncmp("abc", "abcd", 9)', 1n],
      ['strncmp("abc", "abc", 9)', 0n],
      ['strstr("banana", "nan")', 2n],
      ['strstr("abc", "")', 0n],
      ['strcontains("abc", "d")', 0n],
    ] as const)
      expect(first(`$x = ${use}; print($x);`)).toMatchObject({ kind: 'int', value });
    for (const use of [
      'strlen(comm)',
      'strncmp("a", comm, 2)',
      'strncmp(comm, "a", 2)',
      'strstr("abc", comm)',
      'strstr(comm, "abc")',
      'strcontains("abc", comm)',
      'strcontains(comm, "a")',
    ])
      expect(first(`$x = ${use}; print($x);`)).toMatchObject({
        kind: 'call',
        builtin: use.split('(')[0],
      });
  });

  it('[FUN-040] takes a number of characters that the loader is told', () => {
    expect(firstCall('$x = strncmp(comm, "abc", $1); print($x);')).toMatchObject({
      ...{ plan: { count: 4n }, args: [{}, {}, { kind: 'parameter' }] },
    });
    expect(firstCall('$x = strncmp(comm, "abc", 4); print($x);').args).toHaveLength(2);
  });

  it('[FUN-041] searches where it takes a million steps at most', () => {
    const search = (most: number) =>
      `config = { max_strlen = ${most} } begin { print(strstr(str(0), str(1))); }`;
    expectNoWarnings(search(1024));
    expectError(
      search(1025),
      'strstr() would take up to 1050625 steps, more than the limit of 1048576',
      'strstr(str(0), str(1))',
    );
    expect(hints(search(1025))).toEqual(['Read shorter strings, such as str(p, 64).']);
  });

  it('[FUN-041] searches, within what the verifier bears', () => {
    expect(typeOf('strcontains(comm, "sh")')).toBe('bool');
    expect(first('$x = strcontains("bash", "as"); print($x);')).toMatchObject({ value: 1n });
    expect(first('$x = strstr("bash", "x"); print($x);')).toMatchObject({ value: -1n });
    expectError(
      'config = { max_strlen = 2048 } begin { print(strcontains(str(0), str(0))); }',
      'strcontains() would take up to',
    );
  });
});

describe('strings, as it runs', () => {
  const strlen = (value: TypedExpression) => run(call('strlen', UINT64, [value]));
  const strncmp = (a: TypedExpression, b: TypedExpression, n: bigint) =>
    run(call('strncmp', UINT64, [a, b], { count: n }));
  const strstr = (a: TypedExpression, b: TypedExpression) =>
    BigInt.asIntN(64, run(call('strstr', INT64, [a, b])));

  it('[FUN-039] measures a string up to its NUL, or all of it', () => {
    expect(strlen(text('hello', 16))).toBe(5n);
    expect(strlen(text('', 4))).toBe(0n);
    const full = createMachine({ variables: new Map([[1, Uint8Array.of(97, 98)]]) });
    expect(full.value(call('strlen', UINT64, [stored(1, { kind: 'string', size: 2 })]))).toBe(2n);
  });

  it('[FUN-040] compares the first n characters', () => {
    expect(strncmp(text('abcd', 8), text('abxx', 8), 2n)).toBe(0n);
    expect(strncmp(text('abcd', 8), text('abxx', 8), 3n)).toBe(1n);
    expect(strncmp(text('ab', 8), text('ab', 4), 4n)).toBe(0n);
    expect(strncmp(text('ab', 8), text('abc', 8), 4n)).toBe(1n);
    const told = (length: bigint) =>
      run(
        call('strncmp', UINT64, [text('abcd'), text('abxx'), number(length, UINT64)], {
          count: 5n,
        }),
      );
    expect([1n, 2n, 3n, 99n, -1n].map(told)).toEqual([0n, 0n, 1n, 1n, 1n]);
  });

  it('[FUN-041] finds where one string stands in another', () => {
    expect(strstr(text('hello', 16), text('l', 8))).toBe(2n);
    expect(strstr(text('aaab', 16), text('ab', 8))).toBe(2n);
    expect(strstr(text('hello', 16), text('', 8))).toBe(0n);
    expect(strstr(text('', 16), text('a', 8))).toBe(-1n);
    expect(strstr(text('abc', 4), text('bcd', 4))).toBe(-1n);
    const contains = call('strcontains', { kind: 'bool' }, [text('hello', 8), text('ell', 4)]);
    expect(run(contains)).toBe(1n);
    for (const [part, wanted] of [
      ['hell', 1n],
      ['', 1n],
      ['x', 0n],
    ] as const)
      expect(run(call('strcontains', { kind: 'bool' }, [text('hello', 8), text(part, 8)]))).toBe(
        wanted,
      );
  });
});
