/** Settings and names at their limits: what is taken, what is told, and what a fix writes. */
import { describe, expect, it } from 'vitest';
import { analysed, expectError, expectNoWarnings, typed } from './expect.ts';

const config = (block: string, environment: Readonly<Record<string, string>> = {}) =>
  typed(`config = { ${block} } begin { }`, { environment }).config;

/** Messages with the text that they are about, and the script that the first fix makes. */
function told(script: string, options: Parameters<typeof analysed>[1] = {}) {
  const { diagnostics, text } = analysed(script, options);
  return diagnostics.map(({ message, range, fixes: [fix] = [] }) => [
    message,
    range && text.slice(range.start, range.end),
    fix && text.slice(0, fix.range.start) + fix.text + text.slice(fix.range.end),
  ]);
}

describe('A setting', () => {
  it('is a number between its bounds, which are among them', () => {
    for (const value of [1, 32768]) expect(config(`max_strlen = ${value}`).maxStrlen).toBe(value);
    expect(config('max_map_keys = 4294967295').maxMapKeys).toBe(4294967295);
    expect(config('max_bpf_progs = 1').maxBpfProgs).toBe(1);
    for (const value of [0, 32769])
      expect(told(`config = { max_strlen = ${value} } begin { }`)).toEqual([
        [
          `max_strlen: ${value} is out of range, expected 1 to 32768`,
          `max_strlen = ${value}`,
          undefined,
        ],
      ]);
    expectError('config = { max_map_keys = 4294967296 } begin { }', 'expected 1 to 4294967295');
  });

  it.each([
    ['true', true],
    ['1', true],
    ['ON', true],
    ['Yes', true],
    ['false', false],
    ['0', false],
    ['off', false],
    ['NO', false],
  ])('of yes and no is %s in the environment, too: %s', (text, expected) => {
    expect(config('', { BPFTRACE_CPP_DEMANGLE: text }).cppDemangle).toBe(expected);
  });

  it('of yes and no is a number or a text in the block, too', () => {
    expect(config('cpp_demangle = 0').cppDemangle).toBe(false);
    expect(config('cpp_demangle = 1').cppDemangle).toBe(true);
    expect(config('cpp_demangle = "off"').cppDemangle).toBe(false);
    expectError(
      'config = { cpp_demangle = 2 } begin { }',
      "cpp_demangle: invalid value '2', expected a boolean (true or false)",
      'cpp_demangle = 2',
    );
  });

  it('of the environment wins over the block, and is told by its own name', () => {
    const environment = { BPFTRACE_MAX_STRLEN: '0', OTHER: 'x' };
    expect(told('config = { max_strlen = 5 } begin { }', { environment })).toEqual([
      ['BPFTRACE_MAX_STRLEN: 0 is out of range, expected 1 to 32768', undefined, undefined],
    ]);
    for (const text of ['', '-1', '1.5', '0x10', 'a'])
      expect(told('begin { }', { environment: { BPFTRACE_MAX_STRLEN: text } })).toEqual([
        [
          `BPFTRACE_MAX_STRLEN: invalid value '${text}', expected an unsigned integer`,
          undefined,
          undefined,
        ],
      ]);
  });

  it('is a word or a text, and no number', () => {
    expect(config('stack_mode = "raw"').stackMode).toBe('raw');
    expect(config('str_trunc_trailer = word').strTruncTrailer).toBe('word');
    expectError(
      'config = { str_trunc_trailer = 5 } begin { }',
      'str_trunc_trailer: expected a string',
      'str_trunc_trailer = 5',
    );
    expectError('config = { stack_mode = true } begin { }', 'stack_mode: expected one of bpftrace');
  });

  it('is set once, under whichever of its names', () => {
    expect(told('config = { max_strlen = 5; MAX_STRLEN = 6 } begin { }')).toEqual([
      ['MAX_STRLEN: set more than once', 'MAX_STRLEN', undefined],
    ]);
    expect(
      told('config = { max_strlen = 5; strlen = 6 } begin { }').map(([message]) => message),
    ).toEqual(['strlen: set more than once']);
    expect(told('config = { symbol_source = 1; symbol_source = 2 } begin { }')).toHaveLength(2);
  });

  it('with an older name gets the new one by a fix, and the other value where that means the opposite', () => {
    expect(told('config = { strlen = 6 } begin { }')).toEqual([
      [
        'strlen has been renamed, please use max_strlen',
        'strlen',
        'config = { max_strlen = 6 } begin { }',
      ],
    ]);
    for (const [old, value] of [
      [true, false],
      [false, true],
    ]) {
      const script = `config = { no_cpp_demangle = ${old} } begin { }`;
      expect(told(script)).toEqual([
        [
          'no_cpp_demangle has been renamed, please use cpp_demangle',
          'no_cpp_demangle',
          `config = { cpp_demangle = ${value} } begin { }`,
        ],
      ]);
      expect(typed(script).config.cppDemangle).toBe(value);
    }
  });

  it('that is none is told the nearest, as it is written', () => {
    expect(told('config = { max_strln = 5 } begin { }')).toEqual([
      [
        'max_strln: not a known configuration option',
        'max_strln',
        'config = { max_strlen = 5 } begin { }',
      ],
    ]);
    expect(told('config = { nothing_like_that = 5 } begin { }')[0]?.[2]).toBeUndefined();
    expectError(
      'config = { bpftrace_vmlinux = "x" } begin { }',
      'bpftrace_vmlinux can only be set as an environment variable',
      'bpftrace_vmlinux',
    );
  });
});

describe('A name', () => {
  it('that is like none may be a text, if it begins as one', () => {
    expect(told('if (comm == zzzz) { }')).toEqual([
      ["Unknown identifier: 'zzzz'", 'zzzz', 'begin { if (comm == "zzzz") { } }'],
    ]);
    expect(told('print(ZZZZ);')).toEqual([["Unknown identifier: 'ZZZZ'", 'ZZZZ', undefined]]);
    expect(told('print(pidd);')[0]?.[2]).toBe('begin { print(pid); }');
  });

  it('that only other descriptions may have is one of constants', () => {
    const hints = (name: string) => analysed(`print(${name});`).diagnostics[0]?.hints ?? [];
    expect(hints('ZZZZ_YYYY')).toHaveLength(1);
    for (const name of ['ZZZZ', 'Zzzz_yyyy', '_ZZZZ']) expect(hints(name)).toEqual([]);
  });

  it('of other languages is told what it is called here', () => {
    const hints = (script: string) => analysed(script).diagnostics[0]?.hints;
    expect(hints('print(execname);')).toEqual(['Here that is comm: the name of the process.']);
    expect(hints('println("x");')).toEqual(['Here that is printf(format, ...): text.']);
    expect(hints('print(toString);')).toEqual(['If it is a text, write it in quotes: "toString".']);
    expect(hints('toString(1);') ?? []).toEqual([]);
  });
});

describe('A call of a built-in', () => {
  it('has as many arguments as it takes', () => {
    expectError('$a = str();', 'str() requires at least 1 argument (0 provided)', 'str()');
    expectError('exit(1, 2);', 'exit() requires at most 1 argument (2 provided)', 'exit(1, 2)');
    expectError('print(strlen("a", 1));', 'strlen() requires 1 argument (2 provided)');
    expectError('print(strncmp("a", "b"));', 'strncmp() requires 3 arguments (2 provided)');
    expectNoWarnings('print(strncmp("a", "b", 1)); exit(1);');
  });

  it('that changes the system says how it is allowed', () => {
    const { diagnostics } = analysed('system("ls");');
    expect(diagnostics.map(({ message, hints }) => [message, hints])).toEqual([
      [
        'system() is an unsafe function being used in safe mode',
        ['Use --unsafe to allow functions that change the system.'],
      ],
    ]);
  });

  it('in a function says what to do where only a probe knows its value', () => {
    const { diagnostics } = analysed('begin { f(); } fn f() : void { print(probe); }');
    expect(diagnostics.map(({ message, hints }) => [message, hints])).toEqual([
      [
        'Builtin probe not supported outside probe',
        ['Pass its value to the function as an argument.'],
      ],
    ]);
  });

  it('of an older name gets the new one by a fix', () => {
    expect(told('kprobe:f { print(name); }')).toEqual([
      [
        'name is deprecated and will be removed in the future. Use probe instead.',
        'name',
        'kprobe:f { print(probe); }',
      ],
    ]);
  });
});
