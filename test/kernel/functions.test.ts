/** Functions of scripts: what they give, and what is in the object. */

import { describe, expect, it } from 'vitest';
import { BTF_KIND } from '../../linker/btf/btf.ts';
import { readBtf } from '../../linker/btf/read.ts';
import { readElf } from '../../linker/elf/read.ts';
import { build } from '../support/build.ts';
import { mapEntries, mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { run, WORKLOAD } from '../support/run.ts';

/** What a script of `begin` probes and functions prints before the final dump. */
async function printed(script: string): Promise<string> {
  const result = await run(script, { signal: 'none' });
  expect(result.status, result.stderr).toBe(0);
  return result.stdout.replace(/\n\n[\s\S]*$/, '').trimEnd();
}

function prints(rows: readonly (readonly [title: string, script: string, expected: string])[]) {
  for (const [title, script, expected] of rows) {
    it(title, async () => expect(await printed(script)).toBe(expected));
  }
}

needs('root').describe('functions', () => {
  prints([
    [
      '[GRM-037] take and give integers, by the width of their types',
      `fn add($a : int32, $b : int32) : int64 { return $a + $b; }
       fn low($a : uint64) : uint8 { return (uint8)$a; }
       fn below($a : int8) : int8 { return (int8)($a - 100); }
       begin { printf("%lld %d %d", add(2147483647, 1), low(0x1ff), below(-100)); }`,
      '2147483648 255 56',
    ],
    [
      '[GRM-037] take and give bools and pointers',
      `fn odd($a : int64) : bool { return ($a & 1) == 1; }
       fn task($p : struct task_struct *) : int32 { return $p.pid; }
       fn same($p : struct task_struct *) : struct task_struct * { return $p; }
       begin { printf("%d %d %d", odd(3), odd(4), task(same(curtask)) == tid); }`,
      '1 0 1',
    ],
    [
      '[GRM-037] call each other, in any order of definition',
      `fn outer($a : int64) : int64 { return inner($a) * 2 + inner(1); }
       fn inner($a : int64) : int64 { return $a + 1; }
       begin { printf("%lld", outer(20)); }`,
      '44',
    ],
    [
      '[GRM-037] are called from the bodies of loops, and have loops',
      `fn total($n : int64) : int64 { $s = 0; for $i : 0..$n { $s += $i; } return $s; }
       begin { $t = 0; for $i : 0..30 { $t += total($i); } printf("%lld", $t); }`,
      String(Array.from({ length: 30 }, (_, n) => (n * (n - 1)) / 2).reduce((a, b) => a + b, 0)),
    ],
    [
      'return from within a loop',
      `fn first($n : int64, $wanted : int64) : int64 {
         for $i : 0..$n { if $i * $i >= $wanted { return $i; } }
         return -1;
       }
       begin { printf("%lld %lld", first(100, 50), first(5, 50)); }`,
      '8 -1',
    ],
    [
      'return strings and tuples out of loops',
      `fn label($n : int64) : string[16] {
         for $i : 0..$n { if $i == 17 { return "seventeen"; } }
         return "none";
       }
       begin { printf("%s %s", label(20), label(17)); }`,
      'seventeen none',
    ],
    [
      'take strings, which they can compare, print and return',
      `fn greet($who : string[16], $loud : bool) : string[16] {
         if $loud { printf("<%s>", $who); }
         if $who == "ann" { return "hello ann"; }
         return $who;
       }
       begin { $w = "bob"; printf("%s %s", greet("ann", true), greet($w, false)); }`,
      '<ann>hello ann bob',
    ],
    [
      'assign their parameters without the caller seeing it',
      `fn change($s : string[8], $n : int64) : int64 { $s = "new"; $n += 1; printf("%s ", $s); return $n; }
       begin { $s = "old"; $n = 1; $m = change($s, $n); printf("%s %lld %lld", $s, $n, $m); }`,
      'new old 1 2',
    ],
    [
      'take strings that are too long for the stack',
      `fn size($s : string) : uint64 { return strlen($s); }
       fn twice($s : string) : string { printf("%s|", $s); return $s; }
       begin { printf("%s %d", twice(str(kptr((uint64)0))) , size("four")); }`,
      '| 4',
    ],
    [
      'take more arguments than there are registers',
      `fn seven($a : int64, $b : int8, $c : string[8], $d : int64, $e : uint8, $f : string[8], $g : int64) : int64 {
         printf("%s%s ", $c, $f);
         return $a + $b * 10 + $d * 1000 + $e * 10000 + $g * 1000000;
       }
       begin { printf("%lld", seven(1, 2, "x", 4, 5, "y", 7)); }`,
      'xy 7054021',
    ],
    [
      'give nothing',
      `fn note($a : int64) : void { if $a > 1 { @seen = $a; return; } printf("small "); }
       begin { note(1); note(5); printf("%d", @seen); }`,
      'small 5',
    ],
    [
      'see the types of maps that other code decides',
      `fn put($k : int64) : void { @m[$k] = "text"; }
       fn get($k : int64) : string[8] { return @m[$k]; }
       begin { put(3); printf("%s,%s", get(3), get(4)); }`,
      'text,',
    ],
    [
      'take and give tuples, whose types typeof() names',
      `fn first($t : typeof((1, "abc"))) : int64 { printf("%s ", $t.1); return $t.0; }
       fn square($n : int64) : typeof(((int64)1, (int64)2)) { return ($n, $n * $n); }
       begin { $t = (5, "xyz"); $s = square(7); @[square(4)] = 1;
         printf("%lld %lld %d %d", first($t), $s.1, square(3).1, has_key(@, (4, 16))); }`,
      'xyz 5 49 9 1',
    ],
    [
      'change the map that a statement is reading',
      `fn step($n : int64) : int64 { @m[1] = $n; return $n; }
       begin { @m[1] = 1; @m[1] = @m[1] + step(10); @m[step(1)] += 5; printf("%d", @m[1]); }`,
      '6',
    ],
    [
      'use macros and parameters of the script',
      `macro twice(x) { x * 2 }
       fn f($a : int64) : int64 { return twice($a + 1) + $#; }
       begin { printf("%d", f(4)); }`,
      '10',
    ],
    [
      'are used without parentheses where they take nothing',
      'fn answer() : int64 { return 42; } begin { printf("%d %d", answer, answer()); }',
      '42 42',
    ],
  ]);

  it('count, sum and print maps like probes do', async () => {
    const result = await run(
      `fn note($n : int64) : void { @calls = count(); @by[$n % 2] = sum($n); @sizes = hist($n); }
       begin { for $i : 0..10 { note($i); } print(@calls); }`,
      { signal: 'none' },
    );
    expect(result.stdout).toContain('@calls: 10');
    expect(mapValue(result.stdout, '@by', '0')).toBe(20);
    expect(mapValue(result.stdout, '@by', '1')).toBe(25);
  });

  it('nest seven deep above a program, with strings and scratch memory', async () => {
    const chain = Array.from({ length: 7 }, (_, index) => {
      const inner = index < 6 ? `f${index + 1}($a + 1, $s)` : '$a';
      return `fn f${index}($a : int64, $s : string[32]) : int64 {
        $x = $a * 3; $y = pid + $a; $t = $s; $r = ${inner};
        @m[$t, $x] = $r; return $r + $x + $y - pid;
      }`;
    });
    const result = await run(
      `${chain.join('\n')} uprobe:${WORKLOAD}:workload_target { @u = f0(1, comm); }`,
      { workload: 'call 1 7 8' },
    );
    expect(result.status).toBe(0);
    expect(mapValue(result.stdout, '@u')).toBe(119);
    expect(mapEntries(result.stdout, '@m')).toHaveLength(7);
    expect(mapValue(result.stdout, '@m', 'workload, 3')).toBe(115);
  });

  it('call each other from within loops in loops', async () => {
    const { stdout } = await run(
      `fn a($n : int64) : int64 { $s = 0; for $i : 0..$n { for $j : 0..$n { $s += b($i, $j); } } return $s; }
       fn b($i : int64, $j : int64) : int64 { $t = 0; for $k : 0..$j { $t += $k * $i; } return $t; }
       begin { for $q : 0..20 { @[$q] = a($q); } }`,
      { signal: 'none' },
    );
    // The sum of i below 19, times the number of ways to choose 3 of 19.
    expect(mapValue(stdout, '@', '19')).toBe(171 * 969);
  });

  it('leave at exit(), with a result of zeros', async () => {
    const result = await run(
      `fn stop($a : int64) : string[8] { if $a > 0 { exit(3); } return "went on"; }
       begin { printf("%s", stop(0)); $s = stop(1); @after = $s == ""; }`,
      { signal: 'none' },
    );
    expect(result.stdout).toContain('went on');
    expect(result.status).toBe(3);
    expect(result.stdout).toContain('@after: true');
  });

  it('are shared by probes of different kinds', async () => {
    const result = await run(
      `fn seen($what : string[64]) : void { @[$what] = count(); }
       tracepoint:syscalls:sys_enter_getppid /comm == "fnshared"/ { seen("tracepoint"); }
       rawtracepoint:sys_enter /comm == "fnshared" && args.id == 110/ { seen("raw"); }
       uprobe:${WORKLOAD}:workload_target /comm == "fnshared"/ { seen(comm); }
       begin { seen("begin"); }`,
      { workload: 'comm fnshared getppid 7 call 1 7 8' },
    );
    expect(result.status).toBe(0);
    expect(mapValue(result.stdout, '@', 'begin')).toBe(1);
    expect(mapValue(result.stdout, '@', 'fnshared')).toBe(1);
    expect(mapValue(result.stdout, '@', 'tracepoint')).toBe(7);
    expect(mapValue(result.stdout, '@', 'raw')).toBe(7);
  });
});

describe('the object', () => {
  const functionsOf = (script: string): readonly string[] =>
    readElf(build(script))
      .symbols.filter((symbol) => symbol.type === 2 && symbol.bind === 0)
      .map((symbol) => symbol.name);

  it('has the functions that are called, once each', () => {
    expect(
      functionsOf(
        `fn used($a : int64) : int64 { return $a + pid; }
         fn unused($a : int64) : int64 { return $a; }
         begin { print(used(1)); } end { print(used(2)); }`,
      ),
    ).toEqual(['fn_used']);
  });

  it('describes their parameters in BTF', () => {
    const object = build(
      'fn f($a : int8, $b : bool, $t : struct task_struct *) : uint16 { return 1; } begin { print(f(1, true, curtask)); }',
    );
    const section = readElf(object).sections.find(({ name }) => name === '.BTF');
    const btf = readBtf(section?.data ?? new Uint8Array());
    const ids = Array.from({ length: btf.count - 1 }, (_, index) => index + 1);
    const fn = ids.find((id) => btf.kind(id) === BTF_KIND.function && btf.name(id) === 'fn_f') ?? 0;
    const prototype = btf.sizeOrType(fn);
    const parameters = Array.from({ length: btf.length(prototype) }, (_, index) => [
      btf.string(btf.word(prototype, 2 * index)),
      btf.name(btf.word(prototype, 2 * index + 1)),
    ]);
    expect(parameters).toEqual([
      ['a', 'signed char'],
      ['b', 'bool'],
      ['t', ''],
    ]);
    expect(btf.name(btf.sizeOrType(prototype))).toBe('unsigned short');
  });
});
