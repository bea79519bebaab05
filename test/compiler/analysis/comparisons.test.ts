/** Comparisons and operators beside the neighbours that they are told from: places, hints and the code behind them. */
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

/** Messages of a script with their places and hints. */
function told(script: string): readonly (readonly unknown[])[] {
  const { diagnostics, text } = analysed(script);
  return diagnostics.map(({ message, range, hints = [] }) => [
    message,
    text.slice(range?.start, range?.end),
    ...hints,
  ]);
}

/** What the last statement of a script assigns. */
const last = (script: string): unknown => {
  const statement = plain(body(script).at(-1)) as { readonly value: unknown };
  return statement.value;
};

describe('A comparison with zero', () => {
  const CAST = 'Cast it to a signed type first, such as (int64).';

  it.each([
    ['$u < 0', 'never'],
    ['$u >= 0', 'always'],
    ['0 > $u', 'never'],
    ['0 <= $u', 'always'],
  ])('without a sign: %s is %s true', (text, how) => {
    expect(told(`$u = (uint32)5; print(${text});`)).toEqual([
      [`This is ${how} true: a uint32 is not below 0`, text, CAST],
    ]);
  });

  it.each(['$u > 0', '$u <= 0', '0 < $u', '0 >= $u', '$u == 0', '$u != 0', '$u < 1', '$u >= 1'])(
    'may say something: %s',
    (text) => {
      expectNoWarnings(`$u = (uint32)5; print(${text});`);
    },
  );

  it('may say something of what has a sign, of what is no number, and of what the kernel knows', () => {
    expectNoWarnings('$s = (int32)5; print($s < 0); print(0 > $s);');
    expectNoWarnings('$b = true; print($b < 0);');
    expectNoWarnings('print(5 < 0);');
    expectNoWarnings('$u = (uint32)5; print($u < $u);');
  });
});

describe('Comparisons', () => {
  it('of bools are of bools, and of a bool and a number of 64 bits', () => {
    expect(last('$a = true; $b = false; $c = $a == $b;')).toMatchObject({
      ...{ operator: '==', left: { kind: 'variable' }, right: { kind: 'variable' } },
    });
    expect(last('$a = true; $b = (int64)1; $c = $a == $b;')).toMatchObject({
      left: { kind: 'cast', type: { kind: 'int', size: 8 } },
      right: { kind: 'variable' },
    });
  });

  it('of two signs of 64 bits warn of the one without', () => {
    const cast = 'Expression of type: uint64 being cast to type: int64.';
    expectWarning('$u = (uint64)1; $s = (int64)1; print($u < $s);', cast, '$u');
    expectWarning('$u = (uint64)1; $s = (int64)1; print($s < $u);', cast, '$u');
    expectNoWarnings('$u = (uint32)1; $s = (int64)1; print($s < $u);');
    expectNoWarnings('$u = (uint64)1; $v = (uint64)1; print($u < $v);');
  });

  it('of addresses are of 64 bits without sign', () => {
    for (const script of [
      '$p = curtask; $q = curtask; $c = $p == $q;',
      '$p = curtask; $n = (int64)5; $c = $p < $n;',
      '$p = curtask; $n = (int64)5; $c = $n >= $p;',
    ]) {
      const { left, right } = last(script) as Record<'left' | 'right', unknown>;
      for (const side of [left, right])
        expect(side).toMatchObject({ kind: 'cast', type: { kind: 'int', size: 8, signed: false } });
    }
    expectError('$p = curtask; $c = $p == "x";', 'The == operator can not be used', '$p == "x"');
    expectError('$p = curtask; $c = $p == (1, 2);', 'The == operator can not be used');
  });

  it('of tuples and records are == and !=, of types that have one in common', () => {
    expectTypes('$a = (1, 2) != (1, 300); $b = (x=1) == (x=300);', { $a: 'bool', $b: 'bool' });
    expectError('$t = (1, 2); $a = $t < $t;', 'The < operator can not be used', '$t < $t');
    expectError('$r = (x=1); $a = $r < $r;', 'The < operator can not be used', '$r < $r');
    expectError('$t = (1, 2); $r = (x=1); $a = $t == $r;', 'The == operator can not be used');
    expectError(
      '$t = (1, 2); $a = $t == (1, 2, 3);',
      "Type mismatch for '==': comparing (int8,int8) with (int8,int8,int8)",
      '$t == (1, 2, 3)',
    );
  });

  it('of arrays want as many numbers of one width, whatever their signs', () => {
    const arrays = '$a = (int8[4])(int32)5; $u = (uint8[4])(int32)5; $s = (int8[2])(int16)5;';
    expectNoWarnings(`${arrays} print($a == $u); print($a != $a);`);
    expectError(
      `${arrays} print($a == $s);`,
      'Only arrays of same size support comparison operators.',
      '$a == $s',
    );
    for (const operator of ['<', '<=', '>', '>='])
      expectError(
        `${arrays} print($a ${operator} $a);`,
        `The ${operator} operator cannot be used on arrays.`,
      );
  });

  it('of the name of the probe are known where it is', () => {
    expect(last('begin { $a = probe == "begin"; }')).toMatchObject({ kind: 'int', value: 1n });
    expect(last('begin { $a = probe != "begin"; }')).toMatchObject({ kind: 'int', value: 0n });
    expect(last('begin { $a = "end" == probe; }')).toMatchObject({ kind: 'int', value: 0n });
    expect(last('begin { $a = "end" != probe; }')).toMatchObject({ kind: 'int', value: 1n });
    expect(last('begin { $t = comm; $a = probe == $t; }')).toMatchObject({ kind: 'binary' });
    expect(last('kprobe:f { $a = func == "f"; }')).toMatchObject({ kind: 'int', value: 1n });
    expect(last('kprobe:f { $a = func != "f"; }')).toMatchObject({ kind: 'int', value: 0n });
    expect(last('kprobe:f { $a = "g" == func; }')).toMatchObject({ kind: 'int', value: 0n });
    expect(last('kprobe:f { $a = "g" != func; }')).toMatchObject({ kind: 'int', value: 1n });
  });

  it('hint at str() only where a string meets a parameter', () => {
    const hint = 'Use str($2) to treat $2 as a string';
    expect(told('$a = comm == $2;').map(([, , ...hints]) => hints)).toEqual([[hint]]);
    expect(told('$a = $2 == comm;').map(([, , ...hints]) => hints)).toEqual([[hint]]);
    expect(told('$a = $2 == (1, 2);').map(([, , ...hints]) => hints)).toEqual([[]]);
    expect(told('$a = comm == pid;').map(([, , ...hints]) => hints)).toEqual([[]]);
  });
});

describe('Operators on pointers', () => {
  const added = (script: string) => last(script) as { readonly operand: unknown };

  it('step by whole elements, known or not', () => {
    expect(added('$p = (int32 *)8; $q = $p - 3;').operand).toMatchObject({
      operator: '-',
      right: { kind: 'int', value: 12n },
    });
    expect(added('$p = (int32 *)8; $q = 3 + $p;').operand).toMatchObject({
      ...{ operator: '+', left: { kind: 'cast' }, right: { kind: 'int', value: 12n } },
    });
    expect(added('$p = (int32 *)8; $q = $p + -1;').operand).toMatchObject({
      right: { kind: 'int', value: 2n ** 64n - 4n },
    });
    expect(added('$p = (int32 *)8; $n = pid; $q = $p + $n;').operand).toMatchObject({
      right: { operator: '*', right: { kind: 'int', value: 4n } },
    });
    expect(added('$p = (int8 *)8; $n = pid; $q = $p + $n;').operand).toMatchObject({
      right: { kind: 'cast', operand: { kind: 'variable' } },
    });
    // The struct may have another size there.
    expect(added('$p = curtask; $q = $p + 1;').operand).toMatchObject({
      right: { operator: '*', right: { kind: 'int', value: 9792n } },
    });
  });

  it('are + and -, of a pointer and a number', () => {
    expectError('$p = (int32 *)8; $q = 3 - $p;', 'The - operator can not be used', '3 - $p');
    expectError('$p = (int32 *)8; $q = $p * 3;', 'The * operator can not be used', '$p * 3');
    expectError('$p = (int32 *)8; $q = $p + "x";', 'The + operator can not be used', '$p + "x"');
    expectError('$p = (int32 *)8; $q = $p + $p;', 'The + operator can not be used', '$p + $p');
  });
});

describe('Numbers of 64 bits without sign', () => {
  const cast = 'Expression of type: uint64 being cast to type: int64.';

  it('warn where they meet a sign, the left one first', () => {
    const values = '$u = (uint64)1; $s = (int64)1;';
    expectWarning(`${values} print($u + $s);`, cast, '$u');
    expectWarning(`${values} print($s + $u);`, cast, '$u');
    expectWarning(`${values} print($u - $s);`, cast, '$u');
    expectWarning(`${values} print($s - $u);`, cast, '$u');
    expectNoWarnings(`${values} print($u - $u); print($u - 5); print($u + 5);`);
    expectNoWarnings(`${values} print($u << $s); print($s << $u); print($u >> 1);`);
    expectNoWarnings('$u = (uint32)1; $s = (int64)1; print($u + $s); print($s - $u);');
  });

  it('give results of their sign, but for differences', () => {
    expectTypes(
      '$u = (uint64)1; $a = $u + 1; $b = $u - 1; $c = $u & ~7; $d = 1 + $u; $e = 5 << $u; $f = $u << 5;',
      { $a: 'uint64', $b: 'int64', $c: 'uint64', $d: 'uint64', $e: 'uint64', $f: 'uint64' },
    );
    expectTypes('$u = (uint64)1; $s = (int8)1; $a = $s << $u; $b = $s >> 1; $c = 5 << $s;', {
      $a: 'int64',
      $b: 'int64',
      $c: 'int64',
    });
  });
});

describe('Texts that are known', () => {
  it('are cut by a number that is not below zero, up to all of them', () => {
    expect(last('$a = "abc" + 0;')).toMatchObject({ kind: 'string', value: 'abc' });
    expect(last('$a = "abc" + 2;')).toMatchObject({ kind: 'string', value: 'c' });
    expectNoWarnings('print("abc" + 2);');
    expectWarning('print("abc" + 3);', 'literal string will always be empty', '"abc" + 3');
    expectError('$a = "abc" + -1;', 'The + operator can not be used', '"abc" + -1');
    expectError('$a = "abc" - 1;', 'The - operator can not be used', '"abc" - 1');
    expectError('$a = "abc" - "c";', 'The - operator can not be used', '"abc" - "c"');
    expectError('$a = "abc" + pid;', 'The + operator can not be used', '"abc" + pid');
    // Another kernel may have another number.
    expectError('$a = "abc" + APPLE;', 'The + operator can not be used', '"abc" + APPLE');
  });

  it('compare by their bytes', () => {
    const known = (text: string) => (last(`$a = ${text};`) as { readonly value: unknown }).value;
    expect(
      ['"a" == "a"', '"a" == "b"', '"a" != "a"', '"b" > "a"', '"a" >= "a"', '"ab" <= "a"'].map(
        known,
      ),
    ).toEqual([1n, 0n, 0n, 1n, 1n, 0n]);
  });
});

describe('Unary operators', () => {
  it('are worked out of what is known', () => {
    const known = (text: string) => last(`$a = ${text};`);
    expect(known('!5')).toMatchObject({ kind: 'int', type: { kind: 'bool' }, value: 0n });
    expect(known('!0')).toMatchObject({ kind: 'int', type: { kind: 'bool' }, value: 1n });
    expect(known('~5')).toMatchObject({ kind: 'int', value: -6n, flexible: true });
    expect(known('-5')).toMatchObject({ kind: 'int', value: -5n, flexible: false });
    expect(known('~-5')).toMatchObject({ kind: 'int', value: 4n, flexible: false });
  });

  it('on what only the kernel knows are worked out there', () => {
    for (const operator of ['-', '~'])
      expect(last(`$a = ${operator}APPLE;`)).toMatchObject({
        type: { size: 8, signed: true },
        atRunTime: { kind: 'unary', operator, operand: { value: 1n } },
      });
    expect(last('$a = APPLE + 1;')).toMatchObject({
      atRunTime: { kind: 'binary', operator: '+', left: { value: 1n }, right: { value: 1n } },
    });
    expect(last('$a = APPLE == 1;')).toMatchObject({ kind: 'binary', operator: '==' });
    expect(last('$a = 2 == 1;')).toMatchObject({ kind: 'int', value: 0n });
  });

  it('keep the sign of ~, and give - one', () => {
    expect(last('$u = (uint8)1; $a = ~$u;')).toMatchObject({ type: { signed: false, size: 8 } });
    expect(last('$u = (uint8)1; $a = -$u;')).toMatchObject({ type: { signed: true, size: 8 } });
    expect(last('$s = (int8)1; $a = ~$s;')).toMatchObject({ type: { signed: true, size: 8 } });
    expectError('$a = -comm;', 'The - operator can not be used on expressions of type', '-comm');
    expectError('$a = !comm;', 'Invalid condition: string[16]', 'comm');
  });
});

describe('A choice', () => {
  it('that is known leaves one branch, and the other is not looked at', () => {
    expect(last('$a = 0 ? $nothing : 7;')).toMatchObject({ kind: 'int', value: 7n });
    expect(last('$a = 1 ? 7 : $nothing;')).toMatchObject({ kind: 'int', value: 7n });
    expect(last('$a = 3 ?: $nothing;')).toMatchObject({ kind: 'int', value: 3n });
    expect(last('$a = 0 ?: 9;')).toMatchObject({ kind: 'int', value: 9n });
    expect(last('$a = 1 && 0;')).toMatchObject({ kind: 'int', value: 0n });
    expect(last('$a = 0 || 2;')).toMatchObject({ kind: 'int', value: 1n });
    expect(last('$a = 1 && pid;')).toMatchObject({ kind: 'cast', type: { kind: 'bool' } });
    expect(last('$a = 0 || pid;')).toMatchObject({ kind: 'cast', type: { kind: 'bool' } });
    expectError('$a = 1 && $nothing;', 'Undefined or undeclared variable: $nothing');
    expectError('$a = 0 || $nothing;', 'Undefined or undeclared variable: $nothing');
  });

  it('converts both branches to what they have in common', () => {
    expect(last('$a = pid ? (int8)1 : (int32)2;')).toMatchObject({
      ...{ kind: 'conditional', type: { size: 4 } },
      then: { kind: 'cast', type: { size: 4 } },
      else: { type: { size: 4 } },
    });
  });
});
