/** Questions about what the kernel has that runs the script. */
import { describe, expect, it } from 'vitest';
import { compileText } from '../../support/build.ts';
import { errors } from '../../support/diagnostics.ts';
import { firstOfKernel } from './uses.ts';

it('members that no description has may be named where their struct is asked about', () => {
  const codes = (script: string) => compileText(script).diagnostics.map(({ code }) => code);
  expect(codes('begin { if (field_exists(curtask.gone)) { print(curtask.gone); } }')).toEqual([]);
  expect(codes('begin { print(field_exists(curtask.gone) ? curtask.gone : 1); }')).toEqual([]);
  expect(codes('begin { print(field_exists(curtask.gone) && curtask.gone == 1); }')).toEqual([]);
  expect(codes('begin { if (field_exists(curtask.pid)) {} print(curtask.gone); }')).toEqual([
    'unknown-field',
  ]);
});

it('a question is about a member, a type or an enumerator', () => {
  const codes = (script: string) => compileText(script).diagnostics.map(({ code }) => code);
  expect(codes('begin { print(field_exists(3)); }')).toEqual(['argument-type']);
  expect(codes('begin { print(type_exists(3)); }')).toEqual(['argument-type']);
  expect(codes('begin { print(enum_exists(3)); }')).toEqual(['argument-type']);
});

it('members of the structs and enumerators of the script are known, and flavours have to have theirs', () => {
  const typed = (question: string) =>
    compileText(
      `struct own { int there; struct { int inner; } part; }; enum mine { FIRST = 3 };
      struct task_struct___old { int pid; };
      begin { print(${question}); }`,
    );
  const answer = (question: string): string => {
    const { diagnostics, typed: program } = typed(question);
    if (diagnostics.length > 0) return diagnostics.map(({ code }) => code).join();
    const [statement] = program?.probes[0]?.body.statements ?? [];
    const [value] =
      statement?.kind === 'expression-statement' && statement.expression.kind === 'call'
        ? statement.expression.args
        : [];
    if (value?.kind === 'int') return value.value === 1n ? 'yes' : 'no';
    return value?.kind === 'call' ? JSON.stringify(value.plan) : `${value?.kind}`;
  };
  expect(answer('field_exists(((struct own *)0).there)')).toBe('yes');
  expect(answer('field_exists(((struct own *)0).gone)')).toBe('no');
  expect(answer('field_exists(((struct own *)0).part.inner)')).toBe('yes');
  expect(answer('enum_exists(FIRST)')).toBe('yes');
  expect(answer('field_exists(((struct task_struct___old *)0).pid)')).toContain('"type":');
  expect(answer('field_exists(((struct task_struct___old *)0).gone)')).toBe('unknown-field');
  expect(answer('field_exists(curtask.pid)')).toContain('"path":["pid"]');
  expect(answer('field_exists(curtask.pid)')).not.toContain('"type":');
  expect(answer('type_exists(struct task_struct)')).toContain('"of":"struct"');
  expect(answer('type_exists(int)')).toBe('argument-type');
});

describe('the member that is asked for', () => {
  const plan = (question: string, before = ''): unknown => {
    const found = firstOfKernel(`${before} begin { $x = ${question}; print($x); }`);
    return found?.kind === 'call' ? found.plan : found?.kind;
  };

  it('is named from the struct that the last pointer leads to, by all elements of arrays alike', () => {
    for (const [member, root, path] of [
      ['curtask.pid', 'task_struct', ['pid']],
      ['curtask.se.vruntime', 'task_struct', ['se', 'vruntime']],
      ['curtask.real_parent.se.load.weight', 'task_struct', ['se', 'load', 'weight']],
      ['curtask.mm.mm_users.counter', 'mm_struct', ['mm_users', 'counter']],
      ['curtask.pid_links[2].next', 'task_struct', ['pid_links', 0, 'next']],
    ] as const)
      expect(plan(`field_exists(${member})`)).toMatchObject({
        ...{ kind: 'member', root: { name: root }, path },
      });
  });

  it('belongs to a struct with a name', () => {
    const said = (question: string) => errors(`begin { print(${question}); }`);
    const message = 'field_exists() expects a member of a struct with a name';
    expect(said('field_exists(pid.x)')).toEqual([`${message} @ pid.x`]);
    expect(said('field_exists(pid)')).toEqual([
      'field_exists() expects a member, such as $p.name @ pid',
    ]);
    expect(
      errors(
        'struct task_struct___old { int pid; }; begin { print(field_exists(((struct task_struct___old *)0).gone)); }',
      ),
    ).toEqual(["'struct task_struct___old' does not contain a field named 'gone' @ gone"]);
  });

  it('is that of a type, by the word before its name', () => {
    for (const [of, name] of [
      ['struct', 'sock'],
      ['union', 'sigval'],
      ['enum', 'pid_type'],
    ] as const)
      expect(plan(`type_exists(${of} ${name})`)).toEqual({ kind: 'type', of, name });
    for (const type of ['int', 'struct sock *', 'struct sock[2]', 'uint8'])
      expect(errors(`begin { print(type_exists(${type})); }`)[0]).toContain(
        'type_exists() expects struct, union or enum with a name',
      );
  });

  it('is an enumerator of an enum of the kernel, or of any', () => {
    expect(plan('enum_exists(PIDTYPE_PID)')).toEqual({
      ...{ kind: 'enumerator', enum: 'pid_type', name: 'PIDTYPE_PID' },
    });
    expect(plan('enum_exists(NOBODY_HAS_IT)')).toEqual({
      ...{ kind: 'enumerator', enum: '', name: 'NOBODY_HAS_IT' },
    });
    expect(plan('enum_exists(OWN)', 'enum own { OWN };')).toBe('int');
  });
});
