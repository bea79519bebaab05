/** Errors and warnings about types: their text, and the text that they point at. */
import { describe, expect, it } from 'vitest';
import { said, saidOf } from '../../support/diagnostics.ts';

/** Rows of [title, body of BEGIN (or whole script), what is said]. */
function says(rows: readonly (readonly [string, string, readonly string[]])[]): void {
  for (const [title, script, expected] of rows) {
    it(title, () => {
      const whole = /^(tracepoint|rawtracepoint|uprobe|kprobe|config|let @|begin)/.test(script);
      expect(whole ? said(script) : saidOf(script)).toEqual(expected);
    });
  }
}

const CAST = 'This may cause unexpected results.';

describe('warnings about integers', () => {
  says([
    [
      '[TYP-002] none for literals',
      '$u = (uint64)5; print(($u + 1, $u > 1, $u / 2, $u & ~7));',
      [],
    ],
    [
      '[TYP-007] two signs of 64 bits',
      '$a = (uint64)1; $b = (int64)2; print($a + $b);',
      [`warning: Expression of type: uint64 being cast to type: int64. ${CAST} @ $a`],
    ],
    [
      '[TYP-009] none for a difference of two uint64',
      '$a = (uint64)1; $b = (uint64)2; print($a - $b);',
      [],
    ],
    [
      '[TYP-010] signed division is C’s, and no reason to warn',
      '$a = -7; $b = 2; print($a / $b);',
      [],
    ],
    ['[TYP-011] nor is that of equal types', '$a = (int64)-7; $b = (int64)2; print($a % $b);', []],
    [
      '[TYP-024] casts to what it is',
      '$a = (int64)5; print((int64)$a);',
      ['warning: Unnecessary cast: expression is already of type int64 @ int64'],
    ],
    [
      '[TYP-069] values that a declared variable may not hold',
      'let $x: uint8 = 1; $y = 300 + $1; $x = $y; print($x);',
      [`warning: Expression of type: int64 being cast to type: uint8. ${CAST} @ $y`],
    ],
  ]);
});

describe('errors about casts, pointers and arrays', () => {
  says([
    [
      '[TYP-025] casts that cannot be',
      '$t = (1, 2); print((int64)$t); print((string[2])"abc"); print((int8[2])(int32)5); print((struct task_struct)1);',
      [
        'error: Cannot cast from "(int8,int8)" to "int64" @ (int64)$t',
        'error: Cannot cast from "string[4]" to "string[2]" @ (string[2])"abc"',
        'error: Cannot cast from "int32" to "int8[2]": 4 bytes do not make 2 @ (int8[2])(int32)5',
        'error: Cannot cast from "int8" to "struct task_struct" @ (struct task_struct)1',
      ],
    ],
    [
      '[TYP-023] values that an enum does not have',
      'print((enum bpf_map_type)9999);',
      [
        'error: enum bpf_map_type does not have a variant with value 9999 @ (enum bpf_map_type)9999',
      ],
    ],
    [
      '[TYP-027] comparing pointers to different things',
      '$p = (int32 *)8; $q = (int64 *)8; $v = (void *)8; print(($p == $q, $p == $v));',
      ["warning: comparison of distinct pointer types: 'int32 *', 'int64 *' @ $p == $q"],
    ],
    [
      '[TYP-030] one variable for two address spaces',
      'uprobe:/bin/sh:main { $a = (int8 *)arg0; $a = kptr((int8 *)arg1); print($a); }',
      [
        'warning: Addrspace mismatch: int8 * into kernel memory where one into user memory is expected @ kptr((int8 *)arg1)',
      ],
    ],
    [
      '[TYP-038] the header of a tracepoint record',
      'tracepoint:sched:sched_switch { print(args.common_pid); }',
      ['error: BPF does not support accessing common tracepoint fields @ common_pid'],
    ],
    [
      '[TYP-039] literal indexes beyond the end',
      '$a = (uint8[4])(uint32)5; print($a[4]); print($a[3]);',
      ['error: the index 4 is out of bounds for array of size 4 @ 4'],
    ],
    [
      '[TYP-048] arrays that do not compare',
      '$a = (int32[2])(uint64)0; $b = (int64[1])(uint64)0; $c = (int8[2])(int16)0; print($a == $b); print($a < $a); print($a == $c);',
      [
        'error: Only arrays of same size support comparison operators. @ $a == $b',
        'error: The < operator cannot be used on arrays. @ $a < $a',
        'error: Only arrays of same sized integer support comparison operators. @ $a == $c',
      ],
    ],
    [
      '[TYP-049] tuples of other shapes',
      'print((1, 2) == (1, "a")); print((a = 1) == (b = 1));',
      [
        'error: Type mismatch for \'==\': comparing (int8,int8) with (int8,string[2]) @ (1, 2) == (1, "a")',
        "error: Type mismatch for '==': comparing (a=int8) with (b=int8) @ (a = 1) == (b = 1)",
      ],
    ],
  ]);
});

describe('errors about maps', () => {
  says([
    [
      '[TYP-050] with and without keys',
      '@x = 1; @x[1] = 2; @y[1] = 1; @y = 2;',
      [
        'error: @x used as a map with an explicit key (non-scalar map), previously used without an explicit key (scalar map) @ @x[1]',
        'error: @y used as a map without an explicit key (scalar map), previously used with an explicit key (non-scalar map) @ @y',
      ],
    ],
    [
      '[TYP-051] values of another type',
      '@x = 1; @x = "a";',
      [
        "error: Type mismatch for @x: trying to assign value of type 'string[2]' when map already has a type 'int8' @ \"a\"",
      ],
    ],
    [
      '[TYP-052] keys of another type or number',
      '@x[1] = 1; @x["a"] = 2; @y[1, 2] = 1; @y[1] = 2;',
      [
        "error: Argument mismatch for @x: trying to access with arguments: 'string[2]' when map expects arguments: 'int8' @ \"a\"",
        "error: Argument mismatch for @y: trying to access with arguments: 'int8' when map expects arguments: '(int8,int8)' @ 1",
      ],
    ],
    [
      '[TYP-055] the context as a key',
      'kprobe:vfs_read { @x[ctx] = 1; }',
      ['error: context cannot be part of a map key @ ctx'],
    ],
    [
      '[TYP-056] aggregates inside of tuples and records',
      '@h = hist(1); @s = stats(1); $t = (1, @h); $r = (a = @s);',
      [
        'error: The value of a map of type hist_t cannot be used in an expression @ @h',
        'error: The value of a map of type stats_t cannot be used in an expression @ @s',
      ],
    ],
    [
      '[TYP-057] aggregations that go nowhere',
      'count(); $x = sum(1); print((1, max(2)));',
      [
        'error: count() must be assigned directly to a map @ count()',
        'error: sum() must be assigned directly to a map @ sum(1)',
        'error: max() must be assigned directly to a map @ max(2)',
      ],
    ],
    [
      '[TYP-061] aggregates assigned to another map',
      '@c = count(); @d = @c;',
      ["error: Map value 'count_t' cannot be assigned from one map to another. @ @c"],
    ],
    [
      '[TYP-076] loops over histograms',
      '@h[1] = hist(5); for $kv : @h { print($kv); }',
      ['error: Loop expression does not support type: hist_t @ @h'],
    ],
  ]);
});

describe('errors about variables and statements', () => {
  says([
    [
      '[TYP-065] outside of their block',
      'if (pid > 1) { $x = 1; } print($x);',
      ['error: Undefined or undeclared variable: $x @ $x'],
    ],
    [
      '[TYP-066] declared again inside',
      '$x = 1; if (pid > 1) { let $x = 2; } for $x : 1..2 { }',
      [
        'error: Variable $x was already declared. Variable shadowing is not allowed. @ $x',
        'error: Loop declaration shadows existing variable: $x @ $x',
      ],
    ],
    [
      '[TYP-067] [TYP-068] read before assigned, and never assigned',
      'let $x; print($x); let $y; $y = 1;',
      [
        'warning: Variable used before it was assigned: $x @ $x',
        'warning: Variable $x was never assigned to. @ $x',
      ],
    ],
    [
      '[TYP-069] other values than declared',
      'let $x: int8 = 300; let $s: string[4]; $s = "abcd"; $s = 1;',
      [
        "error: Type mismatch for $x: trying to assign value of type 'int16' when variable already has a type 'int8' @ 300",
        "error: Type mismatch for $s: trying to assign value of type 'string[5]' when variable already has a type 'string[4]' @ \"abcd\"",
        "error: Type mismatch for $s: trying to assign value of type 'int8' when variable already has a type 'string[4]' @ 1",
      ],
    ],
    [
      '[TYP-070] widened after their size was asked for',
      '$x = (int8)1; $s = sizeof($x); $x = 100000; print($s);',
      [
        "error: this type has been locked because it was used in another part of the program (sizeof or typeof), and cannot be widened. It is 'int8', this needs 'int32'. @ 100000",
      ],
    ],
    [
      '[TYP-072] the context in loops',
      'tracepoint:sched:sched_switch { for $i : 0..30 { print(args.prev_pid); } }',
      ["error: 'args' builtin is not allowed in a for-loop @ args"],
    ],
    [
      '[TYP-077] values that nobody takes',
      '1 + 2; $x = 5; $x; comm; _ = 5;',
      [
        'warning: Return value discarded. @ 1 + 2',
        'warning: Return value discarded. @ $x',
        'warning: Return value discarded. @ comm',
      ],
    ],
    [
      '[TYP-078] branches of different types',
      '$x = pid ? 1 : "a"; $y = if (pid > 1) { 1 } else { "b" };',
      [
        "error: Branches must return the same type or compatible types: have 'int8' and 'string[2]' @ pid ? 1 : \"a\"",
        "error: Branches must return the same type or compatible types: have 'int8' and 'string[2]' @ if (pid > 1) { 1 } else { \"b\" }",
      ],
    ],
    [
      '[TYP-079] conditions that are neither true nor false',
      'if (comm) { } if ((1, 2)) { } print(!comm); print(comm && 1);',
      [
        'error: Invalid condition: string[16] @ (comm)',
        'error: Invalid condition: (int8,int8) @ ((1, 2))',
        'error: Invalid condition: string[16] @ comm',
        'error: Invalid condition: string[16] @ comm',
      ],
    ],
    [
      '[TYP-080] returning text',
      'return "a";',
      ['error: Probe return values can only be integers. Found string[2] @ "a"'],
    ],
    [
      '[TYP-081] text that is longer than strings may be',
      'config = { max_strlen = 8 } BEGIN { $x = "12345678"; printf("formats may be longer: %s", "1234567"); }',
      ['error: String is too long (over 8 bytes): "12345678" @ "12345678"'],
    ],
    [
      '[TYP-088] names that there are not',
      'print(nosuch); nosuch(1); print($nosuch); print(@nosuch[1]);',
      [
        "error: Unknown identifier: 'nosuch' @ nosuch",
        "error: Unknown function: 'nosuch' @ nosuch",
        'error: Undefined or undeclared variable: $nosuch @ $nosuch',
        'error: Undefined map: @nosuch @ @nosuch[1]',
      ],
    ],
  ]);
});
