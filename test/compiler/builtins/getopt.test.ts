import { describe, expect, it } from 'vitest';
import { analysed, expectError, expectTypes, typed } from '../analysis/expect.ts';

describe('getopt, as the analysis takes it', () => {
  it('is of the type of its default, and a switch without one', () => {
    expectTypes(
      '$a = getopt("a"); $b = getopt("b", true); $c = getopt("c", 0); $d = getopt("d", -1); $e = getopt("e", "x"); print(($a, $b, $c, $d, $e));',
      { $a: 'bool', $b: 'bool', $c: 'uint64', $d: 'int64', $e: 'string[1024]' },
    );
  });

  it('lists each parameter once, with its default and what it is for', () => {
    const { options } = typed(
      'print(getopt("n", 5, "how many")); print(getopt("n", 5, "how many")); print(getopt("dry-run"));',
    );
    expect(options.map(({ name, description }) => [name, description])).toEqual([
      ['n', 'how many'],
      ['dry-run', undefined],
    ]);
    expect(options.map((one) => one.default)).toMatchObject([{ value: 5n }, { value: 0n }]);
  });

  it.each([
    ['5', '5'],
    ['-1', '-1'],
    ['true', 'true'],
    ['false', 'false'],
    ['"five"', '"five"'],
  ])('says what the first default was: %s', (first, shown) => {
    const { diagnostics } = analysed(
      `begin { print(getopt("n", ${first})); print(getopt("n", 6)); }`,
    );
    expect(diagnostics.map(({ hints }) => hints)).toEqual([[`Its first use has ${shown}.`]]);
  });

  it('has one description', () => {
    expectError(
      'print(getopt("n", 5, "how many")); print(getopt("n", 5));',
      "'n' needs to have the same description in all places it is used",
      'getopt("n", 5)',
    );
  });

  it('wants a literal that has room', () => {
    expectError('print(getopt("a", pid));', 'getopt() expects a literal as default', 'pid');
    const config = 'config = { max_strlen = 8 }';
    expect(analysed(`${config} begin { print(getopt("a", "1234567")); }`).diagnostics).toEqual([]);
    expectError(
      `${config} begin { print(getopt("a", "12345678")); }`,
      'String is too long (over 8 bytes)',
      '"12345678"',
    );
  });

  it('wants a name that a command line can have', () => {
    for (const name of ['', '-a', 'a b', 'a=b'])
      expectError(`print(getopt("${name}"));`, `'${name}' is no name of a parameter`, `"${name}"`);
    expectError('print(getopt("help"));', "none can be named 'help'", '"help"');
    for (const name of ['a', '0', '_x', 'a-b.c_d'])
      expect(typed(`print(getopt("${name}"));`).options.map((one) => one.name)).toEqual([name]);
  });

  it.each(['"a", 2', '"a", "1"', '"a"', '"a", -1'])(
    'has one default: getopt("a", 1) is another than getopt(%s)',
    (other) => {
      expectError(
        `print(getopt("a", 1)); print(getopt(${other}));`,
        "'a' needs to have the same default value in all places",
      );
    },
  );
});
