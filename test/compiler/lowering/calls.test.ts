/** Functions of the script: what they take, change and give, and how they end, seen by interpreting programs. */
import { describe, expect, it } from 'vitest';
import { readElf } from '../../../linker/elf/read.ts';
import { build, compileText } from '../../support/build.ts';
import { type Interpreter, interpret } from '../../support/interpreter.ts';

function registers(...args: readonly bigint[]): Uint8Array {
  const context = new Uint8Array(256);
  const view = new DataView(context.buffer);
  for (const [index, place] of [112, 104, 96].entries())
    view.setBigUint64(place, args[index] ?? 0n, true);
  return context;
}

const values = (machine: Interpreter, ...names: readonly string[]) =>
  names.map((name) => machine.value(name));

function ran(script: string, ...firings: readonly (readonly bigint[])[]): Interpreter {
  const machine = interpret(build(script));
  for (const args of firings) machine.run(undefined, registers(...args));
  return machine;
}

describe('a function', () => {
  it('gives a text, a tuple and a record, from within loops too', () => {
    const script = `
      fn named($n : int64) : string[20] { for $i : 0..100 { if $i == $n { return "found it"; } } return "nothing at all"; }
      fn listed($n : int64) : string[20] { @l[1] = 1; @l[2] = 2; for $kv : @l { if $kv.0 == $n { return "in the map"; } } return "elsewhere"; }
      fn both($n : int64, $t : string[20]) : string[24] { for $i : 0..$n { if $i == 3 { return str_concat($t, "!"); } } return "none"; }
      kprobe:vfs_read {
        $n = (int64)arg0; @a = named($n); @b = listed($n); @c = both($n, named(5)); @d = both(9, listed(2));
        @same = named($n) == "found it"; @k[named($n), listed($n)] = count();
      }`;
    const machine = ran(script, [2n]);
    expect(values(machine, '@a', '@b', '@c', '@d', '@same')).toEqual([
      ...['found it', 'in the map', 'none', 'in the map!', true],
    ]);
    machine.run(undefined, registers(700n));
    expect(values(machine, '@a', '@b', '@c', '@d', '@same')).toEqual([
      ...['nothing at all', 'elsewhere', 'found it!', 'in the map!', false],
    ]);
    expect(machine.entries('@k').map(([key]) => key)).toEqual([
      ['found it', 'in the map'],
      ['nothing at all', 'elsewhere'],
    ]);
  });

  it('changes copies of what it was given', () => {
    const machine = ran(
      `fn changed($t : string[20], $p : string[8], $n : int64) : string[20] {
        if $n > 1 { $t = "changed"; $p = "other"; $n = 40; }
        for $i : 0..30 { $n++; if $i == 2 { $t = "three rounds"; $p = "on"; break; } }
        @seen = ($n, $p); return $t;
      }
      kprobe:vfs_read {
        $t = (string[20])"as it was"; $p = (string[8])"own"; $n = (int64)arg0;
        @result = changed($t, $p, $n); @after = ($t, $p, $n);
      }`,
      [1n],
    );
    expect(values(machine, '@result', '@seen', '@after')).toEqual([
      ...['three rounds', [4n, 'on'], ['as it was', 'own', 1n]],
    ]);
    machine.run(undefined, registers(2n));
    expect(values(machine, '@result', '@seen', '@after')).toEqual([
      ...['three rounds', [43n, 'on'], ['as it was', 'own', 2n]],
    ]);
  });

  it('that ends the program gives zeros to what goes on', () => {
    const machine = ran(
      `fn text($n : int64) : string[20] { if $n == 1 { exit(); } return "whole"; }
       fn number($n : int64) : int64 { if $n == 2 { exit(7); } return 5; }
       kprobe:vfs_read { @before = count(); @t = text((int64)arg0); @n = number((int64)arg0); @after = count(); }`,
      [3n],
      [1n],
    );
    expect(values(machine, '@before', '@after', '@t', '@n')).toEqual([2n, 2n, '', 5n]);
    expect(machine.sent().map(({ kind, values: [code] }) => [kind, code])).toEqual([['exit', 0n]]);
    machine.run(undefined, registers(2n));
    expect(values(machine, '@n')).toEqual([0n]);
  });

  it('takes what it is given by registers, and only what does not fit by memory', () => {
    const names = 'abcdefgh';
    for (const count of [1, 4, 5, 6, 8]) {
      const own = [...names.slice(0, count)];
      const script = `fn f(${own.map((name) => `$${name} : int64`).join(', ')}) : int64 { @calls++; return ${own.map((name, at) => `$${name} * ${10 ** at}`).join(' + ')}; }
        kprobe:vfs_read { @ = f(${own.map((_, at) => `(int64)arg0 + ${at}`).join(', ')}); }`;
      const machine = ran(script, [1n]);
      expect(machine.value('@')).toBe(
        BigInt([...'12345678'].slice(0, count).toReversed().join('')),
      );
      const definition = /^define .*@(?:"?)[\w.]*f"?\(([^)]*)\)/m.exec(
        compileText(script).ir?.() ?? '',
      );
      expect(definition?.[1]?.split(',')).toHaveLength(Math.min(5, count));
      expect(/define [^\n]*\(([^)]*)ptr %[\w.]+\)/.test(definition?.[0] ?? '')).toBe(count > 5);
    }
  });

  it('takes texts beside numbers, in any order, and from anywhere', () => {
    const machine = ran(
      `fn six($a : string[8], $b : int64, $c : string[8], $d : int64, $e : string[4], $f : string[8]) : string[32] {
         return str_concat(str_concat($a, $c), $b > $d ? $e : $f);
       }
       kprobe:vfs_read {
         $x = (string[8])"var"; @m = (string[8])"map"; $n = (int64)arg0;
         @r = six("lit", $n, $x, 5, (string[4])"tup", @m); @again = six(@m, 5, "", $n, (string[4])"q", $x);
       }`,
      [7n],
    );
    expect(values(machine, '@r', '@again')).toEqual(['litvartup', 'mapvar']);
  });

  it('is one piece of code, however often it is called', () => {
    const script =
      'fn f($n : int64) : int64 { @ += $n; return @; } kprobe:vfs_read { f(1); f(2); @r = f(3); }';
    const functions = readElf(build(script)).symbols.filter(({ name }) => /^(?:fn_)?f$/.test(name));
    expect(functions.length).toBeLessThanOrEqual(1);
    expect(ran(script, [0n]).value('@r')).toBe(6n);
  });
});

describe('numbers are divided', () => {
  it('to zero, with the sign of the first for what is left, by literals and by values', () => {
    const divisors = [1n, 2n, 3n, 7n, 8n, 1000n, -1n, -2n, -3n, -8n];
    const body = divisors
      .map(
        (divisor, at) =>
          `@q${at} = $n / ${divisor}; @r${at} = $n % ${divisor}; $d = (int64)${divisor} + $zero; @vq${at} = $n / $d; @vr${at} = $n % $d; @c${at} = (int64)(uint32)arg0 / ${divisor};`,
      )
      .join('\n');
    const machine = interpret(
      build(`kprobe:vfs_read { $n = (int64)arg0; $zero = (int64)arg1; ${body} }`),
    );
    for (const value of [
      0n,
      1n,
      -1n,
      7n,
      -7n,
      8n,
      1n << 40n,
      -(1n << 40n) - 3n,
      (1n << 63n) - 1n,
      -(1n << 63n) + 1n,
    ]) {
      machine.run(undefined, registers(BigInt.asUintN(64, value)));
      for (const [at, divisor] of divisors.entries()) {
        const wanted = [value / divisor, value % divisor];
        expect([value, divisor, ...values(machine, `@q${at}`, `@r${at}`)]).toEqual([
          value,
          divisor,
          ...wanted,
        ]);
        expect([value, divisor, ...values(machine, `@vq${at}`, `@vr${at}`)]).toEqual([
          value,
          divisor,
          ...wanted,
        ]);
        expect(machine.value(`@c${at}`)).toBe(BigInt.asUintN(32, value) / divisor);
      }
    }
  });

  it('without a sign where one of them has none', () => {
    const machine = ran(
      'kprobe:vfs_read { @a = arg0 / 3; @b = arg0 % 10; @c = (arg0 > 1) + 4; @d = (uint8)arg0 / (uint8)7; @e = (int8)arg0 / 2; @f = (bool)arg0 == true; }',
      [(1n << 64n) - 16n],
    );
    const n = (1n << 64n) - 16n;
    expect(values(machine, '@a', '@b', '@c', '@d', '@e', '@f')).toEqual([
      ...[n / 3n, n % 10n, 5n, 240n / 7n, -8n, true],
    ]);
  });
});
