/** Tokens: how scripts spell things, and what the kernel makes of them. */

import { describe, expect, it } from 'vitest';
import { errors } from '../support/diagnostics.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';
import { output, printed, prints } from '../support/script.ts';

needs('root').describe('layout', () => {
  it('[LEX-001] skips a shebang, which is line 1', async () => {
    expect(await output('#!/usr/bin/env bpfscript\nBEGIN { printf("on"); }')).toBe('on\n\n');
    const result = await run('#!/usr/bin/env x\nBEGIN { $z = (uint64)$1; print(5 / $z); }', {
      signal: 'none',
    });
    expect(result.stderr).toContain('stdin:2:32-38: WARNING: Divide or modulo by 0 detected.');
    expect(errors('BEGIN { }\n#!x\n')).not.toEqual([]);
  });

  it('[LEX-002] [LEX-003] takes comments between any tokens', async () => {
    const script = `// first
BEGIN/* a */// b
/ /* c */ 1 // d
== /* e
f */ 1 / // g
/* h */ { /* i */ printf /* j */ ( // k
"%d%s" /* l */ , // m
/**/ 1 /* * / */ , "/* no */" ) /* n */ ; /* { */ } // {`;
    expect(await output(script)).toBe('1/* no */\n\n');
    expect(errors('BEGIN { } /* never\nends')).toEqual(['syntax: unterminated comment @ /*']);
    expect(errors('BEGIN { /* a /* b */ c */ }')).not.toEqual([]);
  });
});

needs('root').describe('names', () => {
  prints([
    [
      '[LEX-004] begin with a letter or underscore and go on with digits',
      '$_ = 1; $_a1 = 2; $A_9z = 3; @_7 = 4; printf("%d %d %d %d", $_, $_a1, $A_9z, @_7); clear(@_7);',
      '1 2 3 4',
    ],
    [
      '[LEX-005] may be words of the language',
      '$if = 1; @for = 2; $let = (import = 3, while = 4); printf("%d %d %d %d", $if, @for, $let.import, $let.while); clear(@for);',
      '1 2 3 4',
    ],
  ]);

  it('[LEX-004] do not begin with a digit', () => {
    expect(errors('BEGIN { $1a = 1; }')).not.toEqual([]);
  });

  it('[LEX-006] the map without a name', async () => {
    expect(await output('BEGIN { @ = 1; @++; }')).toBe('\n\n@: 2\n');
    expect(await output('BEGIN { @["a"] = 1; }')).toBe('\n\n@[a]: 1\n');
  });
});

needs('root').describe('numbers', () => {
  prints([
    [
      '[LEX-007] [LEX-009] [LEX-011] decimal, hex, octal',
      'print((1_000_000, 0xFF_ff, 0XaB, 0777, 0, 00));',
      '(1000000, 65535, 171, 511, 0, 0)',
    ],
    ['[LEX-010] a suffix on hex is accepted', 'print((0x10UL, 0x10u));', '(16, 16)'],
    ['[LEX-013] scientific', 'print((5e3, 9E1, 1e18));', '(5000, 90, 1000000000000000000)'],
    [
      '[LEX-017] suffixes of types, in both cases',
      'print((4294967295u, 18446744073709551615ul, 7ULL, 9223372036854775807l, 8LL));',
      '(4294967295, 18446744073709551615, 7, 9223372036854775807, 8)',
    ],
    [
      '[LEX-018] [LEX-019] durations are nanoseconds',
      'print((7ns, 3us, 5ms, 2s, 2m, 2h, 1d));',
      '(7, 3000, 5000000, 2000000000, 120000000000, 7200000000000, 86400000000000)',
    ],
    [
      '[LEX-021] [LEX-022] the largest and the smallest',
      'print((18446744073709551615, -9223372036854775808));',
      '(18446744073709551615, -9223372036854775808)',
    ],
  ]);

  it('[LEX-012] parameters have all forms, binary too', async () => {
    const forms = ['0b101', '0x1F', '-5', '5e3', '1_000', '10ul', '5ms', '017', '-0x10', '0b1_0'];
    expect(
      await printed('print(($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)); print($11); print($12);', [
        ...forms,
        '9223372036854775807',
        '-9223372036854775808',
      ]),
    ).toBe(
      '(5, 31, -5, 5000, 1000, 10, 5000000, 15, -16, 2)\n9223372036854775807\n-9223372036854775808',
    );
  });

  it('[LEX-012] are refused where they are none', async () => {
    for (const text of ['abc', '0b2', '1_', '10e3', '99999999999999999999', '5q', '']) {
      const result = await run('BEGIN { print($1); }', { signal: 'none', parameters: [text, 'x'] });
      if (text === '') expect(result.stdout).toBe('0\n\n\n');
      else {
        expect(result.status).toBe(2);
        expect(result.stderr).toContain(
          `Positional parameter $1 is used as a number, but "${text}" is none.`,
        );
      }
    }
  });
});

describe('numbers that are none', () => {
  const max = 18446744073709551615n;
  const rows: readonly (readonly [title: string, literal: string, message: string])[] = [
    ['[LEX-008] a trailing underscore', '1_', "trailing '_' in integer literal: 1_"],
    [
      '[LEX-014] a coefficient of two digits',
      '10e3',
      'coefficient part of scientific literal must be 1-9: 10e3',
    ],
    ['[LEX-015] an exponent of 0', '1e0', "invalid suffix 'e0': 1e0"],
    [
      '[LEX-016] u beyond 32 bits',
      '4294967296u',
      'overflow error, maximum value is 4294967295: 4294967296u',
    ],
    [
      '[LEX-017] l beyond 63 bits',
      '9223372036854775808l',
      'overflow error, maximum value is 9223372036854775807: 9223372036854775808l',
    ],
    [
      '[LEX-017] ull beyond 64 bits',
      '18446744073709551616ull',
      `overflow error, maximum value is ${max}: 18446744073709551616ull`,
    ],
    [
      '[LEX-020] a duration beyond 64 bits',
      '999999999d',
      `overflow error, maximum value is ${max}: 999999999d`,
    ],
    [
      '[LEX-021] one more than the largest',
      '18446744073709551616',
      `overflow error, maximum value is ${max}: 18446744073709551616`,
    ],
    ['[LEX-011] a digit that octal has not', '018', "invalid digit '8' in octal literal: 018"],
    ['[LEX-009] hex without digits', '0x', "no digits after '0x': 0x"],
    ['an unknown suffix', '1q', "invalid suffix 'q': 1q"],
    ['[LEX-023] floating point', '1.5', 'floating-point numbers are not part of the language'],
    ['[LEX-024] characters', "'a'", 'character literals are not part of the language'],
    ['[LEX-031] parameter 0', '$0', 'positional parameter $0 is out of range'],
  ];
  for (const [title, literal, message] of rows)
    it(title, () => {
      expect(errors(`BEGIN { print(${literal}); }`)).toEqual([`syntax: ${message} @ ${literal}`]);
    });

  it('[LEX-022] one less than the smallest', () => {
    expect(errors('BEGIN { print(-9223372036854775809); }')).toEqual([
      'negative value will underflow @ -9223372036854775809',
    ]);
  });
});

needs('root').describe('strings', () => {
  prints([
    ['[LEX-025] simple escapes', 'printf("a\\nb\\tc\\rd\\"e\\\\f");', 'a\nb\tc\rd"e\\f'],
    ['[LEX-026] octal escapes', 'printf("\\101\\60\\7\\1012");', 'A0\u0007A2'],
    ['[LEX-027] hex escapes', 'printf("\\x41\\X4a\\x9\\x41f");', 'AJ\tAf'],
    [
      '[LEX-029] a NUL ends what prints, not the string',
      '$s = "a\\0b"; printf("%d [%s] %d %r", sizeof($s), $s, $s[2], buf($s, 4));',
      '4 [a] 98 a\\x00b\\x00',
    ],
    ['bytes of UTF-8', 'printf("%d %s", sizeof("é"), "é");', '3 \u00c3\u00a9'],
  ]);

  it('[LEX-026] [LEX-027] [LEX-028] wrong escapes', () => {
    expect(errors('BEGIN { print("a\\q"); print("\\400"); print("\\xg"); print("\\8"); }')).toEqual(
      [
        "syntax: invalid escape character '\\q' @ \\q",
        "syntax: octal escape sequence out of range '\\400' @ \\400",
        "syntax: no digits in hex escape sequence '\\x' @ \\x",
        "syntax: invalid escape character '\\8' @ \\8",
      ],
    );
  });

  it('[LEX-030] a string ends on its line', () => {
    expect(errors('BEGIN { print("a\n"); }')).toEqual(['syntax: unterminated string @ "a']);
  });
});

needs('root').describe('sigils and operators', () => {
  it('[LEX-031] [LEX-032] parameters and their number', async () => {
    expect(await printed('printf("%d %d %d", $2, $1, $#);', ['4', '5', 'x'])).toBe('5 4 3');
    expect(await printed('printf("%d", $#);')).toBe('0');
  });

  it('[LEX-033] -> is the same as .', async () => {
    expect(
      await printed(
        '$t = curtask; printf("%d %d %d", $t->pid == $t.pid, $t->real_parent->tgid == $t.real_parent.tgid, $t->pid == tid);',
      ),
    ).toBe('1 1 1');
  });

  it('[LEX-034] a slash before a brace closes the predicate; others divide', async () => {
    expect(
      await output(
        'BEGIN /8/2 == 4/ { $a = 8; printf("%d", $a / 2 /2); } BEGIN /4/ 3 // x\n/{ printf("!"); }',
      ),
    ).toBe('2!\n\n');
    expect(errors('BEGIN { $a = 8; $b = $a / {1}; }')).toEqual([
      "syntax: expected ';', found '/' @ /",
    ]);
  });
});
