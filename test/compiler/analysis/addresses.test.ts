/** What has an address, in which memory, and what a pointer to it can do. */
import { describe, expect, it } from 'vitest';
import { typeName } from '../../../compiler/types/names.ts';
import {
  analysed,
  body,
  expectError,
  expectNoWarnings,
  expectTypes,
  expectWarning,
  typed,
} from './expect.ts';

/** The type of the first probe's `$a`, and the memory that it leads to. */
function pointer(script: string): readonly string[] {
  const type = typed(script).probes[0]?.variables.find(({ name }) => name === '$a')?.type;
  if (type?.kind !== 'pointer') throw new Error(`$a is no pointer in ${script}`);
  return [typeName(type), type.space];
}

const USER = 'uprobe:/bin/x:f';
const TASK = '((struct task_struct *)arg0)';

describe('The address', () => {
  it.each([
    ['begin { $x = pid; $a = &$x; }', 'uint32 *', 'kernel'],
    ['begin { @m[1] = pid; $a = &@m[1]; }', 'uint32 *', 'kernel'],
    ['begin { @m = comm; $a = &@m; }', 'string[16] *', 'kernel'],
    ['begin { $a = &curtask.pid; }', 'int32 *', 'kernel'],
    ['begin { $a = &curtask.se; }', 'struct sched_entity *', 'kernel'],
    ['begin { $a = &curtask.se.vruntime; }', 'uint64 *', 'kernel'],
    ['begin { $a = &curtask.bytes; }', 'uint8[4] *', 'kernel'],
    ['begin { $a = &curtask.bytes[1]; }', 'uint8 *', 'kernel'],
    ['begin { $a = &curtask.comm; }', 'string[16] *', 'kernel'],
    ['begin { $a = &curtask.fruit; }', 'enum fruit *', 'kernel'],
    ['begin { $a = &curtask.real_parent; }', 'struct task_struct **', 'kernel'],
    ['begin { $a = &curtask.real_parent.pid; }', 'int32 *', 'kernel'],
    ['begin { $a = &*curtask; }', 'struct task_struct *', 'kernel'],
    ['begin { $a = &curtask.user_text[1]; }', 'int8 *', 'user'],
    ['begin { $a = &*curtask.user_text; }', 'int8 *', 'user'],
    // Its own memory is the kernel's in each probe; what a process has is the process's.
    [`${USER} { $x = pid; $a = &$x; }`, 'uint32 *', 'kernel'],
    [`${USER} { @m[1] = pid; $a = &@m[1]; }`, 'uint32 *', 'kernel'],
    [`${USER} { $a = &curtask.pid; }`, 'int32 *', 'kernel'],
    [`${USER} { $a = &${TASK}.pid; }`, 'int32 *', 'user'],
    [`${USER} { $a = &${TASK}.se.vruntime; }`, 'uint64 *', 'user'],
    [`${USER} { $a = &${TASK}.bytes[1]; }`, 'uint8 *', 'user'],
    [`${USER} { $a = &*(int16 *)arg0; }`, 'int16 *', 'user'],
    [`${USER} { $a = &*arg0; }`, 'uint64 *', 'user'],
    [`kprobe:f { $a = &${TASK}.pid; }`, 'int32 *', 'kernel'],
    [
      `kprobe:f { $x = *(struct sched_entity *)arg0; $a = &$x; }`,
      'struct sched_entity *',
      'kernel',
    ],
    ['tracepoint:sched:sched_switch { $a = &args.prev_comm; }', 'string[16] *', 'kernel'],
    ['tracepoint:test:bytes { $a = &args.mac; }', 'uint8[6] *', 'kernel'],
    ['tracepoint:test:bytes { $a = &args.mac[2]; }', 'uint8 *', 'kernel'],
  ])('in %j is a %s into %s memory', (script, type, space) => {
    expect(pointer(script)).toEqual([type, space]);
  });

  it.each([
    ['begin { $a = &pid; }', 'uint32', '&pid'],
    ['begin { $a = &"x"; }', 'string[2]', '&"x"'],
    ['begin { $a = &5; }', 'int8', '&5'],
    ['begin { $a = &curtask; }', 'struct task_struct *', '&curtask'],
    ['begin { $a = &curtask.flag_bit; }', 'uint32', '&curtask.flag_bit'],
    // Of these a read makes a number.
    ['begin { @c = count(); $a = &@c; }', 'int64', '&@c'],
    ['begin { $t = (1, 2); $a = &$t; }', '(int8,int8)', '&$t'],
    ['begin { $t = (1, 2); $a = &$t.1; }', 'int8', '&$t.1'],
    ['begin { @s = sum(pid); $a = &@s; }', 'uint64', '&@s'],
    ['begin { $a = &(pid + 1); }', 'uint64', '&(pid + 1)'],
    ['begin { $a = &comm[0]; }', 'int8', '&comm[0]'],
    ['tracepoint:sched:sched_switch { $a = &args.prev_pid; }', 'int32', '&args.prev_pid'],
    ['tracepoint:syscalls:sys_enter_openat { $a = &args.filename; }', 'int8 *', '&args.filename'],
    ['rawtracepoint:sched_switch { $a = &args.prev; }', 'struct task_struct *', '&args.prev'],
    ['rawtracepoint:sched_switch { $a = &args.preempt; }', 'bool', '&args.preempt'],
  ])('is none in %j', (script, type, place) => {
    const { diagnostics, text } = analysed(script);
    expect(
      diagnostics.map(({ code, message, range, hints }) => [
        ...[code, message, text.slice(range?.start, range?.end), hints],
      ]),
    ).toEqual([
      [
        'no-address',
        `There is no address of '${type}' here`,
        place,
        ['Variables, maps, what pointers lead to, and members of structs but bitfields have one.'],
      ],
    ]);
  });

  it('of an array is what a cast to a pointer makes of it, where it has one', () => {
    expect(pointer('begin { $a = (uint16 *)curtask.bytes; }')).toEqual(['uint16 *', 'kernel']);
    expect(pointer(`${USER} { $a = (int8 *)${TASK}.comm; }`)).toEqual(['int8 *', 'user']);
    expect(pointer('tracepoint:test:bytes { $a = (int16 *)args.mac; }')).toEqual([
      ...['int16 *', 'kernel'],
    ]);
    expectError('$a = (int8 *)comm;', 'Cannot cast from "string[16]" to "int8 *"', '(int8 *)comm');
    expectError('$a = (int8 *)curtask.se;', 'Cannot cast from "struct sched_entity" to "int8 *"');
  });
});

describe('A pointer', () => {
  const steps = (script: string) =>
    body(script).flatMap((statement) => {
      const json = JSON.stringify(statement, (_key, value: unknown) =>
        typeof value === 'bigint' ? `${value}` : value,
      );
      const size = /"size":\{"kind":"int".*?"value":"(\d+)"/.exec(json)?.[1];
      return size === undefined ? [] : [size];
    });

  it('steps by what it leads to, one to void by a byte', () => {
    expect(steps('$a = (int32 *)8; $a++; $b = (void *)8; $b++; $c = (int8 *)8; ++$c;')).toEqual([
      ...['4', '1', '1'],
    ]);
    expect(steps('$a = curtask; $a--; $b = &curtask.bytes; $b++;')).toEqual(['9792', '4']);
  });

  it('to void compares with all, others with those to the same', () => {
    expectNoWarnings('$p = (int32 *)8; $v = (void *)8; print(($p == $v, $v != $p, $v == $v));');
    expectNoWarnings('$p = (int32 *)8; $q = (int32 *)16; print(($p == $q, $p < $q));');
    expectWarning(
      '$p = (int32 *)8; $q = (uint32 *)8; print($p < $q);',
      "comparison of distinct pointer types: 'int32 *', 'uint32 *'",
      '$p < $q',
    );
  });

  it('to void can be kept in any pointer that is declared, and any pointer in one', () => {
    expectNoWarnings('let $p: int32 * = (void *)8; $v = 0; print(($p, $v));');
    expectNoWarnings('let $v: void * = (int32 *)8; print($v);');
    expectError(
      'let $p: int32 * = (int64 *)8; print($p);',
      "trying to assign value of type 'int64 *' when variable already has a type 'int32 *'",
      '(int64 *)8',
    );
  });

  it('to void leads to nothing that has a size', () => {
    const { diagnostics } = analysed('$v = (void *)8; print(*$v);');
    expect(diagnostics).toMatchObject([
      {
        code: 'unsized-type',
        message: "Can not dereference type 'void *': what it points to has no size.",
        hints: ['Cast it to a pointer to what stands there first.'],
      },
    ]);
    expectError(
      '$v = (void *)8; print($v[0]);',
      'The array index operator [] cannot be used on an unsized void *',
      '$v[0]',
    );
    expectTypes('$v = (void **)8; $a = *$v; $b = $v[1];', { $a: 'void *', $b: 'void *' });
  });
});
