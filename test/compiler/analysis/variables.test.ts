import { describe, expect, it } from 'vitest';
import {
  analysed,
  body,
  expectError,
  expectNoWarnings,
  expectTypes,
  expectWarning,
  plain,
  typed,
} from './expect.ts';

describe('variables', () => {
  it('widen to all that is assigned to them', () => {
    expectTypes('$a = 1; $a = 300; $b = 1; $b = (uint32)1; $c = 1; $c++;', {
      $a: 'int16',
      $b: 'uint32',
      $c: 'int64',
    });
  });

  it('[TYP-065] live in their block', () => {
    expectError('if (pid) { $a = 1; } print($a);', 'Undefined or undeclared variable: $a', '$a');
    expectError('print($nope);', 'Undefined or undeclared variable: $nope');
    expectTypes('if (pid) { $a = 1; } if (tid) { $b = 1; }', { $a: 'int8' });
  });

  it('are different ones in blocks side by side', () => {
    const [probe] = typed('if (pid) { $a = 1; } else { $a = "x"; }').probes;
    expect(probe?.variables.map((variable) => variable.type.kind)).toEqual(['int', 'string']);
    expect(probe?.variables.map((variable) => variable.id)).toEqual([0, 1]);
  });

  it('[TYP-066] do not shadow each other', () => {
    const message = 'Variable $a was already declared. Variable shadowing is not allowed.';
    expectError('$a = 1; let $a = 2;', message, '$a');
    expectError('let $a = 1; if (pid) { let $a = 2; }', message);
  });

  it('[TYP-067] are zero until they are assigned', () => {
    expectWarning('let $a; print($a); $a = 1;', 'Variable used before it was assigned: $a', '$a');
    expect(plain(body('let $a; $a = 300;'))).toMatchObject([
      { kind: 'assign-variable', value: { kind: 'int', value: 0n, type: { size: 2 } } },
      { kind: 'assign-variable' },
    ]);
    expect(plain(body('let $a; $a = (1, 2);'))).toMatchObject([
      { value: { kind: 'zero', type: { kind: 'tuple' } } },
      {},
    ]);
  });

  it('[TYP-068] warn when they are never assigned', () => {
    expectWarning('let $a;', 'Variable $a was never assigned to.', '$a');
  });

  it('keep their kind', () => {
    expectError(
      '$a = 1; $a = "x";',
      "Type mismatch for $a: trying to assign value of type 'string[2]' when variable already has a type 'int8'",
      '"x"',
    );
    expectError('$a = print(1);', "Value 'none' cannot be assigned to a scratch variable");
  });

  it('[GRM-064] [TYP-069] hold to the type they are declared with', () => {
    expectTypes('let $a: uint16 = 5; let $b: string = "abc"; let $c: string[32] = comm;', {
      $a: 'uint16',
      $b: 'string[4]',
      $c: 'string[32]',
    });
    expectError('let $a: uint8 = 256;', "of type 'int16' when variable already has a type 'uint8'");
    expectError('let $a: uint8 = -1;', 'Type mismatch for $a');
    expectError('let $a: string[4] = comm;', 'Type mismatch for $a');
    expectError('let $a: string = 5;', 'Type mismatch for $a');
    expectWarning('let $a: int8 = pid;', 'type: uint32 being cast to type: int8', 'pid');
  });

  it('[TYP-083] take typeof as a type', () => {
    expectTypes(
      '$a = (uint16)1; let $b: typeof($a) = 5; @m[comm] = pid; let $c: typeof(@m) = "x";',
      {
        $b: 'uint16',
        $c: 'string[16]',
      },
    );
  });

  it('[TYP-070] cannot widen after sizeof has looked at them', () => {
    expectError('$a = 1; print(sizeof($a)); $a = 70000;', 'this type has been locked', '70000');
    expectNoWarnings('$a = 70000; print(sizeof($a)); $a = 1;');
  });

  it('[TYP-030] warn where pointers into kernel and user memory meet', () => {
    expectWarning(
      'kprobe:f { $p = curtask.user_text; $p = curtask.real_parent.user_text; $k = (int8 *)arg0; $k = $p; }',
      'Addrspace mismatch',
      '$p',
    );
  });

  it('[PRB-060] are typed for each target on its own', () => {
    const program = typed('tracepoint:syscalls:sys_enter_openat, kprobe:f { $a = probe; }');
    expect(program.probes.map((probe) => probe.variables[0]?.type)).toHaveLength(2);
  });

  it('[GRM-066] [GRM-067] are updated in place', () => {
    expect(plain(body('$a = 1; $a += 2; $a <<= 1; $a++; --$a;'))).toMatchObject([
      { kind: 'assign-variable' },
      { kind: 'assign-variable', value: { kind: 'binary', operator: '+' } },
      { kind: 'assign-variable', value: { kind: 'binary', operator: '<<' } },
      { expression: { kind: 'step', prefix: false, step: 1 } },
      { expression: { kind: 'step', prefix: true, step: -1 } },
    ]);
    expectError('$a += 1;', 'Undefined or undeclared variable: $a');
    expectError('$a++;', 'Undefined or undeclared variable: $a');
    expectError('$a = "x"; $a++;', 'The ++ operator can not be used on expressions of type');
    expect(plain(body('$p = (int64 *)0; $p++;'))).toMatchObject([
      {},
      { expression: { step: 1, size: { value: 8n } } },
    ]);
  });

  it('[GRM-068] cannot be assigned in part', () => {
    expectError('$a = (1, 2); $a.0 = 3;', 'Tuples and records are immutable once created', '$a.0');
    expectError('pid = 3;', 'invalid assignment target', 'pid');
  });

  it('end with their block, and are declared before it by a fix', () => {
    const [first, ...more] = analysed(
      'if (pid) { $x = 1; } else { $x = 2; } print($x);',
    ).diagnostics;
    expect(more).toEqual([]);
    expect(first?.message).toBe('Undefined or undeclared variable: $x');
    expect(first?.hints?.join()).toContain('Declare it before that block: let $x;');
    expect(first?.fixes).toMatchObject([{ range: { start: 8, end: 8 }, text: 'let $x; ' }]);
    const inside = analysed('if (tid) { if (pid) { $x = 1; } print($x); }').diagnostics;
    expect(inside[0]?.fixes).toMatchObject([{ range: { start: 19, end: 19 }, text: 'let $x; ' }]);
  });

  it('of a block that has ended are told apart by name', () => {
    const [first] = analysed('if (pid) { $other = 1; } print($x);').diagnostics;
    expect(first?.message).toBe('Undefined or undeclared variable: $x');
    expect(first?.hints ?? []).toEqual([]);
  });

  it('hold nothing of their type when they are declared', () => {
    expect(plain(body('let $b: bool; let $s: string[8]; let $n: int16;'))).toMatchObject([
      { kind: 'assign-variable', value: { kind: 'int', type: { kind: 'bool' }, value: 0n } },
      { kind: 'assign-variable', value: { kind: 'string', value: '' } },
      { kind: 'assign-variable', value: { kind: 'int', type: { size: 2 }, value: 0n } },
    ]);
  });
});
