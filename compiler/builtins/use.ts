/** What the files of built-ins share: making typed calls, and checks that several of them have in common. */

import type { TypedCall, TypedExpression, TypedString } from '../analysis/typed.ts';
import type { IrValue } from '../llvm/ir.ts';
import type { Lowering } from '../lowering/lowering.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { asInteger } from '../types/integers.ts';
import type { PointerType, Type } from '../types/type.ts';
import { INT8, VOID } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';

type Argument = ast.Expression | ast.TypeArgument;

/** A typed call. `builtin` is the name in the table, also where the script uses an older one. */
export function typedCall(
  builtin: string,
  use: BuiltinUse,
  type: Type,
  rest: Partial<Pick<TypedCall, 'args' | 'map' | 'literals' | 'continues'>> = {},
): TypedCall {
  return { kind: 'call', builtin, type, range: use.range, args: [], ...rest };
}

/** A string constant of text that the compiler knows, such as the name of the probe. */
export function textConstant(text: string, range: Range): TypedString {
  const value = Buffer.from(text, 'utf8').toString('latin1');
  return { kind: 'string', value, range, type: { kind: 'string', size: value.length + 1 } };
}

/** A value that depends on nothing in the script: no arguments, one type, available in every probe. */
export function plainValue(
  name: string,
  type: Type,
  summary: string,
  lower: (lowering: Lowering) => IrValue,
): Builtin {
  return {
    name,
    arity: [0, 0],
    summary,
    analyse: (use) => typedCall(name, use, type),
    lower: (_call, lowering) => lower(lowering),
  };
}

/** Reports that a built-in does not exist in the probe's provider. Gives undefined, to be returned. */
export function unavailable(use: BuiltinUse, scope: AnalysisScope, ...hints: string[]): undefined {
  scope.error(
    `${use.name} can not be used with "${scope.probe.provider}" probes`,
    use.range,
    ...hints,
  );
  return undefined;
}

/** Reports the use of the probe's context in the body of a `for`, which may be a function of its own. */
export function refusedInLoop(use: BuiltinUse, scope: AnalysisScope): boolean {
  if (!scope.inLoop) return false;
  scope.error(
    `'${use.name}' builtin is not allowed in a for-loop`,
    use.range,
    'Assign it to a variable before the loop.',
  );
  return true;
}

/** The argument as an expression; reports types (`f(typeof(x))`), which no built-in of the table takes. */
export function expressionArgument(
  argument: Argument | undefined,
  use: BuiltinUse,
  scope: AnalysisScope,
): ast.Expression | undefined {
  if (argument === undefined) return undefined;
  if (argument.kind !== 'type-argument') return argument;
  scope.error(`${use.name}() does not take a type as argument`, argument.range);
  return undefined;
}

/** A word such as `curr_ns`; undefined if the argument is anything but a bare identifier. */
export function wordOf(argument: Argument | undefined): string | undefined {
  return argument?.kind === 'identifier' ? argument.name : undefined;
}

/** Text of the argument for messages about words that are not known. */
export function describe(argument: Argument): string {
  switch (argument.kind) {
    case 'identifier':
    case 'variable':
    case 'map':
      return argument.name;
    case 'integer':
      return argument.text;
    case 'string':
      return argument.value;
    default:
      return `a ${argument.kind} expression`;
  }
}

/** Integers, and what counts as one: bools, enums. */
export function isInteger(type: Type): boolean {
  return asInteger(type) !== undefined;
}

export function isPointer(type: Type): type is PointerType {
  return type.kind === 'pointer';
}

export type ReadableSpace = 'kernel' | 'user';

/** Where an address points: as its type says, else as is usual for the probe's arguments, else the kernel. */
export function spaceOf(expression: TypedExpression, scope: AnalysisScope): ReadableSpace {
  const { type } = expression;
  // Dynamic arrays stand in the event's record itself, whatever the event's other pointers are.
  if (expression.kind === 'tracepoint-field' && expression.field.dataLoc) return 'kernel';
  if (type.kind === 'pointer' && type.space !== 'none') return type.space;
  return scope.probe.space === 'user' ? 'user' : 'kernel';
}

/** The address as a pointer of a space that is known: what `lowerX` functions read with `spaceOfPointer`. */
export function addressArgument(
  expression: TypedExpression,
  scope: AnalysisScope,
): TypedExpression {
  const type: Type = { kind: 'pointer', to: INT8, space: spaceOf(expression, scope) };
  return { kind: 'cast', type, operand: expression, range: expression.range };
}

export function spaceOfPointer(expression: TypedExpression): ReadableSpace {
  return expression.type.kind === 'pointer' && expression.type.space === 'user' ? 'user' : 'kernel';
}

/** An argument that the lowering can rely on; its absence is a bug of the analysis. */
export function argument(call: TypedCall, index: number): TypedExpression {
  const found = call.args[index];
  if (found === undefined) throw new Error(`${call.builtin} was typed without argument ${index}`);
  return found;
}

export function textLiteral(call: TypedCall, index: number): string {
  const literal = call.literals?.[index];
  if (typeof literal !== 'string') {
    throw new Error(`${call.builtin} was typed without text literal ${index}`);
  }
  return literal;
}

export function intLiteral(call: TypedCall, index: number): bigint | undefined {
  const literal = call.literals?.[index];
  if (typeof literal === 'string')
    throw new Error(`${call.builtin} was typed with a wrong literal`);
  return literal;
}

export function mapOf(call: TypedCall): string {
  if (call.map === undefined) throw new Error(`${call.builtin} was typed without a map`);
  return call.map;
}

/**
 * Types an argument that will be printed. Raw contexts print as their address; `args` is refused, because
 * what there is to print are its fields. Gives undefined after reporting.
 */
export function printable(
  argument: Argument,
  use: BuiltinUse,
  scope: AnalysisScope,
): TypedExpression | undefined {
  const expression = scope.expression(argument);
  if (expression.type.kind !== 'context') return expression;
  if (expression.kind === 'call' && expression.builtin === 'args') {
    scope.error(
      `${use.name}() can not print args`,
      expression.range,
      'Print its fields: args.NAME.',
    );
    return undefined;
  }
  const type: Type = { kind: 'pointer', to: VOID, space: 'kernel' };
  return { kind: 'cast', type, operand: expression, range: expression.range };
}
