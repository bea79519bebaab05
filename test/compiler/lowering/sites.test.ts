/** What the host is asked for, by what libbpf finds in the object: members of the kernel's structs and of flavours, types, enumerators. */
import { describe, expect, it } from 'vitest';
import { inspectObject } from '../../../linker/inspect.ts';
import type { Manifest } from '../../../linker/manifest/manifest.ts';
import { build } from '../../support/build.ts';
import { interpret } from '../../support/interpreter.ts';

const FLAVOURS = `
  struct own { int x; };
  struct inner___i { int a; };
  struct mm_struct___x { unsigned long gone_count; };
  struct task_struct___old {
    int gone; char flagbit : 3; unsigned int low : 5; char text[16]; struct mm_struct___x *mm; int arr[4]; bool b;
    unsigned long long big; int *numbers; struct own *mine; struct mm_struct *kernel; char *str; struct inner___i part;
    void *v; union { int u; } un; signed char c; short tiny[2][3]; enum { A, B } e; struct task_struct___old *next; int **list;
  };
`;

/** What statements ask, without their function and instruction, in the order of their names. */
function asked(statements: string, declarations = ''): readonly string[] {
  const script = `${declarations} begin { $t = curtask; ${declarations === '' ? '' : '$o = (struct task_struct___old *)curtask;'} ${statements} }`;
  return inspectObject(build(script))
    .relocations.map(({ by, kind, of }) => `${by === 'core' ? '' : `${by} `}${kind} ${of}`)
    .toSorted();
}

/** A number of so many bytes with a sign, or without. */
const number = (of: string, isSigned: boolean): readonly string[] => [
  ...[`field_byte_offset ${of}`, `field_byte_size ${of}`],
  ...(isSigned ? [`field_lshift_u64 ${of}`, `field_rshift_u64 ${of}`] : []),
];
const bitfield = (of: string): readonly string[] => number(of, true);
const place = (...of: readonly string[]): readonly string[] =>
  of.map((one) => `field_byte_offset ${one}`);

describe("a struct of the kernel's that the script declares in part", () => {
  const own = (name: string): string => `task_struct___old.${name}`;
  it.each<readonly [statement: string, asked: readonly string[]]>([
    ['@ = $o.gone;', number(own('gone'), true)],
    ['@ = $o.big;', number(own('big'), false)],
    ['@ = $o.b;', number(own('b'), false)],
    ['@ = $o.c;', number(own('c'), true)],
    ['@ = $o.flagbit;', bitfield(own('flagbit'))],
    ['@ = $o.low;', bitfield(own('low'))],
    ['@ = $o.text;', place(own('text'))],
    ['@ = $o.text[3];', place(own('text'))],
    ['@ = $o.mm.gone_count;', [...place(own('mm')), ...number('mm_struct___x.gone_count', false)]],
    ['@ = (uint64)$o.mm;', place(own('mm'))],
    [
      '@ = $o.kernel.task_size;',
      [...place(own('kernel')), ...number('mm_struct.task_size', false)],
    ],
    ['@ = $o.mine.x;', place(own('mine'))],
    ['@ = *$o.numbers;', place(own('numbers'))],
    ['@ = **$o.list;', place(own('list'))],
    ['@ = str($o.str);', place(own('str'))],
    ['@ = (uint64)$o.v;', place(own('v'))],
    ['@ = $o.part.a;', number(own('part.a'), true)],
    ['@ = $o.un.u;', number(own('un.u'), true)],
    ['@ = $o.arr[2];', number(own('arr[2]'), true).filter((one) => !/shift/.test(one))],
    ['@ = $o.tiny[1][2];', number(own('tiny[1][2]'), true).filter((one) => !/shift/.test(one))],
    [
      '$i = pid; @ = $o.arr[$i];',
      [
        ...place(own('arr[0]')),
        ...['field_byte_size task_struct___old.arr', 'field_byte_size task_struct___old.arr[0]'],
      ],
    ],
    ['@ = $o.next.c;', [...place(own('next')), ...number(own('c'), true)]],
    ['@ = sizeof(struct task_struct___old);', ['field_byte_size task_struct___old']],
    ['@ = offsetof(struct task_struct___old, text);', place(own('text'))],
  ])('%s', (statement, wanted) => {
    expect(asked(statement, FLAVOURS)).toEqual(wanted.toSorted());
  });
});

describe('the kernel', () => {
  it.each<readonly [statement: string, asked: readonly string[]]>([
    ['@ = $t.pid;', place('task_struct.pid')],
    ['@ = $t.se.load.weight;', place('task_struct.se.load.weight')],
    ['@ = $t.comm[3];', number('task_struct.comm[3]', false)],
    ['@ = $t.sched_reset_on_fork;', bitfield('task_struct.sched_reset_on_fork')],
    [
      '@ = $t.files.fd_array[1].f_mode;',
      [...place('task_struct.files', 'files_struct.fd_array[1]'), ...number('file.f_mode', false)],
    ],
    [
      '@ = $t.signal.rlim[3].rlim_cur;',
      [...place('task_struct.signal'), ...number('signal_struct.rlim[3].rlim_cur', false)],
    ],
    [
      '$i = pid; @ = $t.signal.rlim[$i].rlim_cur;',
      [
        ...place('task_struct.signal', 'signal_struct.rlim[0]'),
        ...['field_byte_size signal_struct.rlim', 'field_byte_size signal_struct.rlim[0]'],
        ...number('rlimit.rlim_cur', false),
      ],
    ],
    ['print(*$t.mm);', [...place('task_struct.mm'), 'field_byte_size mm_struct']],
    ['@ = sizeof(struct task_struct);', ['field_byte_size task_struct']],
    ['@ = sizeof($t.comm);', ['field_byte_size task_struct.comm']],
    ['@ = sizeof($t.se.load);', ['field_byte_size load_weight']],
    ['@ = offsetof(struct task_struct, comm);', place('task_struct.comm')],
    ['@ = offsetof(struct task_struct, se.load.weight);', place('task_struct.se.load.weight')],
    ['@ = PIDTYPE_TGID;', ['enumval_value pid_type.PIDTYPE_TGID']],
    ['@ = TCP_CLOSE;', []],
    ['@ = type_exists(struct task_struct);', ['type_exists task_struct']],
    ['@ = type_exists(union nope);', ['type_exists nope']],
    ['@ = type_exists(enum pid_type);', ['type_exists pid_type.?']],
    ['@ = enum_exists(PIDTYPE_PID);', ['enumval_exists pid_type.PIDTYPE_PID']],
    ['@ = enum_exists(NOWHERE);', []],
    // One for each kind of member: libbpf takes none for another.
    ['@ = field_exists($t.pid);', Array<string>(5).fill('field_exists task_struct.pid')],
    [
      'if field_exists($t.gone) { @ = $t.gone; }',
      [
        ...Array<string>(5).fill('field_exists task_struct.gone'),
        ...number('task_struct.gone', true),
        'field_signed task_struct.gone',
      ],
    ],
  ])('is asked for what depends on it: %s', (statement, wanted) => {
    expect(asked(statement)).toEqual(wanted.toSorted());
  });

  it('is asked by name for enumerators that no enum of a name has', () => {
    const lookups = (statement: string) =>
      ((inspectObject(build(`begin {\n ${statement} }`)).manifest as Manifest).lookups ?? []).map(
        ({ offset: _, ...lookup }) => lookup,
      );
    const name = 'TCP_CLOSE';
    expect(lookups('@ = TCP_CLOSE;')).toEqual([
      { kind: 'enumerator', name, line: 2 },
      { kind: 'enumerator-found', name, line: 2 },
    ]);
    expect(lookups('@ = enum_exists(TCP_CLOSE);')).toEqual([{ kind: 'enumerator-exists', name }]);
    expect(lookups('@ = enum_exists(NOWHERE);')).toEqual([
      { kind: 'enumerator-exists', name: 'NOWHERE' },
    ]);
    expect(lookups('@ = PIDTYPE_TGID;')).toEqual([]);
  });
});

describe('numbers of the description', () => {
  it('are what the program has where nobody has adapted it', () => {
    const machine = interpret(
      build(`${FLAVOURS} begin {
        @size = sizeof(struct task_struct); @comm = sizeof(curtask.comm); @enumerator = PIDTYPE_TGID + 0;
        @exists = (type_exists(struct task_struct), field_exists(curtask.pid), enum_exists(PIDTYPE_PID));
        @own = (sizeof(struct own), offsetof(struct own, x)); @cast = (int8)PIDTYPE_SID;
      }`),
    );
    machine.run();
    expect(machine.value('@size')).toBeGreaterThan(4096n);
    expect(machine.value('@comm')).toBe(16n);
    expect([machine.value('@enumerator'), machine.value('@cast')]).toEqual([1n, 3n]);
    expect(machine.value('@exists')).toEqual([true, true, true]);
    expect(machine.value('@own')).toEqual([4n, 0n]);
  });
});
