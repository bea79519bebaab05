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

describe('integer literals', () => {
  it('[TYP-001] have the smallest signed type that fits', () => {
    expectTypes('$a = 127; $b = 128; $c = 32768; $d = 2147483648; $e = -129;', {
      $a: 'int8',
      $b: 'int16',
      $c: 'int32',
      $d: 'int64',
      $e: 'int16',
    });
  });

  it('[TYP-003] are uint64 beyond the largest int64', () => {
    expectTypes('$a = 18446744073709551615; $b = 9223372036854775807;', {
      $a: 'uint64',
      $b: 'int64',
    });
  });

  it('[TYP-002] take the sign of the other operand without a warning', () => {
    expectNoWarnings('$a = (uint64)5; if ($a > 1) { print($a + 1); }');
    expectTypes('$a = (uint8)5; $b = $a + 1; $c = 2 * $a; $d = $a / 2;', {
      $b: 'uint64',
      $c: 'uint64',
      $d: 'uint64',
    });
  });

  it('mask an unsigned value when complemented, without a warning', () => {
    expectNoWarnings('$a = (uint64)5; print($a & ~7);');
    expectTypes('$a = (uint64)5; $b = $a & ~7;', { $b: 'uint64' });
  });

  it('do not stay flexible behind a variable', () => {
    expectWarning('$a = 1; $b = (uint64)2; print($a + $b);', 'type: uint64', '$b');
  });
});

describe('integer operators', () => {
  it('[TYP-008] calculate in 64 bits', () => {
    expectTypes('$a = (int8)1; $b = $a + $a; $c = (uint8)1; $d = $c * $c;', {
      $b: 'int64',
      $d: 'uint64',
    });
  });

  it('[TYP-004] [TYP-005] [TYP-006] are signed if either side is', () => {
    expectTypes(
      '$a = (int32)1; $b = (uint32)1; $c = (int64)1; $d = $a + $b; $e = $c | $b; $f = $a ^ $a;',
      { $d: 'int64', $e: 'int64', $f: 'int64' },
    );
    expectNoWarnings('$a = (int32)1; $b = (uint32)1; print($a + $b);');
  });

  it('[TYP-007] warn when 64 unsigned bits become signed', () => {
    expectWarning(
      '$a = (uint64)1; $b = (int64)1; print($a + $b);',
      'Expression of type: uint64 being cast to type: int64. This may cause unexpected results.',
      '$a',
    );
  });

  it('[TYP-009] subtract to a signed result', () => {
    expectTypes('$a = (uint32)1; $b = (uint32)2; $c = $a - $b;', { $c: 'int64' });
    expectNoWarnings('$a = (uint32)1; $b = (uint32)2; print($a - $b);');
    expectNoWarnings('$a = (uint64)1; $b = (uint64)2; print($a - $b); print($a - 1);');
    expectNoWarnings(
      '@start[tid] = nsecs; $d = nsecs - @start[tid]; print($d); print(elapsed - nsecs);',
    );
    expectWarning(
      '$a = (uint64)1; $b = (int64)2; print($a - $b);',
      'Expression of type: uint64 being cast to type: int64.',
      '$a',
    );
  });

  it('warn where what has no sign is compared with 0', () => {
    const never = 'This is never true: a uint64 is not below 0';
    expectWarning('if (nsecs < 0) { exit(); }', never, '(nsecs < 0)');
    expectWarning('if (0 > nsecs) { exit(); }', never, '(0 > nsecs)');
    expectWarning('uretprobe:/bin/sh:main /retval < 0/ { @ = count(); }', never, 'retval < 0');
    expectWarning('if (nsecs >= 0) { exit(); }', 'This is always true', '(nsecs >= 0)');
    expectNoWarnings('uretprobe:/bin/sh:main /(int32)retval < 0/ { @ = count(); }');
    expectNoWarnings('$a = (int64)1; if ($a < 0 && nsecs > 0 && nsecs <= 1) { exit(); }');
  });

  it('insert the conversions to the type of the operation', () => {
    const [, , print] = plain(body('$a = (int8)1; $b = (uint64)2; print($a - $b);')) as unknown[];
    expect(print).toMatchObject({
      expression: {
        args: [
          {
            kind: 'binary',
            type: { kind: 'int', size: 8, signed: true },
            left: { kind: 'cast', type: { size: 8, signed: true } },
            right: { kind: 'cast', type: { size: 8, signed: true } },
          },
        ],
      },
    });
  });

  it('shift by the sign of what is shifted', () => {
    expectTypes('$a = (uint64)1; $b = (int32)2; $c = $a >> $b; $d = $b << $a; $e = 1 << $b;', {
      $c: 'uint64',
      $d: 'int64',
      $e: 'int64',
    });
    expectNoWarnings('$a = (uint64)1; $b = (int32)2; print($a >> $b);');
  });

  it('give bool for two bools', () => {
    expectTypes('$a = true; $b = false; $c = $a & $b; $d = $a + 1;', { $c: 'bool', $d: 'int64' });
  });

  it('[TYP-017] take ints and pointers as conditions of logical operators', () => {
    expectTypes('$a = curtask; $b = 5; $c = $a && $b; $d = !$a; $e = $b || $a;', {
      $c: 'bool',
      $d: 'bool',
      $e: 'bool',
    });
  });

  it('keep the sign of ~ and make unary - signed', () => {
    expectTypes('$a = (uint32)1; $b = ~$a; $c = -$a; $d = (int8)1; $e = ~$d;', {
      $b: 'uint64',
      $c: 'int64',
      $e: 'int64',
    });
  });

  it('are refused on other types', () => {
    expectError(
      '$a = "x"; print($a * 2);',
      "The * operator can not be used on expressions of types 'string[2]', ",
      '$a * 2',
    );
    expectError(
      'print(~"x");',
      "The ~ operator can not be used on expressions of type 'string[2]'",
    );
  });
});

describe('pointers', () => {
  it('[TYP-026] move by the size of what they point to', () => {
    const [, statement] = plain(body('$a = (int32 *)0; $b = $a + 3;')) as unknown[];
    expect(statement).toMatchObject({
      value: {
        kind: 'cast',
        type: { kind: 'pointer' },
        operand: { kind: 'binary', operator: '+', right: { kind: 'int', value: 12n } },
      },
    });
    expectTypes('$a = (int32 *)0; $n = (uint64)1; $b = $n + $a; $c = $a - 1;', {
      $b: 'int32 *',
      $c: 'int32 *',
    });
  });

  it('are not subtracted from each other', () => {
    expectError('$a = (int32 *)0; $b = $a - $a;', 'The - operator can not be used', '$a - $a');
  });

  it('[TYP-027] warn when they compare with pointers to something else', () => {
    expectWarning(
      '$a = (int32 *)0; $b = (int64 *)0; if ($a == $b) { }',
      'comparison of distinct pointer types',
      '($a == $b)',
    );
    expectNoWarnings('$a = (int32 *)0; $b = (void *)0; if ($a == $b) { } if ($a == 0) { }');
  });
});

describe('comparisons', () => {
  it('[TYP-015] are signed if either side is', () => {
    const [, , statement] = plain(body('$a = (int8)1; $b = (uint32)2; $c = $a < $b;')) as unknown[];
    expect(statement).toMatchObject({
      value: {
        type: { kind: 'bool' },
        left: { kind: 'cast', type: { size: 8, signed: true } },
        right: { kind: 'cast', type: { size: 8, signed: true } },
      },
    });
  });

  it('[TYP-042] [TYP-043] of strings are == and != only', () => {
    expectTypes('$a = comm == "bash"; $b = comm != comm;', { $a: 'bool', $b: 'bool' });
    expectError('$a = comm < "bash";', 'The < operator can not be used on expressions of types');
  });

  it('hint at str() where a parameter is compared with a string', () => {
    const script = 'if (comm == $1) { }';
    expectError(script, 'The == operator can not be used');
    expect(analysed(script).diagnostics[0]?.hints).toEqual(['Use str($1) to treat $1 as a string']);
  });

  it('[TYP-049] of tuples promote element by element', () => {
    expectTypes('$a = (1, comm) == (pid, "bash");', { $a: 'bool' });
    expectError(
      '$a = (1, 2) == (1, "x");',
      "Type mismatch for '==': comparing (int8,int8) with (int8,string[2])",
    );
  });

  it('[TYP-048] of arrays want integers of the same size', () => {
    expectTypes('$a = curtask.bytes == curtask.bytes;', { $a: 'bool' });
    expectError(
      '$a = curtask.bytes == curtask.words;',
      'Only arrays of same sized integer support comparison operators.',
    );
    expectError('$a = curtask.bytes < curtask.bytes;', 'The < operator cannot be used on arrays.');
  });

  it('[GRM-072] associate to the left', () => {
    expectTypes('$a = 1 < 2 == 1;', { $a: 'bool' });
  });
});

describe('folding', () => {
  it('[GRM-082] reports results that fit no 64 bits', () => {
    const message = 'unable to fold literals due to overflow or underflow';
    expectError('$a = 18446744073709551615 + 1;', message, '18446744073709551615 + 1');
    expectError('$a = -9223372036854775807 - 2;', message);
    expectError('$a = 1 << 64;', message);
  });

  it('[LEX-022] accepts the smallest int64 and no less', () => {
    expectTypes('$a = -9223372036854775808;', { $a: 'int64' });
    expectError('$a = -9223372036854775809;', 'negative value will underflow');
  });

  it('reports the division of literals by zero', () => {
    expectError('$a = 5/0;', 'unable to fold literals due to division by zero', '5/0');
    expectError('$a = 5%0;', 'unable to fold literals due to division by zero');
  });

  it('divides towards zero and shifts with the sign', () => {
    const values = body('$a = -7 / 2; $b = -7 % 2; $c = -8 >> 1; $d = 2 + 3 * 4;').map((s) =>
      s.kind === 'assign-variable' && s.value.kind === 'int' ? s.value.value : undefined,
    );
    expect(values).toEqual([-3n, -1n, -4n, 14n]);
  });

  it('[GRM-083] joins, cuts and compares string literals', () => {
    const values = body('$a = "ab" + "c"; $b = "abc" + 1; $c = "a" < "b";').map((s) =>
      s.kind === 'assign-variable' && 'value' in s.value ? s.value.value : undefined,
    );
    expect(values).toEqual(['abc', 'bc', 1n]);
    expectWarning('print("ab" + 5);', 'literal string will always be empty', '"ab" + 5');
  });

  it('[GRM-084] leaves out branches that literals decide, unseen', () => {
    expectTypes('$a = false && $undefined; $b = true || $undefined;', { $a: 'bool', $b: 'bool' });
    expectNoWarnings('if (0) { print($undefined); } else { print(1); }');
    expectTypes('$c = 1 ? 5 : $undefined;', { $c: 'int8' });
  });
});

describe('conditional expressions', () => {
  it('have the common type of their branches', () => {
    expectTypes('$a = pid ? 1 : 300; $b = pid ? "a" : "abc"; $c = pid ? (uint64)1 : 2;', {
      $a: 'int16',
      $b: 'string[4]',
      $c: 'uint64',
    });
  });

  it('[TYP-078] report branches without a common type', () => {
    expectError(
      '$a = pid ? 1 : "x";',
      "Branches must return the same type or compatible types: have 'int8' and 'string[2]'",
    );
  });

  it('[GRM-070] evaluate the condition of ?: once', () => {
    expectTypes('$a = pid ?: 5;', { $a: 'uint32' });
    const [statement] = plain(body('$a = pid ?: 5;')) as unknown[];
    expect(statement).toMatchObject({
      value: { kind: 'block-value', statements: [{ kind: 'assign-variable' }] },
    });
  });

  it('[GRM-069] associate to the right', () => {
    expectTypes('$a = pid ? 1 : tid ? 2 : 300;', { $a: 'int16' });
  });

  it('become an if where they are statements without a value', () => {
    const [statement] = body('pid ? print(1) : print("x");');
    expect(statement?.kind).toBe('if');
  });

  it('[TYP-079] take ints, bools and pointers as conditions', () => {
    expectError('$a = comm ? 1 : 2;', 'Invalid condition: string[16]', 'comm');
    expectError('if ((1, 2)) { }', 'Invalid condition: (int8,int8)');
    expectError('if (pid = 1) { }', 'Invalid condition: (pid=int8)');
  });

  it('[GRM-051] [GRM-053] have forms as if and as block', () => {
    expectTypes('$a = if (pid) { 1 } else { 300 }; $b = { let $x = 5; $x + 1 };', {
      $a: 'int16',
      $b: 'int64',
    });
  });
});
