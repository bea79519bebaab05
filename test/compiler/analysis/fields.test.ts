import { describe, expect, it } from 'vitest';
import { body, expectError, expectTypes, expectWarning, plain, typed } from './expect.ts';

describe('fields of kernel types', () => {
  it('[TYP-032] [LEX-033] are reached through any number of pointers', () => {
    expectTypes(
      '$a = curtask.pid; $b = curtask->real_parent->comm; $c = curtask.parent_link.pid; $d = curtask.se.vruntime; $e = (*curtask).tgid;',
      { $a: 'int32', $b: 'string[16]', $c: 'int32', $d: 'uint64', $e: 'int32' },
    );
  });

  it('carry the struct and the way through anonymous members', () => {
    const [statement] = plain(body('$a = curtask.in_anonymous;')) as unknown[];
    expect(statement).toMatchObject({
      value: {
        kind: 'member',
        struct: { name: 'task_struct' },
        member: { name: 'in_anonymous', indexes: [12, 0] },
        base: { kind: 'call', builtin: 'curtask' },
      },
    });
  });

  it('resolve forward declarations by name', () => {
    const [statement] = plain(body('$a = curtask.real_parent.pid;')) as unknown[];
    expect(statement).toMatchObject({ value: { struct: { name: 'task_struct', size: 9792 } } });
  });

  it('[GRM-074] are reached through casts', () => {
    expectTypes('kprobe:f { $a = ((struct task_struct *)arg0).pid; }', { $a: 'int32' });
  });

  it('[TYP-029] [TYP-036] know the space of the pointers that they hold', () => {
    const space = (script: string) => {
      const type = typed(script).probes[0]?.variables[0]?.type;
      return type?.kind === 'pointer' ? type.space : undefined;
    };
    expect(space('begin { $a = curtask.real_parent; }')).toBe('kernel');
    expect(space('begin { $a = curtask.user_text; }')).toBe('user');
    expect(space('uprobe:/bin/x:f { $a = ((struct task_struct *)arg0).real_parent; }')).toBe(
      'user',
    );
    expect(space('uprobe:/bin/x:f { $a = ((struct task_struct *)arg0).se.task; }')).toBe('user');
    expect(space('kprobe:f { $a = ((struct task_struct *)arg0).se.task; }')).toBe('kernel');
  });

  it('have to exist', () => {
    expectError(
      '$a = curtask.tgit;',
      "struct task_struct does not contain a field named 'tgit'",
      'tgit',
    );
    expectError('$a = pid.x;', "Can not access field 'x' on expression of type 'uint32'", 'pid.x');
  });

  it('[TYP-037] with other type tags cannot be followed', () => {
    expectError(
      '$a = curtask.per_cpu;',
      "Attempting to access pointer field 'per_cpu' with unsupported tag attribute: percpu",
    );
  });

  it('[TYP-082] have offsets and sizes', () => {
    const values = body(
      '$a = offsetof(struct task_struct, comm); $b = sizeof(struct task_struct); $c = sizeof(uint64); $d = offsetof(struct task_struct, se.task);',
    ).map((s) => (s.kind === 'assign-variable' && s.value.kind === 'int' ? s.value.value : 0n));
    expect(values).toEqual([12n, 9792n, 8n, 52n]);
  });
});

describe('dereferences and indexes', () => {
  it('[TYP-028] give what a pointer points to', () => {
    expectTypes('kprobe:f { $a = *(int16 *)arg0; $b = *(struct task_struct **)arg0; }', {
      $a: 'int16',
      $b: 'struct task_struct *',
    });
    expectError(
      '$a = *comm;',
      "Can not dereference type 'string[16]'. It is not a pointer.",
      '*comm',
    );
    expectError('$a = *(void *)0;', "Can not dereference type 'void *'");
  });

  it('[TYP-039] check literal indexes', () => {
    expectTypes('$a = curtask.bytes[3]; $b = ((uint32 *)0)[pid]; $c = comm[0];', {
      $a: 'uint8',
      $b: 'uint32',
      $c: 'int8',
    });
    expectError('$a = curtask.bytes[4];', 'the index 4 is out of bounds for array of size 4', '4');
    expectError('$a = curtask.bytes[-1];', 'only accepts non-negative integer indices', '-1');
    expectError('$a = curtask.bytes["x"];', 'only accepts non-negative integer indices');
    expectError('$a = pid[0];', 'can only be used on arrays, pointers, and tuples, found uint32');
  });

  it('[GRM-075] [GRM-076] [TYP-047] take tuples and records apart', () => {
    expectTypes('$t = (1, comm); $a = $t.1; $r = (x=1, y="a"); $b = $r.y; $e = (); $o = (1,);', {
      $a: 'string[16]',
      $b: 'string[2]',
      $e: '()',
      $o: '(int8)',
    });
    expectError('$t = (1, 2); $a = $t.2;', 'Invalid tuple index: 2. Found 2 elements in tuple.');
    expectError('$r = (x=1, y=2); $a = $r.z;', "Record does not contain a field named 'z'", 'z');
  });
});

describe('args', () => {
  it('[PRB-023] [TYP-033] has the fields of the tracepoint', () => {
    expectTypes('tracepoint:sched:sched_switch { $a = args.prev_comm; $b = args->next_pid; }', {
      $a: 'string[16]',
      $b: 'int32',
    });
    const [probe] = typed('tracepoint:sched:sched_switch { print(args.prev_pid); }').probes;
    expect(plain(probe?.body)).toMatchObject({
      statements: [
        {
          expression: {
            args: [
              {
                kind: 'tracepoint-field',
                category: 'sched',
                event: 'sched_switch',
                field: { name: 'prev_pid', offset: 24 },
              },
            ],
          },
        },
      ],
    });
  });

  it('[PRB-027] holds user pointers in system calls', () => {
    const program = typed('tracepoint:syscalls:sys_enter_openat { $a = args.filename; }');
    expect(program.probes[0]?.variables[0]?.type).toMatchObject({ kind: 'pointer', space: 'user' });
  });

  it('[PRB-028] has the parameters of the raw tracepoint', () => {
    expectTypes('rawtracepoint:sched_switch { $a = args.prev.comm; $b = args.preempt; }', {
      $a: 'string[16]',
      $b: 'bool',
    });
  });

  it('names fields that are not there', () => {
    expectError(
      'tracepoint:sched:sched_switch { print(args.nope); }',
      "struct _tracepoint_sched_sched_switch does not contain a field named 'nope'",
      'nope',
    );
    expectError(
      'tracepoint:sched:sched_switch { print(args.common_pid); }',
      'BPF does not support accessing common tracepoint fields',
    );
    expectError('rawtracepoint:sched_switch { print(args.nope); }', "field named 'nope'");
  });

  it('[PRB-066] is not there in other probes', () => {
    expectError('interval:s:1 { print(args.x); }', 'args can not be used with', 'args');
  });

  it('[PRB-024] is typed for each event of a wildcard', () => {
    const program = typed('tracepoint:syscalls:sys_exit_* { print(args.ret); }');
    expect(program.probes.map((probe) => probe.target.name)).toEqual([
      'tracepoint:syscalls:sys_exit_openat',
      'tracepoint:syscalls:sys_exit_read',
    ]);
  });

  it('[GRM-078] takes args-> of older scripts, and says so once', () => {
    expectWarning(
      'tracepoint:syscalls:sys_exit_read { print(args->ret); print(args->ret); }',
      'Use args.field instead.',
      'args->ret',
    );
  });

  it('accepts retval of older scripts for ret', () => {
    expectWarning(
      'tracepoint:syscalls:sys_exit_read { print(args.retval); }',
      'args.retval is deprecated',
      'retval',
    );
  });
});
