/** Types and conversions, as scripts see them when the kernel runs them. */

import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

/** Rows of [what a script says, the body of BEGIN, the lines that it prints]. */
function prints(rows: readonly (readonly [string, string, readonly string[]])[]): void {
  for (const [title, body, lines] of rows) {
    it(title, async () => {
      const result = await run(`BEGIN { ${body} exit(); }`, { signal: 'none' });
      expect(result.stderr).not.toContain('ERROR');
      expect(result.stdout.trimEnd().split('\n')).toEqual(lines);
    });
  }
}

needs('root').describe('integers', () => {
  prints([
    [
      '[TYP-001] literals have the smallest signed type',
      'print((sizeof(127), sizeof(128), sizeof(32767), sizeof(32768), sizeof(2147483648), sizeof(-128), sizeof(-129)));',
      ['(1, 2, 2, 4, 8, 1, 2)'],
    ],
    [
      '[TYP-002] a literal takes the sign of the other side',
      '$u = (uint8)200; print(($u > 100, $u + 100, $u == 200));',
      ['(true, 300, true)'],
    ],
    [
      '[TYP-003] literals beyond int64 are unsigned',
      '$x = 18446744073709551615; print($x); print($x > 1);',
      ['18446744073709551615', 'true'],
    ],
    [
      '[TYP-004] [TYP-005] [TYP-006] variables widen to what holds every value',
      '$a = (int8)1; $a = (int32)70000; $b = (uint32)4000000000; $b = (int64)-1; $c = (int32)-1; $c = (uint32)4000000000; print((sizeof($a), sizeof($b), sizeof($c))); print(($a, $b, $c));',
      ['(4, 8, 8)', '(70000, -1, 4000000000)'],
    ],
    [
      '[TYP-007] 64 bits of both signs meet as int64',
      '$a = (uint64)18446744073709551615; $b = (int64)1; print($a + $b); print($a > $b);',
      ['0', 'false'],
    ],
    [
      '[TYP-008] [TYP-009] arithmetic has 64 bits, differences are signed',
      '$a = (int8)127; $b = (uint32)1; $c = (uint32)2; print(($a + $a, $a * $a * $a, $b - $c, ($b - $c) < 0));',
      ['(254, 2048383, -1, true)'],
    ],
    [
      '[TYP-010] [TYP-011] signed division and modulo are those of C',
      '$a = -7; $b = 2; $c = (int64)-7; $d = (int64)-2; print(($a / $b, $a % $b, $c / $d, $c % $d, $b / $a));',
      ['(-3, -1, 3, -1, 0)'],
    ],
    [
      '[TYP-014] shifts to the right keep the sign of signed values',
      '$a = -8; $b = (uint64)18446744073709551608; print(($a >> 1, $b >> 1, $a << 1));',
      ['(-4, 9223372036854775804, -16)'],
    ],
    [
      '[TYP-015] comparisons are signed if either side is',
      '$s = -1; $u = (uint32)1; $v = (uint8)255; $w = (int8)-1; print(($s < $u, $v > $w, $v == $w, (uint8)$w == $v));',
      ['(true, true, false, true)'],
    ],
    [
      '[TYP-016] booleans have a type of their own',
      '$t = true; $f = 1 > 2; print($t); print(($t, $f, sizeof($t))); @b[$t] = $f; print(@b[true]);',
      ['true', '(true, false, 1)', 'false', '', '', '@b[true]: false'],
    ],
    [
      '[TYP-017] logic takes integers, booleans and pointers',
      '$i = 2; $z = 0; $p = curtask; $n = (int8 *)0; print(($i && $p, $z || $n, !$p, !$z, !$n, $i && true, 2 && 1));',
      ['(true, false, false, true, true, true, true)'],
    ],
    [
      '[TYP-018] casts cut, and extend by the sign of what they are given',
      '$v = 511; $n = (int8)-1; print(((int8)255, (int8)$v, (uint8)$v, (uint16)$n, (uint64)(int32)-1, (int64)(uint32)$n, (bool)$v, (int8)true));',
      ['(-1, -1, 255, 65535, 18446744073709551615, 4294967295, true, 1)'],
    ],
    [
      '[TYP-019] a string is true when it is not empty',
      '$s = "a"; $e = ""; print(((bool)$s, (bool)$e, (bool)comm, (bool)"x")); if ((bool)$e) { print(1); }',
      ['(true, false, true, true)'],
    ],
  ]);

  it('[TYP-012] [TYP-013] dividing by zero gives 1 and a warning that names the place', async () => {
    const script = 'BEGIN { $z = $1; print((7 / $z, 7 % $z, -7 / $z)); exit(); }';
    const result = await run(script, { signal: 'none', parameters: ['0'] });
    expect(result.stdout.trimEnd()).toBe('(1, 1, 1)');
    for (const place of ['1:25-31', '1:33-39', '1:41-48']) {
      expect(result.stderr).toContain(
        `stdin:${place}: WARNING: Divide or modulo by 0 detected. This can lead to unexpected results. 1 is being used as the result.`,
      );
    }
  });
});

needs('root').describe('arrays', () => {
  prints([
    [
      '[TYP-020] an integer is an array of smaller ones',
      '$x = (uint64)0x0807060504030201; print((uint8[8])$x); print((uint16[])$x); print((int32[2])$x); print((int8[8])(int16)-2);',
      ['[1,2,3,4,5,6,7,8]', '[513,1027,1541,2055]', '[67305985,134678021]', '[-2,-1,0,0,0,0,0,0]'],
    ],
    [
      '[TYP-021] an array of integers is an integer, first element lowest',
      '$a = (uint8[4])(uint32)0x04030201; $s = (int8[2])(int16)-2; printf("%x %d\\n", (uint32)$a, (int16)$s);',
      ['4030201 -2'],
    ],
    [
      '[TYP-022] a string is an array of bytes',
      '$s = "xyz"; $a = (uint8[4])$s; print($a); print((int8[])"ab"); print($a[1]); print((uint8[6])"ab");',
      ['[120,121,122,0]', '[97,98,0]', '121', '[97,98,0,0,0,0]'],
    ],
    [
      '[TYP-048] arrays of integers compare',
      '$a = (uint8[4])(uint32)5; $b = (uint8[4])(uint32)5; $c = (int8[4])(uint32)6; print(($a == $b, $a != $b, $a == $c));',
      ['(true, false, false)'],
    ],
    [
      'arrays are keys and values',
      '$a = (uint16[2])(uint32)65538; @k[$a] = $a; $v = @k[$a]; print($v[1]); print(len(@k));',
      ['1', '1', '', '', '@k[[2,1]]: [2,1]'],
    ],
  ]);

  it('[TYP-040] an index beyond the end warns at run time, and element 0 is taken', async () => {
    const script =
      'BEGIN { $a = (uint8[4])(uint32)0x04030201; $i = $1; print(($a[$i], $a[1])); exit(); }';
    const result = await run(script, { signal: 'none', parameters: ['4'] });
    expect(result.stdout.trimEnd()).toBe('(1, 2)');
    expect(result.stderr).toContain(
      'stdin:1:60-66: WARNING: Array access out of bounds. This can lead to unexpected results.',
    );
    const inside = await run(script, { signal: 'none', parameters: ['3'] });
    expect(inside.stdout.trimEnd()).toBe('(4, 2)');
    expect(inside.stderr).not.toContain('WARNING');
  });

  it('a negative index is beyond the end too', async () => {
    const result = await run('BEGIN { $s = "hello"; $i = $1; print($s[$i]); exit(); }', {
      signal: 'none',
      parameters: ['-1'],
    });
    expect(result.stdout.trimEnd()).toBe('104');
    expect(result.stderr).toContain('Array access out of bounds');
  });
});

needs('root').describe('enums', () => {
  prints([
    [
      '[TYP-023] a value of an enum prints its name',
      '$e = (enum bpf_map_type)1; $n = 2; $f = (enum bpf_map_type)$n; print($e); printf("%s %d\\n", $f, $f); @e[$e] = $f; print((int32)$f + 1); print((enum bpf_map_type)$n == BPF_MAP_TYPE_ARRAY);',
      [
        'BPF_MAP_TYPE_HASH',
        'BPF_MAP_TYPE_ARRAY 2',
        '3',
        'true',
        '',
        '',
        '@e[BPF_MAP_TYPE_HASH]: BPF_MAP_TYPE_ARRAY',
      ],
    ],
  ]);
});

needs('root').describe('strings', () => {
  prints([
    [
      '[TYP-041] a literal has room for its NUL',
      'print((sizeof("abc"), sizeof(""), sizeof(comm)));',
      ['(4, 1, 16)'],
    ],
    [
      '[TYP-042] [TYP-043] equality ends at the NUL, or with the shorter buffer',
      '$a = "abc"; $b = "abcd"; $c = (string[16])"abc"; print(($a == $b, $a == $c, $b != $c, $a == "abc", "abc" == $c, comm == "nobody"));',
      ['(false, true, true, true, true, false)'],
    ],
    [
      '[TYP-044] variables, values and keys grow to the longest',
      '$s = "a"; $s = "abcdef"; print($s); $s = "b"; print($s); @m["x"] = "1"; @m["longer"] = "22"; print((@m["x"], @m["longer"], sizeof($s))); clear(@m);',
      ['abcdef', 'b', '(1, 22, 7)'],
    ],
    [
      'a string cast to a longer one is padded',
      '$s = (string[10])"abc"; print((sizeof($s), $s, $s == "abc"));',
      ['(10, abc, true)'],
    ],
  ]);
});

needs('root').describe('tuples and records', () => {
  prints([
    [
      '[TYP-045] [TYP-064] padding does not tell keys apart',
      '@m[(int8)1, (int64)2, (int8)3, "a"] = 1; @m[(int64)1, (int8)2, 3, "a"] = 2; print((len(@m), @m[1, 2, 3, "a"])); clear(@m);',
      ['(1, 2)'],
    ],
    [
      '[TYP-046] elements widen one by one',
      '$t = (1, (uint64)2, "a"); $t = (100000, 3, "abc"); print($t); $t = (-1, 4, "b"); print(($t.0, $t.1, $t.2));',
      ['(100000, 3, abc)', '(-1, 4, b)'],
    ],
    [
      '[TYP-047] fields of records are found by name',
      '$r = (a = 1, b = "x"); $r = (b = "longer", a = 1234567); print($r); print(($r.b, $r.a)); @r["k"] = $r; print(@r["k"].a); clear(@r);',
      ['{ .a = 1234567, .b = longer }', '(longer, 1234567)', '1234567'],
    ],
    [
      'fields of records are evaluated in the order in which they are written',
      '$i = 0; $r = (b=$i++, a=$i++); print($r); $r = (a=$i++, b=$i++); print($r); @m[$r] = 1; @m[(a=$i++, b=$i++)] = 2; for ($kv : @m) { if ($kv.1 == 2) { print($kv.0); } }  clear(@m);',
      ['{ .b = 0, .a = 1 }', '{ .b = 3, .a = 2 }', '{ .b = 5, .a = 4 }'],
    ],
    [
      '[TYP-049] tuples and records compare element by element',
      '$a = (1, "a"); $b = ((int64)1, (string[9])"a"); print(($a == $b, $a == (1, "b"), $a != $b, (x = 1, y = 2) == (y = 2, x = 1)));',
      ['(true, false, false, true)'],
    ],
    [
      'values of narrower tuples and records are converted element by element',
      '$a = (1, "a", (2, true)); $b = (100000, "abc", ((int64)3, false)); $b = $a; print($b); @m[1] = $b; @m[2] = $a; @m[3] = (-1, "longest", (7000000000, true)); print((@m[1], @m[2].2.0, @m[3])); $r = (x = 1, y = "b"); $q = (y = "bcd", x = 70000); $q = $r; print($q); clear(@m);',
      [
        '(1, a, (2, true))',
        '((1, a, (2, true)), 2, (-1, longest, (7000000000, true)))',
        '{ .y = b, .x = 1 }',
      ],
    ],
    [
      '[TYP-054] keys with a comma are tuples',
      '@m[1, "b"] = 7; $k = (1, "b"); print((@m[(1, "b")], @m[$k], @m[2, "b"])); clear(@m);',
      ['(7, 7, 0)'],
    ],
  ]);
});

needs('root').describe('maps and variables', () => {
  prints([
    [
      '[TYP-053] a missing key reads as zero, silently',
      '@i[1] = 5; @s["a"] = "text"; @t[1] = (1, "x"); print((@i[2], @s["b"], @t[2], has_key(@i, 2))); clear(@i); clear(@s); clear(@t);',
      ['(0, , (0, ), false)'],
    ],
    [
      '[TYP-058] aggregates are read as integers',
      '@c = count(); @c = count(); @s = sum(-5); @k = count(); $v = @s + 1; print(((int64)@c, $v, @c > 1, @s < 0)); @p[@k] = (uint32)@c; print(@p[1]); clear(@c); clear(@s); clear(@k); clear(@p);',
      ['(2, -4, true, true)', '2'],
    ],
    [
      '[TYP-059] averages are cut towards zero',
      '@a = avg(-3); @a = avg(-4); @b = avg(3); @b = avg(4); print(((int64)@a, (int64)@b, @a == -3)); clear(@a); clear(@b);',
      ['(-3, 3, true)'],
    ],
    [
      '[TYP-060] CPUs without a value do not count for min and max',
      '@n = min(7); @x = max(-7); @u = max((uint64)18446744073709551615); print((@n, @x, (uint64)@u)); clear(@n); clear(@x); clear(@u);',
      ['(7, -7, 18446744073709551615)'],
    ],
    [
      '[TYP-067] what is not assigned is zero',
      'let $i; let $s: string[8]; if ($i == 0) { $i = 3; } print(($i, $s)); $s = "set"; print($s);',
      ['(3, )', 'set'],
    ],
    [
      '[TYP-071] loops change the variables around them',
      '$n = 0; $s = "a"; for $i : 0..50 { $n += $i; if ($i == 49) { $s = "last"; } } @m[1] = 2; for $kv : @m { $n += $kv.1; } print(($n, $s)); clear(@m);',
      ['(1227, last)'],
    ],
    [
      '[TYP-073] ranges count from the first to before the last',
      'for $i : -2..1 { print($i); } for $i : 3..-3 { print("never"); } $a = 5; for $i : $a..$a { print("never"); } $u = (uint64)2; for $i : 0..$u { print($i); }',
      ['-2', '-1', '0', '0', '1'],
    ],
    [
      '[TYP-074] a loop may delete the elements that it is at',
      'for $i : 0..100 { @m[$i] = $i; } $sum = 0; for $kv : @m { $sum += $kv.1; delete(@m, $kv.0); } print(($sum, len(@m)));',
      ['(4950, 0)'],
    ],
    [
      '[TYP-075] loops see aggregates of all CPUs as one value',
      '@c["a"] = count(); @c["a"] = count(); @s[1] = sum(-7); @v[1] = avg(10); @v[1] = avg(21); for $kv : @c { print($kv); } for $kv : @s { print($kv.1 < 0); } for $kv : @v { print($kv.1); } clear(@c); clear(@s); clear(@v);',
      ['(a, 2)', 'true', '15'],
    ],
  ]);

  it('[TYP-063] a full map keeps what it has and warns', async () => {
    const script =
      'let @m = hash(2); let @c = percpuhash(1); BEGIN { @m[1] = 1; @m[2] = 2; @m[3] = 3; @m[1] = 9; @c[1] = count(); @c[2] = count(); }';
    const result = await run(script, { signal: 'none' });
    expect(result.stdout.trim().split('\n')).toEqual(['@c[1]: 1', '@m[2]: 2', '@m[1]: 9']);
    expect(result.stderr).toContain("stdin:1:73-82: WARNING: Map full; can't update element.");
    expect(result.stderr.match(/Map full/g)).toHaveLength(2);
  });
});
