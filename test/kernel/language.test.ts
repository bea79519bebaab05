/** The core of the language: what scripts print when the kernel runs them. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

/** Runs `BEGIN { body }` and gives what it printed before the final dump. */
async function printed(body: string, parameters: readonly string[] = []): Promise<string> {
  const result = await run(`BEGIN { ${body} }`, { signal: 'none', parameters });
  expect(result.stderr.replace(/^(stdin:|WARNING)[\s\S]*?\n(?=Attached)/m, '')).toContain(
    'Attached 1 probe',
  );
  expect(result.status).toBe(0);
  return result.stdout.replace(/\n\n[\s\S]*$/, '').replace(/\n$/, '');
}

/** Rows of [what a script says, what comes out]. */
function prints(rows: readonly (readonly [title: string, body: string, expected: string])[]): void {
  for (const [title, body, expected] of rows) {
    it(title, async () => {
      expect(await printed(body)).toBe(expected);
    });
  }
}

needs('root').describe('integers', () => {
  prints([
    [
      '[LEX-007] [LEX-009] [LEX-011] literals',
      'printf("%d %d %d %d", 1_000_000, 0xFF_ff, 0777, 5e3);',
      '1000000 65535 511 5000',
    ],
    ['[LEX-018] durations', 'printf("%lld %lld", 5ms, 2h);', '5000000 7200000000000'],
    [
      '[TYP-008] arithmetic is 64 bits wide',
      '$a = (int8)100; $b = (int8)100; printf("%d", $a + $b);',
      '200',
    ],
    [
      '[TYP-009] differences are signed',
      '$a = (uint64)1; $b = (uint64)2; printf("%lld", $a - $b);',
      '-1',
    ],
    [
      'signed division and modulo as in C',
      '$a = -7; $b = 2; printf("%lld %lld %lld", $a / $b, $a % $b, $a / -$b);',
      '-3 -1 3',
    ],
    [
      'unsigned division',
      '$a = (uint64)18446744073709551615; printf("%llu", $a / (uint64)2);',
      '9223372036854775807',
    ],
    [
      'an arithmetic shift for signed values',
      '$a = -8; printf("%lld %lld", $a >> 1, $a << 2);',
      '-4 -32',
    ],
    [
      '[GRM-071] precedence as in C',
      'printf("%d %d %d", 1 + 2 << 3, 6 & 3 == 3, 1 | 6 ^ 2 & 3);',
      '24 0 5',
    ],
    [
      '[TYP-018] casts truncate and extend',
      '$v = 255; printf("%d %d %d", (int8)$v, (uint8)-1, (int64)(int32)4294967295);',
      '-1 255 -1',
    ],
    [
      '[GRM-066] compound assignments',
      '$x = 5; $x += 3; $x -= 1; $x *= 4; $x /= 2; $x %= 9; $x <<= 3; $x >>= 1; $x |= 3; $x &= 22; $x ^= 7; printf("%d", $x);',
      '17',
    ],
    [
      '[GRM-067] steps, before and after',
      '$x = 5; $a = $x++; $b = ++$x; $c = $x--; $d = --$x; printf("%d %d %d %d %d", $a, $b, $c, $d, $x);',
      '5 7 7 5 5',
    ],
    [
      '[TYP-015] comparisons',
      '$a = (uint64)1; $b = -1; printf("%d %d %d", $a > $b, $b < 0, 3 >= 3);',
      '1 1 1',
    ],
    ['[TYP-016] booleans print as words', '$a = 3 > 2; print(($a, !$a));', '(true, false)'],
    [
      '[TYP-017] logic short-circuits',
      '@n = 0; $a = 0; if ($a != 0 && @n++ > 0) { @n = 9; } if ($a == 0 || @n++ > 0) { printf("%d", @n); } delete(@n);',
      '0',
    ],
  ]);

  it('[TYP-012] [TYP-013] gives 1 for division by zero, and says where', async () => {
    const result = await run('BEGIN { $z = (uint64)$1; printf("%d %d\\n", 5 / $z, 5 % $z); }', {
      signal: 'none',
      parameters: ['0'],
    });
    expect(result.stdout).toBe('1 1\n\n\n');
    expect(result.stderr).toContain('stdin:1:44-50: WARNING: Divide or modulo by 0 detected.');
  });
});

needs('root').describe('control flow', () => {
  prints([
    [
      '[GRM-049] chains of if',
      '$x = 5; if ($x < 3) { print("a"); } else if ($x < 6) { print("b"); } else { print("c"); }',
      'b',
    ],
    [
      '[GRM-069] [GRM-070] ternaries',
      '$x = 0; printf("%d %d %s", $x ? 1 : 2, $x ?: 7, $x == 0 ? "zero" : "more");',
      '2 7 zero',
    ],
    ['[GRM-057] ranges are half open', 'for $i : 2..6 { printf("%d,", $i); }', '2,3,4,5,'],
    ['[TYP-073] empty ranges', 'for $i : 5..2 { printf("never"); } printf("done");', 'done'],
    [
      '[TYP-071] loops change outer variables',
      '$sum = 0; for $i : 0..100 { $sum += $i; } printf("%d", $sum);',
      '4950',
    ],
    [
      'ranges of many rounds',
      '$sum = 0; for $i : 0..100000 { $sum += 1; } printf("%d", $sum);',
      '100000',
    ],
    [
      'loops inside loops',
      '$n = 0; for $i : 0..20 { for $j : 0..$i { $n += $j; } } printf("%d", $n);',
      '1140',
    ],
    [
      '[GRM-059] break and continue',
      '$s = 0; for $i : 0..100 { if ($i % 2 == 0) { continue; } if ($i > 9) { break; } $s += $i; } printf("%d", $s);',
      '25',
    ],
    ['[GRM-054] while', '$i = 0; while ($i < 5) { $i++; } printf("%d", $i);', '5'],
    ['[GRM-055] unroll', '$x = 1; unroll(5) { $x *= 2; } printf("%d", $x);', '32'],
    [
      '[GRM-056] loops over maps',
      '@m[1] = 10; @m[2] = 20; $s = 0; for $kv : @m { $s += $kv.0 * $kv.1; } printf("%d", $s); clear(@m);',
      '50',
    ],
    [
      '[TYP-075] loops over counts',
      '@c["a"] = count(); @c["a"] = count(); for $kv : @c { printf("%s %d", $kv.0, $kv.1); } clear(@c);',
      'a 2',
    ],
    [
      '[GRM-062] return inside a loop',
      'for $i : 0..10 { if ($i == 3) { printf("three"); return; } } printf("never");',
      'three',
    ],
    ['[GRM-063] nothing after exit', 'printf("before"); exit(); printf("after");', 'before'],
  ]);
});

needs('root').describe('strings', () => {
  prints([
    [
      '[TYP-042] equality',
      '$a = "abc"; $b = "abcd"; printf("%d %d %d", $a == "abc", $a == "abd", $a == $b);',
      '1 0 0',
    ],
    ['[GRM-083] folding', 'printf("%s", "ab" + "cd");', 'abcd'],
    [
      '[LEX-025] [LEX-026] [LEX-027] escapes',
      'printf("%s", "tab\\tquote\\"\\101\\x42\\\\");',
      'tab\tquote"AB\\',
    ],
    [
      '[TYP-044] they grow to the longest',
      '@s = "a"; @s = "longer text"; printf("%s", @s); delete(@s);',
      'longer text',
    ],
    [
      'strings as keys',
      '@m["one"] = 1; @m["three"] = 3; printf("%d %d %d", @m["one"], @m["three"], @m["two"]); clear(@m);',
      '1 3 0',
    ],
    ['strings of more than the stack', '$s = str($1); printf("%s", $s);', ''],
  ]);

  it('[GRM-087] [GRM-085] takes parameters as text and as numbers', async () => {
    expect(await printed('printf("%s %d %d", str($1), $2, $#);', ['007', '0x10'])).toBe('007 16 2');
  });

  it('[GRM-086] gives 0 for missing parameters, with a warning', async () => {
    const result = await run('BEGIN { printf("%d\\n", $1); }', { signal: 'none' });
    expect(result.stdout).toBe('0\n\n\n');
    expect(result.stderr).toContain('Positional parameter $1 is empty or not provided.');
  });

  it('keeps strings of 1,000 bytes', async () => {
    const text = 'x'.repeat(1000);
    expect(
      await printed('@s = str($1); printf("%s %d", @s, @s == str($1)); delete(@s);', [text]),
    ).toBe(`${text} 1`);
  });
});

needs('root').describe('tuples', () => {
  prints([
    ['[FUN-002] they print', 'print((1, "abc", (2, 3)));', '(1, abc, (2, 3))'],
    ['[OUT-014] elements', '$t = (1, "two", 3); printf("%d %s %d", $t.0, $t.1, $t.2);', '1 two 3'],
    ['[TYP-054] as keys', '@m[1, 2] = 3; printf("%d %d", @m[(1, 2)], @m[2, 1]); clear(@m);', '3 0'],
    [
      '[TYP-064] padding never tells equal keys apart',
      '@m[(int8)1, (int64)2] = count(); @m[(int8)1, (int64)2] = count(); printf("%d", len(@m)); clear(@m);',
      '1',
    ],
  ]);
});

needs('root').describe('maps', () => {
  async function dump(body: string): Promise<string> {
    const result = await run(`BEGIN { ${body} }`, { signal: 'none' });
    expect(result.status).toBe(0);
    return result.stdout.replace(/^\n\n/, '');
  }

  it('[OUT-006] [OUT-007] [OUT-004] prints scalars and keys, by name', async () => {
    expect(await dump('@b = 2; @a["x", 1] = 1; @ = 5;')).toBe('@: 5\n@a[x, 1]: 1\n@b: 2\n');
  });

  it('[OUT-018] [OUT-064] sorts by value, then by key', async () => {
    expect(await dump('@m["c"] = 2; @m["a"] = 3; @m["b"] = 2; @m["d"] = -1;')).toBe(
      '@m[d]: -1\n@m[b]: 2\n@m[c]: 2\n@m[a]: 3\n',
    );
  });

  it('[OUT-020] sorts maps of strings by key', async () => {
    expect(await dump('@m[3] = "x"; @m[1] = "z"; @m[2] = "y";')).toBe(
      '@m[1]: z\n@m[2]: y\n@m[3]: x\n',
    );
  });

  it('[FUN-063] [FUN-064] [FUN-066] [FUN-065] aggregates', async () => {
    const text = await dump(
      `for $i : 1..11 { @c = count(); @s = sum($i); @avg = avg($i); @min = min($i - 5); @max = max($i); @st = stats($i); }`,
    );
    expect(text).toBe(
      '@avg: 5\n@c: 10\n@max: 10\n@min: -4\n@s: 55\n@st: { .count = 10, .average = 5, .total = 55 }\n',
    );
  });

  it('[FUN-068] [OUT-022] [OUT-023] [OUT-024] draws power-of-two histograms', async () => {
    const bar = (length: number): string => `|${'@'.repeat(length).padEnd(52)}|`;
    expect(
      await dump(
        '@ = hist(0); @ = hist(1); @ = hist(3); @ = hist(2); @ = hist(1500); @ = hist(-4);',
      ),
    ).toBe(
      [
        '@:',
        `(..., 0)               1 ${bar(26)}`,
        `[0]                    1 ${bar(26)}`,
        `[1]                    1 ${bar(26)}`,
        `[2, 4)                 2 ${bar(52)}`,
        ...[
          '[4, 8)',
          '[8, 16)',
          '[16, 32)',
          '[32, 64)',
          '[64, 128)',
          '[128, 256)',
          '[256, 512)',
          '[512, 1K)',
        ].map((label) => `${label.padEnd(16)}       0 ${bar(0)}`),
        `[1K, 2K)               1 ${bar(26)}`,
        '',
        '',
      ].join('\n'),
    );
  });

  it('[OUT-029] draws linear histograms', async () => {
    expect(
      await dump(
        '@["k"] = lhist(5, 0, 100, 10); @["k"] = lhist(-1, 0, 100, 10); @["k"] = lhist(100, 0, 100, 10);',
      ),
    ).toMatch(
      /^@\[k\]:\n\(\.\.\., 0\) +1 \|@{52}\|\n\[0, 10\) +1 .*\n(\[\d0, \d+\) +0 \| {52}\|\n){9}\[100, \.\.\.\) +1 \|@{52}\|\n\n$/,
    );
  });

  it('[FUN-059] [FUN-060] [FUN-058] deletes, asks and counts', async () => {
    const result = await run(
      `BEGIN { @m[1] = 1; @m[2] = 2; @x = 5; printf("%d %d %d %d\\n", has_key(@m, 1), delete(@m, 1), has_key(@m, 1), len(@m)); delete(@x); }`,
      { signal: 'none' },
    );
    expect(result.stdout).toBe('1 1 0 1\n\n\n@m[2]: 2\n');
  });

  it('[FUN-061] clears and zeroes', async () => {
    expect(
      await dump(
        '@a[1] = 5; @b[1] = 5; @c = count(); @d = 3; clear(@a); zero(@b); zero(@c); clear(@d);',
      ),
    ).toBe('@b[1]: 0\n@c: 0\n');
  });

  it('[FUN-004] [FUN-005] prints the top, divided', async () => {
    const result = await run(
      'BEGIN { for $i : 1..6 { @m[$i] = $i * 100; } print(@m, 2, 100); clear(@m); }',
      { signal: 'none' },
    );
    expect(result.stdout).toBe('@m[4]: 4\n@m[5]: 5\n\n\n');
  });

  it('[FUN-006] [OUT-005] prints elements and empty scalars', async () => {
    const result = await run(
      'BEGIN { @m["k"] = 7; print(@m["k"]); print(@e); if ($1) { @e = 1; } clear(@m); }',
      { signal: 'none' },
    );
    expect(result.stdout).toBe('7\n@e: 0\n\n\n');
  });

  it('[TYP-058] [TYP-060] reads aggregates', async () => {
    const result = await run(
      'BEGIN { @c = count(); @c = count(); @m = max(7); if (@c > 1) { printf("%d %d\\n", (int64)@c, @m); } }',
      { signal: 'none' },
    );
    expect(result.stdout).toBe('2 7\n\n\n@c: 2\n@m: 7\n');
  });

  it('[TYP-063] [OUT-051] says when a map is full, and keeps what it has', async () => {
    const result = await run('let @m = hash(2); BEGIN { @m[1] = 1; @m[2] = 2; @m[3] = 3; }', {
      signal: 'none',
    });
    expect(result.stdout).toBe('\n\n@m[1]: 1\n@m[2]: 2\n');
    expect(result.stderr).toContain("WARNING: Map full; can't update element.");
  });

  it('keeps 4,096 keys', async () => {
    const text = await dump('for $i : 0..4096 { @m[$i] = 1; }');
    expect(text.split('\n')).toHaveLength(4097);
  });
});

needs('root').describe('printf', () => {
  prints([
    ['[OUT-039] %d shows 32 bits', 'printf("%d %ld", 4294967297, 4294967297);', '1 4294967297'],
    [
      '[OUT-041] flags and width',
      'printf("%5d|%-5d|%05d|%+d|%#x|%x", 255, 255, -5, 5, 255, 255);',
      '  255|255  |-0005|+5|0xff|ff',
    ],
    ['[OUT-043] %c %p %%', 'printf("%c%c %p %%", 79, 75, 4096);', 'OK 0x1000 %'],
    ['[OUT-046] %s of anything', 'printf("%s %s %s", 5, (1, "a"), 1 == 1);', '5 (1, a) true'],
    ['widths of strings', 'printf("%6s|%-6s|", "abc", "abc");', '   abc|abc   |'],
    [
      '[OUT-044] buffers',
      'printf("%r %rx %rh", buf("a\\xff", 2), buf("a", 1), buf("\\x0a\\xfe", 2));',
      'a\\xff \\x61 0a fe',
    ],
  ]);
});

needs('root').describe('built-in values', () => {
  it('[BLT-001] [BLT-002] [BLT-003] knows who runs', async () => {
    const result = await run(
      'tracepoint:syscalls:sys_enter_getppid /comm == "who"/ { printf("%d %d %d %d %s\\n", pid, tid, uid, gid, comm); exit(); }',
      {
        workload: 'comm who getppid 1 pid',
        signal: 'none',
      },
    );
    const [line] = result.stdout.split('\n');
    expect(line).toMatch(/^(\d+) \1 0 0 who$/);
  });

  it('[BLT-005] [BLT-018] knows its parent, and that there is no command', async () => {
    const own = readFileSync('/proc/self/comm', 'utf8').trim();
    expect(await printed('printf("%d %s %d", ppid, pcomm, has_cpid);')).toBe(
      `${process.pid} ${own} 0`,
    );
  });

  it('[BLT-011] [BLT-013] measures time', async () => {
    const line = await printed('$a = nsecs; $b = nsecs; printf("%d %d", $b >= $a, elapsed < 5s);');
    expect(line).toBe('1 1');
  });

  it('[BLT-015] gives random numbers', async () => {
    const line = await printed('printf("%lu %lu %lu", (uint64)rand, (uint64)rand, (uint64)rand);');
    expect(new Set(line.split(' ')).size).toBeGreaterThan(1);
  });

  it('[BLT-008] [BLT-017] knows CPU and task', async () => {
    expect(
      await printed('printf("%d %d %d", cpu < ncpus, curtask->pid == tid, curtask->tgid == pid);'),
    ).toBe('1 1 1');
  });

  it('[BLT-022] [GRM-043] names the probe', async () => {
    const result = await run(
      'BEGIN { printf("%s\\n", probe); } mine=END { printf("%s\\n", probe); }',
      { signal: 'none' },
    );
    expect(result.stdout).toBe('begin\nmine\n\n\n');
  });
});
