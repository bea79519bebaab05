/** The structure of programs: probes, statements and expressions, as the kernel runs them. */

import { describe, expect, it } from 'vitest';
import { diagnose, returned } from '../support/build.ts';
import { errors, warnings } from '../support/diagnostics.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';
import { output, printed, prints } from '../support/script.ts';

describe('sections', () => {
  it('[GRM-001] [GRM-002] stand in their order, and errors begin with syntax:', () => {
    expect(errors('BEGIN { } struct x { int a; };')).toEqual([
      'syntax: C definitions must appear before probes and functions @ struct x { int a; };',
    ]);
    expect(errors('BEGIN { } config = { }')).toEqual([
      'syntax: config must appear before probes and functions @ config = { }',
    ]);
    expect(errors('BEGIN { } import "a.bt";')).toEqual([
      'syntax: root imports must appear before probes and functions @ import "a.bt"',
    ]);
    expect(errors('let $x = 1; BEGIN { }')).toEqual([
      'syntax: root-level let statements need to be map declarations, such as: let @a = hash(5); @ $x',
    ]);
    expect(errors('config = { max_strlen = 64 } let @a = hash(5); BEGIN { @a[1] = 1; }')).toEqual(
      [],
    );
  });

  it('[GRM-002] says several errors of one script', () => {
    const found = errors('BEGIN { print(1; $x = ; print(1_); }\nEND { if { } }');
    expect(found.length).toBeGreaterThan(2);
    for (const error of found) expect(error).toMatch(/^syntax: /);
  });

  it('[GRM-013] config stands once', () => {
    expect(errors('config = { } config = { max_map_keys = 1 } BEGIN { }')).toEqual([
      'syntax: only one config block is allowed @ config = { max_map_keys = 1 }',
    ]);
  });

  needs('root').it('[GRM-014] config takes strings, integers, booleans and words', async () => {
    const config =
      'config = { str_trunc_trailer = "~"; max_strlen = 8; print_maps_on_exit = false; missing_probes = warn }';
    expect(await output(`${config} BEGIN { @ = 1; printf("%s", str($1)); }`, ['0123456789'])).toBe(
      '0123456\n\n',
    );
    expect(await output('config = { BPFTRACE_PRINT_MAPS_ON_EXIT = false } BEGIN { @ = 1; }')).toBe(
      '\n\n',
    );
    expect(errors('config = { max_strlen = many } BEGIN { }')).toEqual([
      "max_strlen: invalid value 'many', expected an unsigned integer @ max_strlen = many",
    ]);
  });

  it('[GRM-015] config wants semicolons between, not at the end', () => {
    for (const entries of ['', 'max_strlen = 64', 'max_strlen = 64; max_map_keys = 5;'])
      expect(errors(`config = { ${entries} } BEGIN { }`)).toEqual([]);
    expect(errors('config = { max_strlen = 64 max_map_keys = 5 } BEGIN { }')).toEqual([
      "syntax: expected ';' or '}', found 'max_map_keys' @ max_map_keys",
    ]);
  });

  it('[GRM-080] a program has a probe', () => {
    for (const script of ['', '// nothing\n', 'config = { max_strlen = 64 }'])
      expect(errors(script)).toEqual(['No probes to attach']);
  });
});

needs('root').describe('probes', () => {
  it('[GRM-038] [GRM-039] lists of attach points, a comma at the end', async () => {
    const block = '{ print(probe); }';
    for (const list of ['BEGIN,END', 'BEGIN, END,', 'BEGIN , // c\n END'])
      expect(await output(`${list} ${block}`)).toBe('begin\nend\n\n\n');
    expect(errors('BEGIN, , END { }')).toEqual([
      "syntax: expected ',', '/' or '{' after the probe, found ',' @ ,",
    ]);
  });

  it('[GRM-040] predicates: integers, booleans, pointers', async () => {
    expect(
      await output(
        `BEGIN /pid == 0/ { print(1); } BEGIN /1/ { print(2); } BEGIN /!pid/ { print(3); }
         BEGIN /curtask/ { print(4); } BEGIN /pid/ { print(5); }`,
      ),
    ).toBe('2\n4\n5\n\n\n');
    expect(errors('BEGIN /"a"/ { }')).toEqual(['Invalid condition: string[2] @ "a"']);
  });

  it('[GRM-040] a filtered event of a tracepoint stays with other users of it', async () => {
    const filtered = 'tracepoint:syscalls:sys_enter_getppid /comm == "seen"/ { @ = count(); }';
    const result = await run(filtered, { workload: 'comm seen getppid 7' });
    expect(result.stdout).toBe('\n\n@: 7\n');
    expect((await run(filtered, { workload: 'comm other getppid 7' })).stdout).toBe('\n\n');
  });

  it('[GRM-041] quotes keep what is in them', async () => {
    expect(await output('BEGIN { } tracepoint:"sched":"sched_switch" { exit(); }')).toBe('\n\n');
    expect(errors('tracepoint:"sched:sched_switch" { }')).toEqual([
      'tracepoint probe type requires 2 arguments, found 1 @ tracepoint:"sched:sched_switch"',
    ]);
    expect(errors('uprobe:"/no such:file":"f" { }').join()).not.toContain('requires');
  });

  it('[GRM-042] parameters in attach points', async () => {
    const ends = '{ print(probe); exit(); }';
    const rows: readonly (readonly [string, readonly string[], string])[] = [
      ['interval:ms:$1', ['10'], 'interval:ms:10'],
      ['interval:$1', ['10ms'], 'interval:10ms'],
      ['interval:$2:$1', ['10', 'ms'], 'interval:ms:10'],
      ['profile:$2:$1', ['99', 'hz'], 'profile:hz:99'],
      ['profile:hz:$1', ['99'], 'profile:hz:99'],
      ['tracepoint:$1:sched_$2', ['sched', 'switch'], 'tracepoint:sched:sched_switch'],
      ['tracepoint:$1:sched_$2', ['sched', 'swi*ch'], 'tracepoint:sched:sched_switch'],
    ];
    for (const [attachPoint, parameters, name] of rows) {
      const printedName = (await output(`${attachPoint} ${ends}`, parameters)).split('\n')[0];
      expect(printedName).toBe(name);
    }
  });

  it('[GRM-042] says which parameter is no time', async () => {
    const rows: readonly (readonly [string, readonly string[], string])[] = [
      ['interval:$1', ['99'], "interval probe must have unit of time, not '99'."],
      ['interval:$1', ['99ns'], 'interval must be at least 1us long, not 99ns.'],
      ['interval:$1', [], "interval probe must have unit of time, not ''."],
      ['profile:hz:$1', ['x'], "profile frequency should be a positive integer, not 'x'."],
    ];
    for (const [attachPoint, parameters, message] of rows) {
      const result = await run(`${attachPoint} { }`, { signal: 'none', parameters });
      expect(result.status).toBe(1);
      expect(result.stderr).toContain(message);
    }
    expect(errors('interval:s:$x { }')).toEqual([
      '$x is no variable of a list that the probe stands in @ $x',
    ]);
  });

  it('[GRM-043] a name of the probe is what probe gives', async () => {
    expect(
      await output(
        'foo=BEGIN { print(probe); } bar=interval:ms:$1 { print(probe); exit(); } END { print(probe); }',
        ['5'],
      ),
    ).toBe('foo\nbar\nend\n\n\n');
  });

  it('[GRM-043] [BLT-022] names of all kinds are keys of one map', async () => {
    const count = '@[probe] = count();';
    const text = await output(
      `BEGIN { ${count} print(probe); }
       tracepoint:sched:sched_sw* { ${count} }
       tracepoint:sched:sched_waking { ${count} if (probe == "tracepoint:sched:sched_waking") { @yes = 1; } if (probe == "x") { @no = 1; } }
       my=tracepoint:sched:sched_stat_r* { ${count} }
       interval:ms:$1 { ${count} exit(); }`,
      ['20'],
    );
    expect(text).toMatch(/^begin\n/);
    expect(text).toContain('@[begin]: 1\n');
    expect(text).toContain('@[interval:ms:20]: ');
    expect(text).toContain('@[tracepoint:sched:sched_switch]: ');
    expect(text).toContain('@[tracepoint:sched:sched_waking]: ');
    expect(text).toContain('@[my]: ');
    expect(text).toContain('@yes: 1\n');
    expect(text).not.toContain('@no');
  });

  it('[GRM-044] providers in any case', async () => {
    expect(
      await output(
        'begin { print(1); } BeGiN { print(2); } INTERVAL:ms:1 { exit(); } END { print(3); }',
      ),
    ).toBe('1\n2\n3\n\n\n');
  });

  it('[GRM-047] a wildcard matches wherever it can, not where it can first', async () => {
    const result = await run('tracepoint:sched:*e { @[probe] = count(); }', {
      workload: 'getppid 1',
    });
    // The first `e` of sched_stat_runtime is not its last.
    expect(result.stdout).toContain('@[tracepoint:sched:sched_stat_runtime]: ');
    expect(result.stdout).not.toContain('sched_switch');
    expect(errors('tracepoint:sched:nothing_*_here { }')).toEqual([
      "Probe has no valid attach points. If this is expected, set the 'missing_probes' config variable to 'warn'. @ tracepoint:sched:nothing_*_here",
    ]);
  });
});

needs('root').describe('patterns of providers', () => {
  it('[GRM-046] stand for all that have the event', async () => {
    const result = await run(
      '*:sys_enter /comm == "any"/ { @r[probe] = count(); } *:sys_enter_getppi* /comm == "any"/ { @t[probe] = count(); }',
      { workload: 'comm any getppid 5' },
    );
    expect(result.stdout).toContain('@t[tracepoint:syscalls:sys_enter_getppid]: 5\n');
    expect(Number(/@r\[rawtracepoint:sys_enter\]: (\d+)/.exec(result.stdout)?.[1])).toBeGreaterThan(
      4,
    );
    expect(errors('beg* { }')).toEqual(["Invalid provider: 'beg*' matches none @ beg*"]);
  });
});

needs('root').describe('blocks', () => {
  prints([
    [
      '[GRM-048] no semicolon before a brace or behind a block',
      '{ $a = 1; print($a) } if 1 == 1 { print(2) } for $i : 3..4 { print($i) } print(4)',
      '1\n2\n3\n4',
    ],
    [
      '[GRM-049] chains of if',
      'for $x : 0..4 { if ($x == 0) { print("a"); } else if ($x == 1) { print("b"); } else if ($x == 2) { print("c"); } else { print("d"); } }',
      'a\nb\nc\nd',
    ],
    [
      '[GRM-050] if without parentheses',
      '$x = 5; if $x == 5 { print(1) } if !$x { print(2) } else if $x > 3 { print(3) } if ($x) == 5 { print(4) }',
      '1\n3\n4',
    ],
    [
      '[GRM-051] if as an expression',
      '$c = 1; $a = if ($c) { 1 } else { 2 }; $b = if $c == 2 { "x" } else if $c == 1 { "yy" } else { "z" }; @m = if $c > 1 { 5 } else { let $t = 6; $t + 1 }; print(($a, $b, @m, if $c { 8 } else { 9 })); clear(@m);',
      '(1, yy, 7, 8)',
    ],
    [
      '[GRM-053] a block as an expression',
      '$a = { let $q = 4; $q + 1 }; @n[{ 3 }] = { 1; count() }; print(({ { $a } }, { $b = $a; if $b > 5 { 1 } else { 2 } })); print(@n[3]); clear(@n);',
      '(5, 2)\n1',
    ],
  ]);

  it('[GRM-048] [GRM-051] [GRM-053] says what is missing', () => {
    expect(errors('BEGIN { print(1) print(2); }')).toEqual([
      "syntax: expected ';', found 'print' @ print",
    ]);
    expect(errors('BEGIN { $c = 1; $e = if ($c) { 1 } else { "s" }; }')).toEqual([
      "Branches must return the same type or compatible types: have 'int8' and 'string[2]' @ if ($c) { 1 } else { \"s\" }",
    ]);
    expect(errors('BEGIN { $d = { 1; }; }')).toEqual([
      "Block has no value: its last expression must not end with ';' @ { 1; }",
    ]);
  });
});

needs('root').describe('loops', () => {
  prints([
    [
      '[GRM-054] while in while, with every jump',
      '$i = 0; while ($i < 5) { $j = 0; while $j < 5 { $j++; if ($j == 2) { continue; } if ($j == 4) { break; } printf("%d%d ", $i, $j); } $i++; if ($i == 3) { return; } } print("no");',
      '01 03 11 13 21 23 ',
    ],
    [
      '[GRM-055] [GRM-059] unroll, with every jump',
      '$n = 0; unroll 2 { $n++; } unroll(100) { $n++; } unroll(5) { $n += 1000; if ($n > 3000) { break; } } unroll(3) { $n += 10000; if $n > 20000 { continue; } $n += 100000; } print($n); unroll(4) { $n++; if $n == 133105 { return; } print($n); }',
      '133102\n133103\n133104',
    ],
    [
      '[GRM-056] for over a map',
      '@m[1] = 10; @m[2] = 20; @s = 0; for $kv : @m { @s += $kv.0 * $kv.1; } for ($k : @m) { @s += 1000; } print(@s); clear(@m); clear(@s);',
      '@s: 2050',
    ],
    [
      '[GRM-057] [GRM-058] for over ranges, half open, of any integers',
      '$a = 2; for $i : 2..4 { printf("%d ", $i); } for ($i : -2..(1 - 1)) { printf("%d ", $i); } for $i : (1+1)..(2*2) { printf("%d ", $i); } for $i : $a..$a + 2 { printf("%d ", $i); } for $i : 3..$a { printf("never"); }',
      '2 3 -2 -1 2 3 2 3 ',
    ],
    [
      '[GRM-059] for in for, with every jump',
      'for $i : 0..4 { for $j : 0..4 { if $j == 2 { break; } if $i == 1 { continue; } if $i == 3 { return; } printf("%d%d ", $i, $j); } } print("no");',
      '00 01 20 21 ',
    ],
    [
      '[GRM-059] for over maps, ranges and while in each other',
      '@m[1] = 1; @m[2] = 2; @m[3] = 3; $s = 0; for $kv : @m { for $i : 0..5 { if $i == $kv.0 { continue; } $n = 0; while $n < 3 { $n++; if $n == 2 { break; } $s += 1; } if $i == 3 { break; } } } clear(@m); print($s);',
      '10',
    ],
    [
      '[GRM-062] return out of a map in a map',
      '@m[1] = 1; @m[2] = 2; @n[5] = 5; for $a : @m { for $b : @n { if $a.0 == 1 { continue; } printf("%d:%d", $a.0, $b.0); clear(@m); clear(@n); return; } } print("no");',
      '2:5',
    ],
    [
      '[GRM-062] return out of a range in a while, and of unroll in a range',
      '$i = 0; while $i < 9 { $i++; for $j : 0..5 { unroll(2) { if $j == 2 { return; } printf("%d ", $j); } } } print("no");',
      '0 0 1 1 ',
    ],
  ]);

  it('[GRM-055] [GRM-085] unroll by a parameter', async () => {
    const body = 'unroll($1) { $n++; if ($n == 2) { continue; } $m++; } print(($n, $m));';
    expect(await printed(`$n = 0; $m = 0; ${body}`, ['4'])).toBe('(4, 3)');
    expect(await printed(`$n = 0; $m = 0; ${body}`)).toBe('(0, 0)');
  });

  it('[GRM-054] [GRM-055] warns of while, and wants a number for unroll', () => {
    expect(warnings('BEGIN { $i = 0; while ($i < 3) { $i++; } }')).toEqual([
      'While loops are deprecated and will be removed in the future. @ while ($i < 3)',
    ]);
    expect(errors('BEGIN { unroll(0) { } unroll(101) { } $n = 3; unroll($n) { } }')).toEqual([
      'unroll minimum value is 1 @ (0)',
      'unroll maximum value is 100 @ (101)',
      'invalid unroll value: an integer literal is expected @ ($n)',
    ]);
  });

  it('[GRM-060] break and continue are of loops', () => {
    expect(errors('BEGIN { break; if (1) { continue; } } END { break; }')).toEqual([
      "'break' statement is not allowed in a probe @ break",
      "'continue' statement is not allowed in a probe @ continue",
      "'break' statement is not allowed in a probe @ break",
    ]);
  });

  it('[GRM-061] [GRM-062] return takes integers, the same way in all of a loop', () => {
    expect(errors('BEGIN { return 1; } END { return "a"; }')).toEqual([
      'Probe return values can only be integers. Found string[2] @ "a"',
    ]);
    expect(errors('BEGIN { for $i : 0..4 { if $i { return 1; } return; } }')).toEqual([
      'Return value used in loop is inconsistent @ return',
    ]);
  });

  it('[GRM-040] [GRM-061] programs return what the script says, else 0, or 1 for tracepoints', () => {
    expect(returned('BEGIN { @ = 1; }')).toEqual(['0']);
    expect(returned('BEGIN { @ = 1; return 7; }')).toEqual(['7']);
    expect(returned('tracepoint:sched:sched_switch { @ = 1; }')).toEqual(['1']);
    expect(returned('tracepoint:sched:sched_switch { @ = 1; return; }')).toEqual(['1']);
    expect(returned('tracepoint:sched:sched_switch /pid/ { @ = 1; }')).toEqual(['1']);
    expect(returned('tracepoint:sched:sched_switch /pid/ { @ = 1; return 0; }')).toEqual([
      '0',
      '1',
    ]);
  });

  it('[GRM-061] a value returned ends the probe', async () => {
    expect(await printed('$x = 5; if $x > 3 { print(1); return $x; } print(2);')).toBe('1');
  });

  it('[GRM-063] exit() ends the probe, in loops too', async () => {
    expect(await printed('printf("a"); exit(); printf("b");')).toBe('a');
    expect(
      await printed('for $i : 0..9 { if $i == 2 { exit(); } printf("%d", $i); } printf("no");'),
    ).toBe('01');
    expect(
      await printed(
        '$i = 0; while 1 { if $i == 2 { exit(); } printf("%d", $i); $i++; } printf("no");',
      ),
    ).toBe('01');
    expect(await output('BEGIN { @m[1] = 1; for $kv : @m { exit(); } print("no"); }')).toBe(
      '\n\n@m[1]: 1\n',
    );
    const result = await run(
      'BEGIN { exit(3); } interval:s:1 { print("no"); } END { print("end"); }',
      {
        signal: 'none',
      },
    );
    expect(result).toMatchObject({ status: 3, stdout: 'end\n\n\n' });
  });

  it('[GRM-079] warns once of what is not reached', () => {
    expect(warnings('BEGIN { return; print(1); print(2); }')).toEqual([
      'Unreachable statement. @ print(1)',
    ]);
    expect(warnings('BEGIN { $x = 1; if $x { return; } else { exit(); } print(3); }')).toEqual([
      'Unreachable statement. @ print(3)',
    ]);
    expect(warnings('BEGIN { for $i : 0..2 { break; print(1); } print(2); }')).toEqual([
      'Unreachable statement. @ print(1)',
    ]);
    expect(warnings('BEGIN { $x = 1; if $x { return; } print(3); }')).toEqual([]);
    expect(warnings('BEGIN { $a = { return; 5 }; }')).toEqual([
      'Unreachable expression; block type is implicitly none. @ 5',
    ]);
    expect(errors('BEGIN { $a = { return; 5 }; }')).toEqual([
      "Value 'none' cannot be used in an expression @ { return; 5 }",
    ]);
  });
});

needs('root').describe('statements', () => {
  const operators =
    'X = 0; X <<= 1; X += 10; X -= 1; X *= 4; X /= 2; X %= 11; X <<= 3; X >>= 1; X |= 16; X &= 29; X ^= 7;';
  prints([
    [
      '[GRM-064] let, with and without type and value',
      'let $a; let $b: uint8; let $c = 3; let $d: int64 = 4; let $e: string = "x"; let $f: string[8] = "yy"; $a = 1; $b = 200; print(($a, $b, $c, $d, $e, $f));',
      '(1, 200, 3, 4, x, yy)',
    ],
    [
      '[GRM-065] discarded values are computed',
      '_ = print(7); $n = 0; _ = $n++; print($n);',
      '7\n1',
    ],
    [
      '[GRM-066] the ten compound assignments',
      `${['$x', '@m', '@k["a", 1]'].map((target) => operators.replaceAll('X', target)).join(' ')} print(($x, @m, @k["a", 1])); clear(@m); clear(@k);`,
      '(27, 27, 27)',
    ],
    [
      '[GRM-067] ++ and --, before and after, on variables, maps and elements',
      '$x = 5; @m = 5; @k[1] = 5; print(($x++, ++$x, $x--, --$x, $x)); print((@m++, ++@m, @m--, --@m, @m)); print((@k[1]++, ++@k[1], @k[1]--, --@k[1], @k[1])); $x++; ++@m; @k[2]--; print(($x, @m, @k[2])); clear(@m); clear(@k);',
      '(5, 7, 7, 5, 5)\n(5, 7, 7, 5, 5)\n(5, 7, 7, 5, 5)\n(6, 6, -1)',
    ],
  ]);

  it('[GRM-064] says how to reach a variable of an inner block', () => {
    const [error] = diagnose('BEGIN { if (pid) { $s = "a"; } print($s); }');
    expect(error?.message).toBe('Undefined or undeclared variable: $s');
    expect(error?.hints).toEqual([
      'It ends with the block in which it was first assigned. Declare it before that block: let $s;',
    ]);
  });

  it('[GRM-065] only values that nobody wants are warned of', () => {
    expect(warnings('BEGIN { _ = 5; _ = (1, 2); 5; 1 + nsecs; }')).toEqual([
      'Return value discarded. @ 5',
      'Return value discarded. @ 1 + nsecs',
    ]);
  });

  it('[GRM-068] tuples and records do not change', () => {
    const immutable =
      'Tuples and records are immutable once created. Fields of structs cannot be assigned either.';
    expect(
      errors(
        'BEGIN { $t = (1, 2); $t.0 = 3; $t.1 += 3; @r = (a = 1); @r.a = 2; 5 = 3; pid = 1; $t.0++; }',
      ),
    ).toEqual([
      `${immutable} @ $t.0`,
      `${immutable} @ $t.1`,
      `${immutable} @ @r.a`,
      'invalid assignment target @ 5',
      'invalid assignment target @ pid',
      'The ++ operator must be applied to a map or variable @ $t.0++',
    ]);
  });

  it('[GRM-064] [GRM-067] says what cannot be declared or stepped', () => {
    expect(
      errors('BEGIN { let $a = 1; let $a = 2; let $q: nosuch; let $z: uint8 = "s"; 5++; }'),
    ).toEqual([
      'Variable $a was already declared. Variable shadowing is not allowed. @ $a',
      'Cannot resolve unknown type "nosuch" @ nosuch',
      "Type mismatch for $z: trying to assign value of type 'string[2]' when variable already has a type 'uint8' @ \"s\"",
      'The ++ operator must be applied to a map or variable @ 5++',
    ]);
  });
});

needs('root').describe('expressions', () => {
  prints([
    [
      '[GRM-069] ternaries associate to the right',
      '$a = 1; $b = 0; print(($a ? $b ? 1 : 2 : 3, $b ? 1 : $a ? 4 : 5, $b ? "x" : $b ? "yy" : "zzz")); $a ? print("then") : print("else");',
      '(2, 4, zzz)\nthen',
    ],
    [
      '[GRM-070] the short ternary looks at its condition once',
      '$z = 0; $n = 0; $v = $n++ ?: 7; $w = ++$n ?: 7; @i = 0; $u = @i++ ?: 9; print(($v, $w, $n, $u, @i, $z ?: $z ?: 3)); clear(@i);',
      '(7, 2, 2, 9, 1, 3)',
    ],
    [
      '[GRM-071] operators bind as in C',
      '$a = 6; $b = 3; $c = 2; print(($a & $b == 3, $a | $b ^ $c & 3, 1 + 2 << 3, $a - $b - $c, 100 / 5 / $c, 1 << $c << 1, 2 + 3 * $c, -$c * 3, !$a == 0, ~$c & 7, $a == 6 && $b == 4 || 1, 1 || 0 && 0, $a != 6 | 1, $a % 4 * 2));',
      '(0, 7, 24, 1, 10, 8, 8, -6, true, 5, true, true, 1, 4)',
    ],
    [
      '[GRM-072] comparisons associate to the left',
      '$a = 3; print((1 < 2 == 1, $a > 2 > 1, $a > 2 == true, 5 > $a != 0));',
      '(true, false, true, true)',
    ],
    [
      '[GRM-073] a value in parentheses is no cast, a type is one',
      '$x = 300; $p = (uint8)$x; print(((pid)*0, (tid)-tid, (uint8)-1, $p, (int8)(200), -(int8)5, (uint64)(uint8)511, ($x)-1));',
      '(0, 0, 255, 44, -56, -5, 255, 299)',
    ],
    [
      '[GRM-074] casts to pointers of structs',
      '$p = (struct task_struct *)curtask; print((((struct task_struct *)curtask).pid == tid, $p->tgid == pid, (*$p).pid == tid, ((task_struct *)curtask)->pid == tid));',
      '(true, true, true, true)',
    ],
    [
      '[GRM-075] tuples of any length',
      '$t = ((1, "a"), (), (2,)); @t[(1,)] = (1,); print(()); print((1,)); print((1)); print((1, 2,)); print(($t, $t.0.1, $t.2.0, @t[(1,)].0)); clear(@t);',
      '()\n(1)\n1\n(1, 2)\n(((1, a), (), (2)), a, 2, 1)',
    ],
    [
      '[GRM-076] records: nested, in variables, maps, keys and tuples',
      '$r = (a = 1, b = (c = 2, d = "q")); print($r); print(($r.a, $r.b.c, $r.b.d)); @r = (x = 1, y = 2); print((@r.x, ((a = true), 1).0.a)); @m[(k = 1, l = "z")] = (v = 5); @m[(k = 1, l = "z")] = (v = 6); for $kv : @m { print($kv); print($kv.0.l); } printf("%s", (a = 1,)); clear(@r); clear(@m);',
      '{ .a = 1, .b = { .c = 2, .d = q } }\n(1, 2, q)\n(1, true)\n({ .k = 1, .l = z }, { .v = 6 })\nz\n{ .a = 1 }',
    ],
    [
      '[GRM-076] records whose fields have names of built-ins, keywords and types',
      '$r = (pid = 1, comm = "x", args = 2, if = 3, struct = 4, uint8 = 5, true = 6, arg0 = 7, sizeof = 8, begin = 9); print($r); print(($r.pid, $r.comm, $r.args, $r.if, $r.struct, $r.uint8, $r.true, $r.arg0, $r.sizeof, $r.begin));',
      '{ .pid = 1, .comm = x, .args = 2, .if = 3, .struct = 4, .uint8 = 5, .true = 6, .arg0 = 7, .sizeof = 8, .begin = 9 }\n(1, x, 2, 3, 4, 5, 6, 7, 8, 9)',
    ],
    [
      '[GRM-077] types of arrays',
      '$a = (int8[4])0x01020304; $b = (int16[2])0x00010002; print(($a[0], $b, (uint8[8])1, (uint8[4])"abc", (uint32)$a, sizeof(int8[4]), sizeof(uint16[])));',
      '(4, [2,1], [1,0,0,0,0,0,0,0], [97,98,99,0], 16909060, 4, 0)',
    ],
    [
      '[GRM-083] strings of literals: joined, cut, compared',
      'print(("ab" + "cd", "abc" + 1, "a" == "a", "a" < "b", "a" != "a", sizeof("ab" + "c"))); if ("a" == "b") { print("no"); }',
      '(abcd, bc, true, true, false, 4)',
    ],
  ]);

  it('[GRM-076] [GRM-083] says what is wrong with records and strings', () => {
    expect(errors('BEGIN { print((a = 1, a = 2)); }')).toEqual([
      "syntax: duplicate record field 'a' @ a",
    ]);
    expect(errors('BEGIN { $r = (a = 1); print($r.b); }').join()).toContain("'b'");
    expect(warnings('BEGIN { print("abc" + 5); }')).toEqual([
      'literal string will always be empty @ "abc" + 5',
    ]);
  });

  it('[GRM-076] records dump with their fields', async () => {
    expect(await output('BEGIN { @r = (x = 1, y = "s"); @m[(k = 1)] = 5; @m[(k = 2)]++; }')).toBe(
      '\n\n@m[{ .k = 2 }]: 1\n@m[{ .k = 1 }]: 5\n@r: { .x = 1, .y = s }\n',
    );
  });

  it('[GRM-085] [GRM-086] [GRM-087] parameters as numbers and as text', async () => {
    expect(
      await printed('printf("%d %s %s %s|", $1 + 1, str($1), str($1 + 2), str($9)); print($9);', [
        '0x10',
      ]),
    ).toBe('17 0x10 10 |0');
    expect(
      await printed('print(str($1) == "bash"); print(str($2) == "007");', ['bash', '007']),
    ).toBe('true\ntrue');
    const result = await run('BEGIN { printf("%d %s\\n", $1, str($2)); }', {
      signal: 'none',
      parameters: ['1'],
    });
    expect(result.stderr).toContain('WARNING: Positional parameter $2 is empty or not provided.');
    expect(result.stderr).not.toContain('$1');
    expect(diagnose('BEGIN { if (comm == $1) { } }')[0]?.hints).toEqual([
      'Use str($1) to treat $1 as a string',
    ]);
  });
});

needs('root').describe('scripts in the older dialect', () => {
  it('[GRM-078] run, with a warning that names the replacement', async () => {
    const script =
      'tracepoint:syscalls:sys_exit_getppid /comm == "old"/ { @n[name] = count(); @r = args->retval > 0; @s[stack(1)] = count(); @d["a"] = 1; delete(@d["a"]) }';
    expect(warnings(script)).toEqual([
      'name is deprecated and will be removed in the future. Use probe instead. @ name',
      'args->field is the older form of args.field and will be removed in the future. Use args.field instead. @ args->retval',
      'args.retval is deprecated and will be removed in the future. Use args.ret instead. @ retval',
      'stack is deprecated and will be removed in the future. Use kstack instead. @ stack',
      'delete(@d[...]) is deprecated @ delete(@d["a"])',
    ]);
    const { stdout } = await run(script, { workload: 'comm old getppid 3' });
    expect(stdout).toContain('@n[tracepoint:syscalls:sys_exit_getppid]: 3\n');
    expect(stdout).toContain('@r: true\n');
    expect(stdout).not.toContain('@d');
  });

  it('[GRM-078] comments between probe, predicate and block; no last semicolon', async () => {
    expect(
      await output('BEGIN // a\n /* b */ /1 == 1/ // c\n// d\n{ printf("x"); printf("y") // e\n}'),
    ).toBe('xy\n\n');
  });
});
