/** Scripts with several mistakes: each is reported once, and nothing that only follows from another. */
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../support/build.ts';

/** Every message with the text that it points to, in the order of the text. */
function mistakes(script: string): readonly string[] {
  return diagnose(script)
    .filter(({ severity }) => severity === 'error')
    .toSorted((one, other) => (one.range?.start ?? 0) - (other.range?.start ?? 0))
    .map(({ message, range }) => `${script.slice(range?.start, range?.end)}: ${message}`);
}

describe('syntax errors', () => {
  it('are found in every statement, parenthesis by parenthesis', () => {
    expect(
      mistakes(
        'BEGIN { $x = 1 +; $y = foo(; @z = 3 }\nEND { if ($x { print(1); } @q = ]; }\ninterval:s:1 { print(2; }',
      ),
    ).toEqual([
      ";: syntax: expected an expression, found ';'",
      ";: syntax: expected ')', found ';'",
      "{: syntax: expected ')', found '{'",
      "]: syntax: expected an expression, found ']'",
      ";: syntax: expected ',' or ')', found ';'",
    ]);
  });

  it('are found behind a broken item of any kind', () => {
    const broken = [
      [
        'tracepoint:x:y foo { }',
        "foo: syntax: expected ',', '/' or '{' after the probe, found 'foo'",
      ],
      ['let @m = 5;', "5: syntax: expected a name, found '5'"],
      ['macro m(5) { }', "5: syntax: expected ')', found '5'"],
      ['fn f(5) : int32 { }', "5: syntax: expected ')', found '5'"],
      ['config = { = 5 }', "=: syntax: expected '}', found '='"],
      ['}', "}: syntax: expected a probe, found '}'"],
      ['BEGIN / 1 + / { }', "/: syntax: expected an expression, found '/'"],
    ] as const;
    for (const [item, message] of broken)
      expect(mistakes(`${item}\nBEGIN { $x = ; }`), item).toEqual([
        message,
        ";: syntax: expected an expression, found ';'",
      ]);
  });

  it('are not made up behind a text or a brace that is not closed', () => {
    expect(mistakes('BEGIN { printf("a) ; $x = 1; }\nEND { @x = 5 ; $z = }')).toEqual([
      '"a) ; $x = 1; }: syntax: unterminated string',
    ]);
    expect(mistakes('BEGIN { if (1) { $x = 1;\nEND { @x = 5; }')).toHaveLength(1);
  });
});

describe('errors of meaning', () => {
  it('are found in all probes when an attach point of one is wrong', () => {
    expect(
      mistakes(
        'kprobe { print(1); }\nBEGIN { print(nope); }\ntracepoint:foo { }\nEND { @x = undefined(); }',
      ),
    ).toEqual([
      'kprobe: kprobes should be attached to a function or an address',
      "nope: Unknown identifier: 'nope'",
      'tracepoint:foo: tracepoint probe type requires 2 arguments, found 1',
      "undefined: Unknown function: 'undefined'",
    ]);
  });

  it('are found in a block when another of its attach points is wrong', () => {
    expect(
      mistakes(
        'tracepoint:syscalls:sys_enter_opn, tracepoint:syscalls:sys_enter_read { @a[args.cuont] = count(); $x = nope; }',
      ),
    ).toEqual([
      'tracepoint:syscalls:sys_enter_opn: No matches for tracepoint syscalls:sys_enter_opn.',
      "cuont: struct _tracepoint_syscalls_sys_enter_read does not contain a field named 'cuont'",
      "nope: Unknown identifier: 'nope'",
    ]);
  });

  it('do not repeat where a wrong value goes', () => {
    expect(
      mistakes(
        'BEGIN { $x = nope; print($x); $y = $x + 1; @m[$x] = 1; print(@m[1]); @a = $x; print(@a); }',
      ),
    ).toEqual(["nope: Unknown identifier: 'nope'"]);
  });

  it('do not call a map undefined that only a broken probe fills', () => {
    expect(
      mistakes('tracpoint:x:y { @z = count(); @n++; }\nEND { print(@z); clear(@n); print(@q); }'),
    ).toEqual(["tracpoint:x:y: Invalid provider: 'tracpoint'", '@q: Undefined map: @q']);
    expect(mistakes('END { print(@q); }')).toEqual(['@q: Undefined map: @q']);
  });

  it('are independent from statement to statement', () => {
    expect(
      mistakes(
        'BEGIN { @x = count(); @x = "s"; print(@y); print($z); printf("%d %s\\n", 1); @e = pid.foo; }',
      ),
    ).toEqual([
      "\"s\": Type mismatch for @x: trying to assign value of type 'string[2]' when map already has a type 'count_t'",
      '@y: Undefined map: @y',
      '$z: Undefined or undeclared variable: $z',
      'printf("%d %s\\n", 1): printf: Not enough arguments for format string (1 supplied, 2 expected)',
      "pid.foo: Can not access field 'foo' on expression of type 'uint32'",
    ]);
  });
});
