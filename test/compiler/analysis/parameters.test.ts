/** Parameters of built-ins as data, and what is read and said by them. */
import { describe, expect, it } from 'vitest';
import {
  arityOf,
  describeParameter,
  integer,
  number,
  optional,
  rest,
  signatureOf,
  text,
  value,
  word,
} from '../../../compiler/analysis/parameters.ts';
import { analysed, expectError, typed } from './expect.ts';

describe('parameters', () => {
  it('say how many arguments there can be', () => {
    expect(arityOf({})).toEqual([0, 0]);
    expect(arityOf({ family: optional(integer), address: integer })).toEqual([1, 2]);
    expect(arityOf({ format: text, values: rest('any') })).toEqual([1, Number.POSITIVE_INFINITY]);
    expect(arityOf({ format: text, values: rest('any', 3) })).toEqual([1, 4]);
  });

  it('are shown as a signature', () => {
    expect(signatureOf('cpu', {})).toBe('cpu');
    expect(signatureOf('f', { a: integer, b: optional(text) })).toBe('f(a[, b])');
    expect(signatureOf('f', { a: optional(integer), b: optional(text) })).toBe('f([a][, b])');
    expect(signatureOf('f', { a: optional(integer), b: text })).toBe('f([a, ]b)');
    expect(signatureOf('f', { a: text, values: rest('any') })).toBe('f(a, values...)');
  });

  it('say what they take', () => {
    expect(describeParameter(value('string', 'array', 'pointer'))).toBe(
      'a string, an array or a pointer',
    );
    expect(describeParameter(value('struct sock *'))).toBe('a struct sock *');
    expect(describeParameter(word('boot', 'tai'))).toBe('boot or tai');
    expect(describeParameter(number(1n, 9n))).toBe('an integer literal from 1 to 9');
    expect(describeParameter(number(0n))).toBe('an integer literal of at least 0');
  });
});

describe('arguments', () => {
  it('leave optional parameters in front out where there are too few', () => {
    const family = (script: string) => {
      const [statement] = typed(script).probes[0]?.body.statements ?? [];
      return statement?.kind === 'assign-variable' && statement.value.kind === 'call'
        ? statement.value.args[0]
        : undefined;
    };
    expect(family('$a = ntop(1); print($a);')).toMatchObject({ kind: 'int', value: 2n });
    expect(family('$a = ntop(3, 1); print($a);')).toMatchObject({ kind: 'int', value: 3n });
  });

  it('are called by the parameter where there are several, and it is not plain which', () => {
    expectError('print(strlen(1));', 'strlen() expects a string (integer provided)', '1');
    expectError('print(strncmp("a", 1, 1));', 'expects a string as right (integer provided)', '1');
    expectError('print(has_key(1, 1));', 'has_key() expects a map (1 provided)', '1');
  });

  it('are all looked at, and each is told of', () => {
    const { diagnostics } = analysed('print(str_concat(1, curtask));');
    expect(diagnostics.map(({ message }) => message)).toEqual([
      'str_concat() expects a string as left (integer provided)',
      'str_concat() expects a string as right (pointer provided)',
    ]);
    expect(diagnostics[0]?.hints).toEqual(['Read the string with str().']);
  });

  it('that are too few or too many bring the signature', () => {
    const { diagnostics } = analysed('print(strncmp("a"));');
    expect(diagnostics).toMatchObject([
      {
        code: 'argument-count',
        message: 'strncmp() requires 3 arguments (1 provided)',
        hints: ['It is used as strncmp(left, right, length).'],
      },
    ]);
  });
});
