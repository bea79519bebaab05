/** What parameters of built-ins take: each kind beside a value of each type, and what is said of what does not fit. */
import { describe, expect, it } from 'vitest';
import { readArguments } from '../../../compiler/analysis/arguments.ts';
import type { AnalysisScope, Argument } from '../../../compiler/analysis/builtin.ts';
import {
  atLoad,
  describeLoaded,
  describeParameter,
  expression,
  map,
  number,
  optional,
  type Parameter,
  type Parameters,
  rest,
  text,
  typeReference,
  type ValueKind,
  value,
  variable,
  word,
} from '../../../compiler/analysis/parameters.ts';
import type { TypedExpression } from '../../../compiler/analysis/typed.ts';
import type { StructType, Type } from '../../../compiler/types/type.ts';
import { BOOL, INT64, int, VOID } from '../../../compiler/types/type.ts';

const range = { start: 0, end: 1 };
const SOCK: StructType = {
  ...{ kind: 'struct', aggregate: 'struct', name: 'sock', size: 8, align: 8, id: 1 },
};
const to = (type: Type): Type => ({ kind: 'pointer', to: type, space: 'kernel' });
const array = (element: Type): Type => ({ kind: 'array', element, count: 2 });

const TYPES: Readonly<Record<string, Type>> = {
  int: INT64,
  bool: BOOL,
  enum: { kind: 'enum', name: 'e', size: 4, signed: false, id: 2 },
  string: { kind: 'string', size: 4 },
  'void *': to(VOID),
  'struct sock': SOCK,
  'struct sock *': to(SOCK),
  'union sock': { ...SOCK, aggregate: 'union' },
  'struct file *': to({ ...SOCK, name: 'file' }),
  'int[]': array(int(1, false)),
  'pointer[]': array(to(VOID)),
  tuple: { kind: 'tuple', elements: [INT64] },
  context: { kind: 'context' },
};

const typedAs = (type: Type): TypedExpression =>
  ({
    ...{ kind: 'variable', type, variable: { name: '$x', type, symbol: '$x' }, range },
  }) as unknown as TypedExpression;

interface Outcome {
  readonly given: Readonly<Record<string, unknown>> | undefined;
  readonly said: readonly (readonly string[])[];
}

/** Reads arguments that are typed already, by their names. */
function readTyped(
  parameters: Parameters,
  args: readonly Argument[],
  typed: Readonly<Record<string, TypedExpression>> = {},
): Outcome {
  const said: string[][] = [];
  const find = (argument: Argument): TypedExpression =>
    ('name' in argument ? typed[String(argument.name)] : undefined) ?? typedAs(INT64);
  const scope: Partial<AnalysisScope> = {
    expression: find,
    literal: find,
    unsettled: false,
    pinned: (literal) => literal.value,
    bound: ({ least, most, expects }) => said.push(['bound', `${least}`, `${most}`, expects]),
    error: (code, message, _, ...hints) => said.push([code, message, ...hints]),
  };
  const given = readArguments(
    parameters,
    { name: 'f', args, range, nameRange: range },
    scope as AnalysisScope,
  );
  return { given, said };
}

const name = (text_: string): Argument => ({ kind: 'identifier', name: text_, range });

function taken(kind: ValueKind): readonly string[] {
  return Object.entries(TYPES).flatMap(([title, type]) =>
    readTyped({ a: value(kind) }, [name('x')], { x: typedAs(type) }).given ? [title] : [],
  );
}

describe('A value', () => {
  it.each([
    ['any', Object.keys(TYPES)],
    ['printable', Object.keys(TYPES)],
    ['integer', ['int', 'bool', 'enum']],
    ['number', ['int']],
    ['pointer', ['void *', 'struct sock *', 'struct file *']],
    ['string', ['string']],
    ['array', ['int[]']],
    ['struct sock', ['struct sock']],
    ['struct sock *', ['struct sock *']],
    ['string literal', []],
  ] as const)('that is %s is one of %j', (kind, expected) => {
    expect(taken(kind)).toEqual(expected);
  });

  it('that is an array is one of integers, of any width and sign', () => {
    for (const element of [int(1, false), int(8, true), int(4, false)]) {
      const { given } = readTyped({ a: value('array') }, [name('x')], {
        x: typedAs(array(element)),
      });
      expect(given).toEqual({ a: typedAs(array(element)) });
    }
    expect(
      readTyped({ a: value('array') }, [name('x')], { x: typedAs(array(to(VOID))) }).said,
    ).toEqual([['argument-type', 'f() expects an array (array provided)']]);
    expect(readTyped({ a: value('array') }, [name('x')], { x: typedAs(array(BOOL)) }).said).toEqual(
      [['argument-type', 'f() expects an array (array provided)']],
    );
  });

  it('may be of several kinds, and is told all of them', () => {
    const kinds = value('string', 'array', 'pointer');
    expect(readTyped({ a: kinds }, [name('x')], { x: typedAs(array(INT64)) }).said).toEqual([]);
    expect(readTyped({ a: kinds }, [name('x')], { x: typedAs(INT64) }).said).toEqual([
      ['argument-type', 'f() expects a string, an array or a pointer (integer provided)'],
    ]);
  });

  it('is named by its type where a struct is wanted', () => {
    const said = (type: Type) =>
      readTyped({ a: value('struct sock *') }, [name('x')], { x: typedAs(type) }).said;
    expect(said(TYPES['struct file *'] as Type)).toEqual([
      ['argument-type', 'f() expects a struct sock * (struct file * provided)'],
    ]);
    expect(said(SOCK)).toEqual([
      ['argument-type', 'f() expects a struct sock * (struct sock provided)'],
    ]);
    expect(said(INT64)).toEqual([
      ['argument-type', 'f() expects a struct sock * (integer provided)'],
    ]);
  });

  it('that is an address is a string that str() reads, where only a string is wanted', () => {
    const said = (kinds: readonly ValueKind[], type: Type) =>
      readTyped({ a: value(...kinds) }, [name('x')], { x: typedAs(type) }).said.map(
        ([, , ...hints]) => hints,
      );
    const HINT = 'Read the string with str().';
    expect(said(['string'], to(VOID))).toEqual([[HINT]]);
    expect(said(['string'], INT64)).toEqual([[HINT]]);
    expect(said(['string'], BOOL)).toEqual([[]]);
    expect(said(['string'], array(INT64))).toEqual([[]]);
    expect(said(['string', 'array'], INT64)).toEqual([[]]);
    expect(said(['array'], INT64)).toEqual([[]]);
  });

  it('that is a raw context is read as its address', () => {
    const type: Type = { kind: 'context' } as Type;
    expect(readTyped({ a: value('printable') }, [name('x')], { x: typedAs(type) }).given).toEqual({
      a: { kind: 'cast', type: to(VOID), operand: typedAs(type), range },
    });
    expect(readTyped({ a: value('any') }, [name('x')], { x: typedAs(type) }).given).toEqual({
      a: typedAs(type),
    });
  });
});

describe('A literal', () => {
  const LATE =
    'Positional parameters are set when the program is loaded, not when it is compiled: a script that needs this one sooner is run with `bpfscript run`, which does both.';
  const parameter = (type: Type): TypedExpression => ({ kind: 'parameter', type, index: 3, range });
  const number_ = (value_: bigint): TypedExpression => ({
    ...{ kind: 'int', type: INT64, value: value_, flexible: true, range },
  });
  const word_: TypedExpression = {
    ...{ kind: 'string', type: { kind: 'string', size: 3 }, value: 'ab', range },
  } as TypedExpression;
  const read = (parameter_: Parameter, typed: TypedExpression) =>
    readTyped({ a: parameter_ }, [name('x')], { x: typed });

  it('is no parameter, which is known too late', () => {
    expect(read(number(), parameter(INT64)).said).toEqual([
      ['literal-required', 'f() expects an integer literal (int64 expression provided)', LATE],
    ]);
    expect(read(text, parameter({ kind: 'string', size: 4 })).said).toEqual([
      ['literal-required', 'f() expects a string literal (string[4] expression provided)', LATE],
    ]);
  });

  it('is no other expression, and of these nothing is known later', () => {
    expect(read(number(), typedAs(INT64)).said).toEqual([
      ['literal-required', 'f() expects an integer literal (int64 expression provided)'],
    ]);
    expect(read(text, number_(5n)).said).toEqual([
      ['literal-required', 'f() expects a string literal (int64 provided)'],
    ]);
    expect(read(number(), word_).said).toEqual([
      ['literal-required', 'f() expects an integer literal (string[3] provided)'],
    ]);
  });

  it('is within its bounds', () => {
    const between = number(2n, 4n);
    for (const good of [2n, 3n, 4n])
      expect(read(between, number_(good))).toEqual({
        given: { a: { value: good, range } },
        said: [],
      });
    for (const bad of [1n, 5n])
      expect(read(between, number_(bad))).toEqual({
        given: undefined,
        said: [['argument-value', `f() expects an integer literal from 2 to 4 (${bad} provided)`]],
      });
    expect(read(number(2n), number_(2n ** 40n)).said).toEqual([]);
    expect(read(number(undefined, 4n), number_(-9n)).said).toEqual([]);
    expect(read(number(undefined, 4n), number_(5n)).said).toEqual([
      ['argument-value', 'f() expects an integer literal of at most 4 (5 provided)'],
    ]);
  });

  it('may be a parameter where the loader holds its bounds', () => {
    expect(read(atLoad(number(2n, 4n)), parameter(INT64))).toEqual({
      given: { a: { parameter: 3, expression: parameter(INT64), range } },
      said: [['bound', '2', '4', 'f() expects an integer from 2 to 4']],
    });
    expect(read(atLoad(text), parameter({ kind: 'string', size: 4 }))).toEqual({
      given: { a: { parameter: 3, expression: parameter({ kind: 'string', size: 4 }), range } },
      said: [],
    });
    expect(read(atLoad(text), word_).given).toEqual({ a: { value: 'ab', range } });
    expect(read(atLoad(number()), number_(7n)).given).toEqual({ a: { value: 7n, range } });
  });

  it('may be no parameter of another type than the loader reads', () => {
    expect(read(atLoad(number()), parameter({ kind: 'string', size: 4 })).said).toEqual([
      ['literal-required', 'f() expects an integer literal (string[4] expression provided)', LATE],
    ]);
    expect(read(atLoad(text), parameter(INT64)).said).toEqual([
      ['literal-required', 'f() expects a string literal (int64 expression provided)', LATE],
    ]);
  });
});

describe('A name', () => {
  const argument = (fields: object): Argument => ({ range, ...fields }) as Argument;
  const said = (parameter: Parameter, given: Argument) =>
    readTyped({ a: parameter }, [given]).said.map(([code, ...rest_]) => [code, ...rest_]);

  it('is one of the words that there are', () => {
    expect(readTyped({ a: word('x', 'y') }, [name('y')]).given).toEqual({
      a: { value: 'y', range },
    });
    expect(said(word('x', 'y'), name('z'))).toEqual([
      ['argument-value', 'f() expects x or y (z provided)'],
    ]);
    expect(said(word('x', 'y', 'z'), argument({ kind: 'string', value: 'x' }))).toEqual([
      ['argument-value', 'f() expects x, y or z ("x" provided)'],
    ]);
  });

  it.each([
    [{ kind: 'variable', name: '$v' }, '$v'],
    [{ kind: 'map', name: '@m', keys: [name('k')] }, '@m[...]'],
    [{ kind: 'integer', text: '0x1F' }, '0x1F'],
    [{ kind: 'string', value: 'x' }, '"x"'],
    [{ kind: 'tuple' }, 'a tuple expression'],
  ])('is not %j, which is told as it is written', (given, shown) => {
    expect(said(word('x'), argument(given))).toEqual([
      ['argument-value', `f() expects x (${shown} provided)`],
    ]);
  });

  it('of a map has no key', () => {
    expect(said(map, argument({ kind: 'map', name: '@m', keys: [name('k')] }))).toEqual([
      ['map-argument', 'f() expects a map (@m[...] provided)', 'Leave the key out: @m'],
    ]);
    expect(said(map, name('m'))).toEqual([['map-argument', 'f() expects a map (m provided)']]);
  });

  it('of a variable is one to assign to', () => {
    const given = argument({ kind: 'variable', name: '$v' });
    expect(readTyped({ a: variable }, [given]).given).toEqual({ a: given });
    expect(said(variable, name('v'))).toEqual([
      ['argument-type', 'f() expects a variable (v provided)'],
    ]);
  });

  it('of a type is written as one', () => {
    const type = { kind: 'type' };
    const given = argument({ kind: 'type-argument', type });
    expect(readTyped({ a: typeReference }, [given]).given).toEqual({ a: type });
    for (const other of [name('x'), argument({ kind: 'type-argument', type: name('x') })])
      expect(said(typeReference, other)).toEqual([
        ['argument-type', 'f() expects struct, union or enum with a name (an expression provided)'],
      ]);
    // Where a value is wanted, the typing of the argument says that a type is none.
    expect(readTyped({ a: value('any') }, [given])).toEqual({ given: undefined, said: [] });
  });

  it('may stand for any expression, which the built-in reads itself', () => {
    expect(readTyped({ a: expression('a thing') }, [name('x')]).given).toEqual({ a: name('x') });
    expect(describeParameter(expression('a thing'))).toBe('a thing');
  });
});

describe('Arguments', () => {
  const names = (parameters: Parameters, ...given: readonly string[]) => {
    const args = given.map(
      (one): Argument =>
        /^\d/.test(one) ? ({ kind: 'integer', text: one, range } as Argument) : name(one),
    );
    const result = readTyped(parameters, args).given ?? {};
    return Object.fromEntries(
      Object.entries(result).map(([key, one]) => [
        key,
        Array.isArray(one) ? one.length : one !== undefined,
      ]),
    );
  };
  const a = value('any');

  it('are left out in front where there are too few', () => {
    const parameters = { a: optional(a), b: optional(a), c: a };
    expect(names(parameters, 'x')).toEqual({ a: false, b: false, c: true });
    expect(names(parameters, 'x', 'y')).toEqual({ a: true, b: false, c: true });
    expect(names(parameters, 'x', 'y', 'z')).toEqual({ a: true, b: true, c: true });
  });

  it('are a mode only where a word stands there, or there are as many as can be', () => {
    const parameters = { mode: optional(word('x')), limit: optional(a) };
    expect(names(parameters, 'x')).toEqual({ mode: true, limit: false });
    expect(names(parameters, '3')).toEqual({ mode: false, limit: true });
    expect(names(parameters, 'x', '3')).toEqual({ mode: true, limit: true });
    expect(names(parameters)).toEqual({ mode: false, limit: false });
    expect(
      readTyped(parameters, [{ kind: 'integer', text: '3', range } as Argument, name('x')]).said,
    ).toEqual([['argument-value', 'f() expects x as mode (3 provided)']]);
    // Where there is nothing else that it could be, it is one that is wrong.
    expect(
      readTyped({ mode: optional(word('x')) }, [{ kind: 'integer', text: '3', range } as Argument])
        .said,
    ).toEqual([['argument-value', 'f() expects x (3 provided)']]);
  });

  it('are as many as there are at the end', () => {
    const parameters = { a, others: rest('integer') };
    expect(names(parameters, 'x')).toEqual({ a: true, others: 0 });
    expect(names(parameters, 'x', 'y', 'z')).toEqual({ a: true, others: 2 });
    const bad = { z: typedAs(to(VOID)) };
    expect(readTyped(parameters, [name('x'), name('y'), name('z')], bad)).toEqual({
      given: undefined,
      said: [['argument-type', 'f() expects an integer as others (pointer provided)']],
    });
  });

  it('are called by their parameters but where there is one, or it is called what it takes', () => {
    const pointer = { x: typedAs(to(VOID)) };
    const said = (parameters: Parameters) =>
      readTyped(parameters, [name('x'), name('y')], pointer).said.map(([, message]) => message);
    expect(said({ one: value('integer') })).toEqual(['f() expects an integer (pointer provided)']);
    expect(said({ one: value('integer'), two: a })).toEqual([
      'f() expects an integer as one (pointer provided)',
    ]);
    expect(said({ map, two: a })).toEqual(['f() expects a map (x provided)']);
    expect(said({ other: map, two: a })).toEqual(['f() expects a map as other (x provided)']);
  });

  it('may be none', () => {
    expect(readTyped({}, [])).toEqual({ given: {}, said: [] });
  });

  it('are no literals for who knows them at load', () => {
    expect(describeLoaded(number(1n, 2n))).toBe('an integer from 1 to 2');
    expect(describeLoaded(text)).toBe('a string');
    expect(describeParameter(number())).toBe('an integer literal');
    expect(describeParameter(word('x'))).toBe('x');
    expect(describeParameter(word())).toBe('');
  });
});
