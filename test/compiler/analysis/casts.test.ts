import { describe, expect, it } from 'vitest';
import {
  body,
  expectError,
  expectNoWarnings,
  expectTypes,
  expectWarning,
  plain,
  typed,
} from './expect.ts';

describe('casts', () => {
  it('[TYP-018] convert integers, and stay casts', () => {
    expectTypes('$a = (int8)255; $b = (uint64)-1; $c = (pid_t)pid; $d = (u32)1;', {
      $a: 'int8',
      $b: 'uint64',
      $c: 'int32',
      $d: 'uint32',
    });
    expect(plain(body('$a = (int8)255;'))).toMatchObject([
      { value: { kind: 'cast', operand: { kind: 'int', value: 255n } } },
    ]);
  });

  it('convert integers and pointers', () => {
    expectTypes(
      '$p = (int32 *)5; $i = (uint64)$p; $q = (struct task_struct *)$p; $v = (void *)pid;',
      {
        $p: 'int32 *',
        $i: 'uint64',
        $q: 'struct task_struct *',
        $v: 'void *',
      },
    );
  });

  it("put pointers from integers in the probe's space, and keep that of pointers", () => {
    const spaces = (script: string) =>
      typed(script).probes[0]?.variables.map((v) =>
        v.type.kind === 'pointer' ? v.type.space : '',
      );
    expect(spaces('uprobe:/bin/x:f { $a = (int8 *)arg0; }')).toEqual(['user']);
    expect(spaces('kprobe:f { $a = (int8 *)arg0; $b = (int8 *)curtask.user_text; }')).toEqual([
      'kernel',
      'user',
    ]);
    expect(spaces('uprobe:/bin/x:f { $a = (int32 *)curtask; }')).toEqual(['kernel']);
  });

  it('[TYP-019] convert to bool', () => {
    expectTypes('$a = (bool)pid; $b = (bool)comm; $c = (int64)true;', {
      $a: 'bool',
      $b: 'bool',
      $c: 'int64',
    });
  });

  it('[TYP-020] [TYP-021] [TYP-022] convert to and from arrays', () => {
    expectTypes(
      '$a = (uint8[4])pid; $b = (int8[])pid; $c = (int8[])"abc"; $d = (uint32)$a; $e = (uint8[8])pid; $f = (uint16[])pid;',
      {
        $a: 'uint8[4]',
        $b: 'int8[4]',
        $c: 'int8[4]',
        $d: 'uint32',
        $e: 'uint8[8]',
        $f: 'uint16[2]',
      },
    );
    expectError('$a = (uint8[2])pid;', 'Cannot cast from "uint32" to "uint8[2]"', '(uint8[2])pid');
    expectError('$a = (uint32[])(uint16)pid;', 'cannot be determined');
  });

  it('[TYP-023] [TYP-085] know enums', () => {
    expectTypes('$a = (enum fruit)1; $b = (uint64)$a; $c = APPLE; $d = APPLE | PEAR;', {
      $a: 'enum fruit',
      $b: 'uint64',
      $c: 'enum fruit',
      // Of the kernel: the value may be another there.
      $d: 'int64',
    });
    expectTypes('$a = (enum fruit)pid; $b = (enum fruit)$a;', {
      $a: 'enum fruit',
      $b: 'enum fruit',
    });
    expectError('$a = (enum fruit)7;', 'enum fruit does not have a variant with value 7');
  });

  it('pad strings', () => {
    expectTypes('$a = (string[64])comm;', { $a: 'string[64]' });
    expectError('$a = (string[4])comm;', 'Cannot cast from "string[16]" to "string[4]"');
  });

  it('[TYP-024] warn when they change nothing', () => {
    expectWarning(
      '$a = (uint32)pid;',
      'Unnecessary cast: expression is already of type uint32',
      'uint32',
    );
    expectNoWarnings('@c = count(); print((int64)@c);');
    expectNoWarnings('$task = (struct task_struct *)curtask;');
  });

  it('[TYP-025] report what cannot be', () => {
    expectError('$a = (int64)(1, 2);', 'Cannot cast from "(int8,int8)" to "int64"');
    expectError('$a = (struct task_struct)curtask;', 'to "struct task_struct"');
    expectError('$a = (foo_t *)0;', 'Cannot resolve unknown type "foo_t"');
    expectError('$a = (struct foo *)0;', "Unknown struct/union: 'foo'");
    expectError('$a = sizeof(struct foo);', "Unknown struct/union: 'foo'");
  });
});
