import { describe, expect, it } from 'vitest';
import { parseInteger, parseString } from '../../../compiler/syntax/literals.ts';
import { errors, expression, messages, shape } from './support.ts';

const value = (text: string): bigint | string => {
  const result = parseInteger(text);
  return 'value' in result ? result.value : result.error;
};

describe('integers', () => {
  it('[LEX-007] reads underscores between digits', () => {
    expect(shape('1_000_000')).toBe('1000000');
  });
  it('[LEX-008] refuses an underscore at the end', () => {
    expect(errors('begin { @ = 1_; }')).toEqual(["12-14: trailing '_' in integer literal: 1_"]);
  });
  it('[LEX-009] reads hexadecimal numbers', () => {
    expect([value('0xFF_ff'), value('0X10')]).toEqual([65535n, 16n]);
    expect(value('0x')).toBe("no digits after '0x': 0x");
  });
  it('[LEX-010] reads type suffixes of hexadecimal numbers, as C does', () => {
    expect([value('0x10UL'), value('0x1d')]).toEqual([16n, 29n]);
    expect(value('0x10ms')).toBe("invalid suffix 'ms': 0x10ms");
  });
  it('[LEX-011] reads octal numbers', () => {
    expect([value('0777'), value('0'), value('08')]).toEqual([511n, 0n, 8n]);
    expect(value('018')).toBe("invalid digit '8' in octal literal: 018");
  });
  it('reads binary numbers', () => {
    expect(value('0b101')).toBe(5n);
    expect(value('0b12')).toBe("invalid digit '2' in binary literal: 0b12");
  });
  it('[LEX-013] reads scientific numbers', () => {
    expect([value('5e3'), value('1E6'), value('1e19')]).toEqual([5000n, 1000000n, 10n ** 19n]);
    expect(value('2e19')).toMatch(/^overflow error/);
    expect(value('9e99999999')).toMatch(/^overflow error/);
  });
  it('[LEX-014] wants one digit from 1 to 9 before the exponent', () => {
    const error = 'coefficient part of scientific literal must be 1-9';
    expect([value('10e3'), value('0e3')]).toEqual([`${error}: 10e3`, `${error}: 0e3`]);
  });
  it('[LEX-015] wants an exponent that begins with 1 to 9', () => {
    expect(value('1e0')).toBe("invalid suffix 'e0': 1e0");
    expect(value('1e')).toBe("invalid suffix 'e': 1e");
  });
  it('[LEX-016] checks the range of suffix u', () => {
    expect(value('4294967295u')).toBe(4294967295n);
    expect(value('4294967296u')).toBe('overflow error, maximum value is 4294967295: 4294967296u');
  });
  it('[LEX-017] checks the ranges of suffixes ul, ull, l and ll in both cases', () => {
    for (const suffix of ['l', 'll', 'L', 'LL']) {
      expect(value(`9223372036854775807${suffix}`)).toBe(2n ** 63n - 1n);
      expect(value(`9223372036854775808${suffix}`)).toMatch(/maximum value is 9223372036854775807/);
    }
    for (const suffix of ['ul', 'ull', 'UL', 'ULL'])
      expect(value(`18446744073709551615${suffix}`)).toBe(2n ** 64n - 1n);
  });
  it('[LEX-018] turns ns, us, ms and s into nanoseconds', () => {
    expect(['7ns', '7us', '5ms', '5s'].map(value)).toEqual([7n, 7000n, 5000000n, 5000000000n]);
  });
  it('[LEX-019] turns m, h and d into nanoseconds', () => {
    expect(['1m', '2h', '1d'].map(value)).toEqual([
      60_000_000_000n,
      7_200_000_000_000n,
      86_400_000_000_000n,
    ]);
  });
  it('[LEX-020] refuses a duration that overflows', () => {
    expect(messages('begin { @ = 999999999d; }')).toEqual([
      'overflow error, maximum value is 18446744073709551615: 999999999d',
    ]);
  });
  it('[LEX-021] goes up to 64 bits', () => {
    expect(shape('18446744073709551615')).toBe('18446744073709551615');
    expect(messages('begin { @ = 18446744073709551616; }')).toEqual([
      'overflow error, maximum value is 18446744073709551615: 18446744073709551616',
    ]);
  });
  it('[LEX-022] reads the smallest 64-bit number as a sign and a magnitude', () => {
    expect(shape('-9223372036854775808')).toBe('(-9223372036854775808)');
  });
  it('[LEX-023] refuses floating-point numbers', () => {
    expect(errors('begin { @ = 1.5; }')).toEqual([
      '12-15: floating-point numbers are not part of the language',
    ]);
  });
});

describe('the text of an integer', () => {
  const overflow = (text: string, most = 2n ** 64n - 1n): string =>
    `overflow error, maximum value is ${most}: ${text}`;

  it.each([
    ['0xffffffffffffffff', 2n ** 64n - 1n],
    ['0xffffffffu', 2n ** 32n - 1n],
    ['0x7fffffffffffffffLL', 2n ** 63n - 1n],
    ['0b1111_0000', 240n],
    ['0B11ull', 3n],
    ['0_7', 7n],
    ['0_8', 8n],
    ['00', 0n],
    ['1e1', 10n],
    ['9e18', 9n * 10n ** 18n],
    ['1e1_9', 10n ** 19n],
    ['5e3us', 5_000_000n],
    ['1e3u', 1000n],
    ['0ns', 0n],
    ['213503d', 213503n * 86_400n * 10n ** 9n],
    ['1U', 1n],
    ['1uLL', 1n],
  ])('%s is %d', (text, expected) => {
    expect(value(text)).toBe(expected);
  });

  it.each([
    ['0x10000000000000000', overflow('0x10000000000000000')],
    ['0x100000000u', overflow('0x100000000u', 2n ** 32n - 1n)],
    ['0x8000000000000000l', overflow('0x8000000000000000l', 2n ** 63n - 1n)],
    ['213504d', overflow('213504d')],
    ['18446744073709551616ul', overflow('18446744073709551616ul')],
    ['1e20', overflow('1e20')],
    ['0x_', "trailing '_' in integer literal: 0x_"],
    ['0b', "no digits after '0b': 0b"],
    ['0b_', "trailing '_' in integer literal: 0b_"],
    ['0x1_', "trailing '_' in integer literal: 0x1_"],
    ['1e1_', "trailing '_' in integer literal: 1e1_"],
    ['1e_1', "invalid suffix 'e_1': 1e_1"],
    ['01_', "trailing '_' in integer literal: 01_"],
    ['079', "invalid digit '9' in octal literal: 079"],
    ['1x', "invalid suffix 'x': 1x"],
    ['1MS', "invalid suffix 'MS': 1MS"],
    ['0b1ms', "invalid suffix 'ms': 0b1ms"],
    ['0b3', "invalid digit '3' in binary literal: 0b3"],
    ['_1', 'invalid integer: _1'],
    ['', 'invalid integer: '],
    ['x', 'invalid integer: x'],
    ['_e1', 'coefficient part of scientific literal must be 1-9: _e1'],
  ])('%j is none: %s', (text, expected) => {
    expect(value(text)).toBe(expected);
  });
});

describe('the text of a string', () => {
  it.each([
    ['""', ''],
    ['"a"', 'a'],
    [String.raw`"\0"`, '\0'],
    [String.raw`"\377"`, '\u00ff'],
    [String.raw`"\0a"`, '\0a'],
    [String.raw`"\08"`, '\u00008'],
    [String.raw`"\1234"`, 'S4'],
    [String.raw`"\x4"`, '\u0004'],
    [String.raw`"\x414"`, 'A4'],
    [String.raw`"\\n\n"`, '\\n\n'],
    [String.raw`"é\té"`, '\u00c3\u00a9\t\u00c3\u00a9'],
  ])('%s has these bytes', (text, expected) => {
    expect(parseString(text)).toEqual({ value: expected, problems: [] });
  });

  it('goes on behind an escape that is none, whose place is told', () => {
    expect(parseString(String.raw`"a\é\400b\x\n"`)).toEqual({
      value: 'ab\n',
      problems: [
        { message: "invalid escape character '\\é'", start: 2, end: 4 },
        { message: "octal escape sequence out of range '\\400'", start: 4, end: 8 },
        { message: "no digits in hex escape sequence '\\x'", start: 9, end: 11 },
      ],
    });
    expect(parseString(String.raw`"\😀x"`)).toEqual({
      value: 'x',
      problems: [{ message: "invalid escape character '\\😀'", start: 1, end: 4 }],
    });
  });
});

describe('strings', () => {
  it('reads escapes for line feed, tab, return, quote and backslash', () => {
    expect(expression(String.raw`"a\n\t\r\"\\b"`)).toMatchObject({ value: 'a\n\t\r"\\b' });
  });
  it('[LEX-026] reads octal escapes of up to three digits', () => {
    expect(expression(String.raw`"\101\7x\0611"`)).toMatchObject({ value: 'A\u0007x11' });
    expect(errors(String.raw`begin { @ = "a\400"; }`)).toEqual([
      String.raw`14-18: octal escape sequence out of range '\400'`,
    ]);
  });
  it('[LEX-027] reads hexadecimal escapes of one or two digits', () => {
    expect(expression(String.raw`"\x41\XfFg\x4g"`)).toMatchObject({ value: 'A\u00ffg\u0004g' });
    expect(messages(String.raw`begin { @ = "\xg"; }`)).toEqual([
      String.raw`no digits in hex escape sequence '\x'`,
    ]);
  });
  it('[LEX-028] refuses other escapes, each at its own place', () => {
    expect(errors(String.raw`begin { @ = "\q a \y"; }`)).toEqual([
      String.raw`13-15: invalid escape character '\q'`,
      String.raw`18-20: invalid escape character '\y'`,
    ]);
  });
  it('keeps embedded NULs', () => {
    expect(expression(String.raw`"a\0b"`)).toMatchObject({ value: 'a\u0000b' });
  });
  it('holds one character a UTF-8 byte', () => {
    expect(expression('"é"')).toMatchObject({ value: '\u00c3\u00a9', text: '"é"' });
  });
  it('[LEX-030] refuses a string that its line does not end', () => {
    expect(errors('begin { print("abc); }\nend { exit(); }')).toEqual([
      '14-22: unterminated string',
    ]);
    expect(messages('begin { print("abc\\\n"); }')).toEqual(['unterminated string']);
  });
  it('[LEX-024] refuses character literals', () => {
    expect(errors("begin { @ = 'a'; }")).toEqual([
      '12-15: character literals are not part of the language',
    ]);
  });
});
