/** What the files of built-ins share: pieces of typed trees, and checks that several of them have in common. */
import type { AnalysisScope, BuiltinUse } from '../analysis/builtin.ts';
import { value } from '../analysis/parameters.ts';
import type { Traits } from '../analysis/traits.ts';
import type { TypedCall, TypedExpression, TypedInt, TypedString } from '../analysis/typed.ts';
import type { IrValue } from '../llvm/ir.ts';
import type { Lowering } from '../lowering/lowering.ts';
import type { Range } from '../source/source.ts';
import { asInteger } from '../types/integers.ts';
import type { PointerType, Type } from '../types/type.ts';
import { BOOL, INT8 } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';

/** What stands for an address. */
export const address = value('integer', 'pointer');

/** What to use instead of what an iterator can use where it is not pinned: `Traits.needsLoader`. */
export const UNPINNED = 'Without a path to pin it at, an iterator can use it.';

/** A string constant of text that the compiler knows, such as the name of the probe. */
export function textConstant(text: string, range: Range): TypedString {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  return { kind: 'string', value: bytes, range, type: { kind: 'string', size: bytes.length + 1 } };
}

export function constant(
  value: bigint,
  type: Type,
  { range }: { readonly range: Range },
): TypedInt {
  return { kind: 'int', value, flexible: false, type, range };
}

export function truth(value: boolean, at: { readonly range: Range }): TypedInt {
  return constant(value ? 1n : 0n, BOOL, at);
}

export function cast(operand: TypedExpression, type: Type): TypedExpression {
  return { kind: 'cast', type, operand, range: operand.range };
}

/** A value that depends on nothing in the script: no arguments, one type, available in every probe. */
export function plainValue(
  name: string,
  type: Type,
  summary: string,
  lower: (lowering: Lowering) => IrValue,
  traits: Traits = {},
): Builtin {
  return defineBuiltin({
    ...{ name, summary, traits },
    analyse: () => typed(type),
    lower: (_call, lowering) => lower(lowering),
  });
}

/** Reports that a built-in does not exist in the probe's provider. Gives undefined, to be returned. */
export function unavailable(use: BuiltinUse, scope: AnalysisScope, ...hints: string[]): undefined {
  scope.error(
    'probe-kind',
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
    'context-in-loop',
    `'${use.name}' builtin is not allowed in a for-loop`,
    use.range,
    'Assign it to a variable before the loop.',
  );
  return true;
}

/** Whether the probe's program is one that may call what tracing programs alone can; reports it if not. */
export function inTracing(use: BuiltinUse, scope: AnalysisScope): boolean {
  if (scope.probe.context === 'btf-arguments') return true;
  unavailable(use, scope, 'It needs fentry, fexit or rawtracepoint.');
  return false;
}

/** Integers, and what counts as one: bools, enums. */
export function isInteger(type: Type): boolean {
  return asInteger(type) !== undefined;
}

export function isPointer(type: Type): type is PointerType {
  return type.kind === 'pointer';
}

/** Bytes that a string has room for. */
export function capacity({ type }: Pick<TypedExpression, 'type'>): number {
  if (type.kind !== 'string') throw new Error(`${type.kind} is no string`);
  return type.size;
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
  return cast(expression, { kind: 'pointer', to: INT8, space: spaceOf(expression, scope) });
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

export function mapOf(call: TypedCall): string {
  if (call.map === undefined) throw new Error(`${call.builtin} was typed without a map`);
  return call.map;
}
