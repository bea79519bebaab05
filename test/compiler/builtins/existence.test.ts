/** Questions about what the kernel has that runs the script. */
import { expect, it } from 'vitest';
import { compileText } from '../../support/build.ts';

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
