import type { Traits } from '../../../compiler/analysis/traits.ts';
import type { TypedCall, TypedExpression } from '../../../compiler/analysis/typed.ts';
import { table } from '../../../compiler/builtins/builtins.ts';
import type { Type } from '../../../compiler/types/type.ts';
import { INT8, INT64, UINT64 } from '../../../compiler/types/type.ts';
import { createMachine, type World } from './machine.ts';

export const range = { start: 0, end: 0 };

export function call(
  builtin: string,
  type: Type,
  args: readonly TypedExpression[] = [],
  plan?: unknown,
  traits: Traits = table.find(builtin)?.builtin.traits ?? {},
): TypedCall {
  return { kind: 'call', builtin, type, traits, range, args, plan };
}

export const number = (value: bigint, type: Type = INT64): TypedExpression => ({
  kind: 'int',
  value,
  flexible: false,
  type,
  range,
});

export const text = (value: string, size = value.length + 1): TypedExpression => ({
  kind: 'string',
  value,
  type: { kind: 'string', size },
  range,
});

export const address = (value: bigint, space: 'kernel' | 'user'): TypedExpression => ({
  kind: 'cast',
  type: { kind: 'pointer', to: INT8, space },
  operand: number(value, UINT64),
  range,
});

export const stored = (id: number, type: Type): TypedExpression => ({
  kind: 'variable',
  variable: { id, name: `$v${id}`, type },
  type,
  range,
});

export const run = (expression: TypedExpression, world?: World) =>
  createMachine(world).value(expression);

export const string = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0);
  return Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)).toString('latin1');
};
