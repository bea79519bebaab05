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
