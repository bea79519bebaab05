import { describe, expect, it } from 'vitest';
import { errors, expression, shape } from './support.ts';

describe('operators', () => {
  it('[GRM-071] bind as in C', () => {
    expect(shape('$a & $b == $c')).toBe('($a & ($b == $c))');
    expect(shape('$a | $b ^ $c & $d')).toBe('($a | ($b ^ ($c & $d)))');
    expect(shape('1 + 2 << 3')).toBe('((1 + 2) << 3)');
    expect(shape('$a || $b && $c | 1')).toBe('($a || ($b && ($c | 1)))');
    expect(shape('1 - 2 - 3 * 4 % 5')).toBe('((1 - 2) - ((3 * 4) % 5))');
    expect(shape('1 - 2 * 3 - 4')).toBe('((1 - (2 * 3)) - 4)');
    expect(shape('1 * 2 - 3')).toBe('((1 * 2) - 3)');
    expect(shape('$a || 1 + 2 * 3 == 4 && $b')).toBe('($a || (((1 + (2 * 3)) == 4) && $b))');
    expect(shape('-$a * !$b')).toBe('((-$a) * (!$b))');
    expect(shape('~&$a')).toBe('(~(&$a))');
  });
  it('[GRM-072] compare from the left', () => {
    expect(shape('1 < 2 == 1')).toBe('((1 < 2) == 1)');
    expect(shape('1 == 2 < 3')).toBe('(1 == (2 < 3))');
  });
  it('[GRM-069] nest the ternary to the right', () => {
    expect(shape('$a ? 1 : $b ? 2 : 3')).toBe('($a ? 1 : ($b ? 2 : 3))');
  });
  it('allow the middle of a ternary to be left out', () => {
    expect(shape('$a ?: 3')).toBe('($a ? : 3)');
  });
  it('step before and after', () => {
    expect([shape('$a++'), shape('--@m[1]'), shape('@m--')]).toEqual([
      '($a++)',
      '(--@m[1])',
      '(@m--)',
    ]);
  });
  it('give their ranges', () => {
    expect(expression('$a + $b')).toMatchObject({
      range: { start: 12, end: 19 },
      operatorRange: { start: 15, end: 16 },
    });
    expect(expression('($a)')).toMatchObject({ kind: 'variable', range: { start: 12, end: 16 } });
  });
});

describe('parentheses', () => {
  it('[GRM-073] hold a cast where a type and an operand fit', () => {
    expect(shape('(pid)*tid')).toBe('(pid * tid)');
    expect(shape('(x)*$p')).toBe('(<x> (*$p))');
    expect(shape('(retval) - 1')).toBe('(retval - 1)');
    expect(shape('(FOO)-1')).toBe('(<FOO> (-1))');
    expect(shape('(x) + 1')).toBe('(x + 1)');
    expect(shape('(arg0) & 1')).toBe('(arg0 & 1)');
    expect(shape('(a) && (b)')).toBe('(a && b)');
  });
  it('hold a cast to a pointer to a struct', () => {
    expect(shape('((struct X *)$p).f')).toBe('(<struct X*> $p).f');
    expect(shape('(struct X *)$p->f')).toBe('(<struct X*> $p->f)');
    expect(shape('(typeof($a)) 1')).toBe('(<typeof($a)> 1)');
  });
  it('[GRM-077] hold casts to arrays', () => {
    expect(shape('(int8[4])$a')).toBe('(<int8[4]> $a)');
    expect(shape('(uint8[])$a')).toBe('(<uint8[]> $a)');
    expect(shape('(string[16] )$a')).toBe('(<string[16]> $a)');
  });
  it('[GRM-075] hold tuples', () => {
    expect(['()', '(1,)', '(1, 2)', '(1, (2, 3),)', '(1)'].map(shape)).toEqual([
      'tuple()',
      'tuple(1)',
      'tuple(1, 2)',
      'tuple(1, tuple(2, 3))',
      '1',
    ]);
    expect(shape('$t.1.0')).toBe('$t.1.0');
  });
  it('[GRM-076] hold records, whose fields differ', () => {
    expect(shape('(a=1, b=$x == 2,)')).toBe('record(a=1, b=($x == 2))');
    expect(errors('begin { @ = (a=1,a=2); }')).toEqual(["17-18: duplicate record field 'a'"]);
    expect(shape('(pid=1, comm="x", if=2).pid')).toBe('record(pid=1, comm="x", if=2).pid');
  });
});

describe('primaries', () => {
  it('[LEX-005] keep keywords usable as names', () => {
    expect(shape('$if + @for + args.import.while')).toBe('(($if + @for) + args.import.while)');
    expect(shape('config.fn + macro(1)')).toBe('(config.fn + macro(1))');
  });
  it('[LEX-031] read positional parameters from 1', () => {
    expect(shape('$12')).toBe('$12');
    expect(errors('begin { @ = $0; }')).toEqual(['12-14: positional parameter $0 is out of range']);
  });
  it('[LEX-032] read the number of parameters', () => {
    expect(shape('$# + 1')).toBe('($# + 1)');
  });
  it('[LEX-033] read arrows and dots', () => {
    expect(shape('$p->x.y->z[1]')).toBe('$p->x.y->z[1]');
    expect(expression('$p->x')).toMatchObject({ arrow: true, fieldRange: { start: 16, end: 17 } });
  });
  it('read the map without a name', () => {
    expect(shape('@[pid, comm] + @')).toBe('(@[pid, comm] + @)');
  });
  it('read calls, with a comma at the end and with types', () => {
    expect(shape('f(1, $a,)')).toBe('f(1, $a)');
    expect(shape('f(typeof(struct x), typeof($a))')).toBe('f(typeof(<struct x>), typeof($a))');
  });
  it('read sizeof, offsetof and typeinfo of types and expressions', () => {
    expect(shape('sizeof(struct x *)')).toBe('sizeof(<struct x*>)');
    expect(shape('sizeof(int8[2])')).toBe('sizeof(<int8[2]>)');
    expect(shape('sizeof((x[2]))')).toBe('sizeof(x[2])');
    expect(shape('sizeof($a.b)')).toBe('sizeof($a.b)');
    expect(shape('sizeof(pid)')).toBe('sizeof(pid)');
    expect(shape('offsetof(struct x, a.b)')).toBe('offsetof(<struct x>, a.b)');
    expect(shape('typeinfo(args.x)')).toBe('typeinfo(args.x)');
  });
  it('read if as a value', () => {
    expect(shape('if ($c) {1} else {2}')).toBe('if $c {1} else {2}');
    expect(shape('if $c {1} else if ($d) {2} else {$e = 1; if ($f) {3} else {4}}')).toBe(
      'if $c {1} else if $d {2} else {assign; if $f {3} else {4}}',
    );
  });
  it('read a block as a value', () => {
    expect(shape('{ let $b = 1; $b + 1 } * 2')).toBe('({let; ($b + 1)} * 2)');
    expect(shape('{ { 1 } }')).toBe('{{1}}');
    expect(shape('{ { 1 }; }')).toBe('{block;}');
  });
  it('read comptime', () => {
    expect(shape('comptime (1 + 2)')).toBe('comptime (1 + 2)');
  });
});

describe('errors in expressions', () => {
  it('say what was expected', () => {
    expect(errors('begin { $x = ; }')).toEqual(["13-14: expected an expression, found ';'"]);
    expect(errors('begin { print(1 2); }')).toEqual(["16-17: expected ',' or ')', found '2'"]);
    expect(errors('begin { $a = $b ? 1; }')).toEqual(["19-20: expected ':', found ';'"]);
    expect(errors('begin { $a = $b.; }')).toEqual([
      "16-17: expected the name of a field or the index of a tuple's element, found ';'",
    ]);
    expect(errors('begin { $a = @b[; }')).toEqual(["16-17: expected an expression, found ';'"]);
  });
  it('name characters that begin no token', () => {
    expect(errors('begin { @a = ` 4; }')).toEqual(["13-14: unexpected character '`'"]);
  });
});
