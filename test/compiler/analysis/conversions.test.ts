/** What becomes of a value where it is kept, cast or asked for: sizes and signs at their limits, with places and fixes. */
import { describe, expect, it } from 'vitest';
import {
  analysed,
  body,
  expectError,
  expectNoWarnings,
  expectTypes,
  expectWarning,
  plain,
} from './expect.ts';

/** The messages of a script, each with its text and the fixed one where there is a fix. */
function mended(script: string): readonly (readonly (string | undefined)[])[] {
  const { diagnostics, text } = analysed(script);
  return diagnostics.map(({ message, fixes: [fix] = [] }) => [
    message,
    fix && text.slice(0, fix.range.start) + fix.text + text.slice(fix.range.end),
  ]);
}

const assigned = (script: string): unknown =>
  (plain(body(script).at(-1)) as { readonly value: unknown }).value;

describe('A number that is kept in one of another type', () => {
  const cast = (from: string, to: string) =>
    `Expression of type: ${from} being cast to type: ${to}.`;

  it.each([
    ['uint8', 'int16'],
    ['uint8', 'uint8'],
    ['int8', 'int64'],
    ['uint32', 'int64'],
    ['uint32', 'uint64'],
  ])('fits from %s into %s', (from, to) => {
    expectNoWarnings(`$v = (${from})1; let $x: ${to} = $v; print($x);`);
  });

  it.each([
    ['int8', 'uint8'],
    ['int8', 'uint64'],
    ['uint8', 'int8'],
    ['uint64', 'int64'],
    ['int64', 'int32'],
    ['uint16', 'uint8'],
  ])('may not fit from %s into %s', (from, to) => {
    expectWarning(`$v = (${from})1; let $x: ${to} = $v; print($x);`, cast(from, to), '$v');
  });

  it('is cast by a fix where it is one operand', () => {
    expect(mended('$v = (int64)1; let $x: int8 = $v; print($x);')).toEqual([
      [
        `${cast('int64', 'int8')} This may cause unexpected results.`,
        'begin { $v = (int64)1; let $x: int8 = (int8)$v; print($x); }',
      ],
    ]);
    expect(mended('$v = (int64)1; let $x: int8 = $v + 1; print($x);')).toEqual([
      [`${cast('int64', 'int8')} This may cause unexpected results.`, undefined],
    ]);
  });

  it('that is known has to fit', () => {
    for (const [type, least, most] of [
      ['int8', -128, 127],
      ['uint8', 0, 255],
      ['int16', -32768, 32767],
      ['uint32', 0, 4294967295],
    ] as const) {
      expectNoWarnings(`let $x: ${type} = ${most}; let $y: ${type} = ${least}; print(($x, $y));`);
      for (const value of [most + 1, least - 1])
        expectError(
          `let $x: ${type} = ${value}; print($x);`,
          `when variable already has a type '${type}'`,
          String(value),
        );
    }
  });

  it('that is a parameter takes any type, as far as the loader knows', () => {
    expectNoWarnings('let $x: uint8 = $1; print($x);');
    expectNoWarnings('let $x: uint64 = $#; print($x);');
  });

  it('of a declared type is no text, pointer or enum', () => {
    for (const value of ['comm', 'curtask', '(1, 2)'])
      expectError(`let $x: int64 = ${value}; print($x);`, "already has a type 'int64'", value);
    expectError('let $x: enum fruit = 1; print($x);', "already has a type 'enum fruit'", '1');
    expectTypes('let $x: enum fruit = (enum fruit)1; print($x);', { $x: 'enum fruit' });
    expectTypes('let $x: int64 = APPLE; let $y: int64 = true; print(($x, $y));', { $x: 'int64' });
  });
});

describe('A conversion', () => {
  it('of what is known is the value in that type, and of others a cast', () => {
    expect(assigned('let $x: bool = 5 == 5;')).toMatchObject({ kind: 'int', value: 1n });
    expect(assigned('@x = (uint64)5; @x = 7;')).toMatchObject({
      ...{ kind: 'int', value: 7n, type: { size: 8, signed: false } },
    });
    expect(assigned('@x = "abc"; @x = "a";')).toMatchObject({
      ...{ kind: 'string', value: 'a', type: { size: 4 } },
    });
    expect(assigned('@x = (300, "abc"); @x = (1, "a");')).toMatchObject({
      kind: 'tuple',
      elements: [
        { kind: 'int', value: 1n, type: { size: 2 } },
        { kind: 'string', value: 'a', type: { size: 4 } },
      ],
    });
    expect(assigned('@x = (300, 1); $t = (1, 2); @x = $t;')).toMatchObject({
      ...{ kind: 'cast', operand: { kind: 'variable' } },
    });
  });

  it('of a record takes its fields in the order in which they are written', () => {
    expect(assigned('@r = (a=1, b=300); @r = (a=2, b=3);')).toMatchObject({
      kind: 'record',
      fields: [{ name: 'a' }, { name: 'b', value: { value: 3n, type: { size: 2 } } }],
    });
    expect(assigned('@r = (a=1, b=300); @r = (b=3, a=2);')).toMatchObject({
      kind: 'cast',
      type: { fields: [{ name: 'a' }, { name: 'b' }] },
      operand: {
        ...{ kind: 'record', type: { fields: [{ name: 'b' }, { name: 'a' }] } },
        fields: [{ name: 'b', value: { value: 3n, type: { size: 2 } } }, { name: 'a' }],
      },
    });
  });

  it('to a condition is one to bool, of numbers and pointers alone', () => {
    for (const text of ['$x', 'curtask', 'APPLE'])
      expect(plain(body(`$x = 5; if (${text}) { }`).at(-1))).toMatchObject({
        condition: { type: { kind: 'bool' } },
      });
    expect(analysed('if (comm) { }').diagnostics[0]?.hints).toEqual([
      'Compare it (with ""), or cast it with (bool).',
    ]);
    expect(mended('if (pid = 1) { }')).toEqual([
      ['Invalid condition: (pid=int8)', 'begin { if (pid == 1) { } }'],
    ]);
    expect(mended('$t = (1, 2); if ($t) { }')).toEqual([
      ['Invalid condition: (int8,int8)', undefined],
    ]);
  });
});

describe('A cast', () => {
  it('to an array takes as many bytes, or more up to eight of a number', () => {
    expectTypes('$a = (uint8[4])(int32)5; $b = (uint8[8])(int32)5; $c = (uint8[1])true;', {
      $a: 'uint8[4]',
      $b: 'uint8[8]',
      $c: 'uint8[1]',
    });
    expectError('$a = (uint8[9])(int32)5;', '4 bytes do not make 9', '(uint8[9])(int32)5');
    expectError('$a = (uint8[3])(int32)5;', '4 bytes do not make 3');
    expectError('$a = (uint16[8])(int64)5;', '8 bytes do not make 16');
  });

  it('of a text to an array takes at least as many bytes, of numbers of one', () => {
    expectTypes('$a = (int8[4])"abc"; $b = (uint8[20])"abc"; $c = (int8[])comm;', {
      $a: 'int8[4]',
      $b: 'uint8[20]',
      $c: 'int8[16]',
    });
    expectError('$a = (int8[3])"abc";', '4 bytes do not make 3', '(int8[3])"abc"');
    expectError('$a = (int16[2])"abc";', 'Cannot cast from "string[4]" to "int16[2]"');
    expectError('$a = (int16[])"abc";', 'Cannot cast from "string[4]" to "int16[]"');
  });

  it('without a size takes what fits, if it is a multiple', () => {
    expectTypes('$a = (uint16[])(int64)5; $b = (uint64[])(int64)5;', {
      $a: 'uint16[4]',
      $b: 'uint64[1]',
    });
    expectError(
      '$a = (uint64[])(int32)5;',
      'The number of elements of "uint64[]" cannot be determined: 4 bytes are not a multiple of 8',
      '(uint64[])(int32)5',
    );
  });

  it('of an array to a number is of all of its bytes', () => {
    expectTypes('$a = (uint8[4])(int32)5; $b = (int32)$a; $c = (uint32)$a;', { $b: 'int32' });
    expectError(
      '$a = (uint8[4])(int32)5; $b = (int64)$a;',
      'Cannot cast from "uint8[4]" to "int64"',
    );
    expectError(
      '$a = (uint8[4])(int32)5; $b = (int16)$a;',
      'Cannot cast from "uint8[4]" to "int16"',
    );
    expectError('$a = (bool)(1, 2);', 'Cannot cast from "(int8,int8)" to "bool"', '(bool)(1, 2)');
  });

  it('of a text takes no fewer bytes', () => {
    expectTypes('$a = (string[16])comm; $b = (string[17])comm; $c = (string)comm;', {
      $a: 'string[16]',
      $b: 'string[17]',
      $c: 'string[16]',
    });
    expectError('$a = (string[15])comm;', 'Cannot cast from "string[16]" to "string[15]"');
    expectError('$a = (string[4])pid;', 'Cannot cast from "uint32" to "string[4]"');
  });

  it('to a struct is told to go by way of a pointer, by a fix', () => {
    expect(mended('$a = (struct task_struct)curtask;')).toEqual([
      [
        'Cannot cast from "struct task_struct *" to "struct task_struct"',
        'begin { $a = *(struct task_struct *)curtask; }',
      ],
    ]);
  });

  it('that changes nothing is left out by a fix, and has none where it is customary', () => {
    expect(mended('$a = (uint32)pid;')).toEqual([
      ['Unnecessary cast: expression is already of type uint32', 'begin { $a = pid; }'],
    ]);
    expectNoWarnings('$a = (int8)5; @n = pid; $b = (uint32)@n;');
    expect(assigned('@n = pid; $b = (uint32)@n;')).toMatchObject({ kind: 'map' });
    expect(assigned('$b = (int8)5;')).toMatchObject({ kind: 'cast', operand: { kind: 'int' } });
  });

  it('of a number to a pointer is of its own sign', () => {
    expect(assigned('$n = (int32)-1; $a = (int8 *)$n;')).toMatchObject({
      ...{ kind: 'cast', type: { kind: 'pointer' } },
      operand: { kind: 'cast', type: { size: 8, signed: false }, operand: { kind: 'variable' } },
    });
  });
});

describe('An assignment', () => {
  it('to a variable holds structs of up to 4,096 bytes', () => {
    const script = (size: number) =>
      `struct big { char bytes[${size}]; } kprobe:f { $a = *(struct big *)arg0; }`;
    expectNoWarnings(script(4096));
    expectError(
      script(4097),
      "A value of type 'struct big' is too large for a variable (4097 bytes)",
      '*(struct big *)arg0',
    );
  });

  it('of an aggregation goes into the branches of a choice', () => {
    expect(plain(body('@ = if (pid) { sum(1) } else { $x = 5; sum($x) };'))).toMatchObject([
      {
        kind: 'if',
        condition: { type: { kind: 'bool' } },
        then: { statements: [{ kind: 'aggregate', map: '@' }] },
        else: { statements: [{ kind: 'assign-variable' }, { kind: 'aggregate' }] },
      },
    ]);
    expect(plain(body('@ = { $x = 5; sum($x) };'))).toMatchObject([
      { kind: 'block', statements: [{ kind: 'assign-variable' }, { kind: 'aggregate' }] },
    ]);
    expect(
      plain(body('@ = if (pid) { sum(1) } else if (tid) { sum(2) } else { sum(3) };')),
    ).toMatchObject([
      {
        kind: 'if',
        else: {
          kind: 'block',
          statements: [{ kind: 'if', else: { statements: [{ kind: 'aggregate' }] } }],
        },
      },
    ]);
  });

  it('of an aggregation wants a value in each branch', () => {
    expectError('@ = if (pid) { sum(1) };', 'An if that is used as a value needs an else');
    expectError(
      '@ = if (pid) { sum(1) } else { $x = 2; };',
      "Block has no value: its last expression must not end with ';'",
      '{ $x = 2; }',
    );
  });

  it('of one map to another wants to know that a number is meant', () => {
    expect(mended('@c = count(); @d = @c;')).toEqual([
      [
        "Map value 'count_t' cannot be assigned from one map to another.",
        'begin { @c = count(); @d = (int64)@c; }',
      ],
    ]);
    expectNoWarnings('@d = (int64)0; @c = count(); @d = @c;');
    expectNoWarnings('@d[1] = comm; @c[1] = @d[1];');
    const { diagnostics } = analysed('@c[1] = count(); @d = @c[1];');
    expect(diagnostics[0]?.hints).toEqual(['Cast it to an integer: @d = (int64)@c[...]']);
  });

  it('goes to variables and maps alone', () => {
    const hints = (script: string) => analysed(script).diagnostics.map((each) => each.hints);
    expect(hints('pid = 3;')).toEqual([['Only variables and maps can be assigned to.']]);
    expect(hints('x = 3;')).toEqual([
      ['Only variables and maps can be assigned to.', "Variables begin with '$'."],
    ]);
    expectError('curtask.pid = 3;', 'Fields of structs cannot be assigned either', 'curtask.pid');
  });

  it('of what a map holds together with another value counts a missing one as nothing', () => {
    for (const operator of ['<<', '>>', '+', '-', '*', '/', '%', '&', '|', '^'])
      expect(plain(body(`@a[1] = (int64)1; @a[1] ${operator}= 2;`).at(-1))).toMatchObject({
        ...{ kind: 'assign-map', map: '@a', key: { value: 1n } },
        value: { kind: 'binary', operator, left: { kind: 'map', key: { value: 1n } } },
      });
    expectTypes('@s = sum(pid); @t = (uint64)1; @t += @s;', { '@t': 'uint64' });
    expectError('@s = hist(pid); @s += 1;', 'hist_t', '@s');
  });
});

describe('A declaration', () => {
  it('of a text without size takes that of what is assigned, and nothing but text', () => {
    expectTypes('let $a: string; $a = "abc"; $a = "abcde";', { $a: 'string[6]' });
    expectError(
      'let $a: string; $a = 5;',
      "Type mismatch for $a: trying to assign value of type 'int8'",
    );
  });

  it('without a value holds nothing of its type', () => {
    expect(plain(body('let $p: int32 *; let $e: enum fruit;'))).toMatchObject([
      { kind: 'assign-variable', value: { kind: 'zero', type: { kind: 'pointer' } } },
      { kind: 'assign-variable', value: { kind: 'zero', type: { kind: 'enum' } } },
    ]);
    expect(plain(body('let $p: int32 = 5;'))).toMatchObject([{ value: { value: 5n } }]);
    expect(body('let $p: int32 = 5;')).toHaveLength(1);
  });
});

describe('A step', () => {
  it('makes 64 bits of a number, of its sign', () => {
    expectTypes('$a = (uint8)1; $a++; $b = (int8)1; --$b; @c = (uint16)1; @c++;', {
      $a: 'uint64',
      $b: 'int64',
      '@c': 'uint64',
    });
    expectTypes('let $a: uint8 = 1; $a++;', { $a: 'uint8' });
    expect(plain(body('@a[1] = 1; ++@a[1]; @a[1]--;'))).toMatchObject([
      {},
      {
        expression: {
          kind: 'step',
          prefix: true,
          step: 1,
          target: { map: '@a', key: { value: 1n } },
        },
      },
      { expression: { kind: 'step', prefix: false, step: -1 } },
    ]);
    expect(plain(body('@p = (int32 *)8; @p++;').at(-1))).toMatchObject({
      expression: { type: { kind: 'pointer' }, size: { value: 4n } },
    });
  });

  it('is none of bools, texts and aggregations, nor of what is no place', () => {
    expectError(
      '$a = true; $a++;',
      "The ++ operator can not be used on expressions of type 'bool'",
      '$a++',
    );
    expectError(
      '@a = comm; --@a;',
      "The -- operator can not be used on expressions of type 'string[16]'",
      '--@a',
    );
    expectError(
      '@c = count(); @c++;',
      "The ++ operator can not be used on expressions of type 'count_t'",
      '@c++',
    );
    expectError('pid++;', 'The ++ operator must be applied to a map or variable', 'pid++');
    expect(analysed('i++;').diagnostics[0]?.hints).toEqual(["Variables begin with '$'."]);
  });
});
