/** What built-ins share that only tracing programs (fentry, fexit, iter, typed raw tracepoints) can call. */
import type { TypedExpression } from '../analysis/typed.ts';
import { typeName } from '../types/names.ts';
import type { Type } from '../types/type.ts';
import type { AnalysisScope, BuiltinUse } from './builtin.ts';
import { unavailable } from './use.ts';

/** Whether the probe's program is of that type; reports it if not. */
export function inTracing(use: BuiltinUse, scope: AnalysisScope): boolean {
  if (scope.probe.context === 'btf-arguments') return true;
  unavailable(use, scope, 'It needs fentry, fexit or rawtracepoint.');
  return false;
}

/** An argument that has to be a `struct NAME *`; undefined after reporting what it is instead. */
export function structPointer(
  argument: BuiltinUse['args'][number] | undefined,
  name: string,
  use: BuiltinUse,
  scope: AnalysisScope,
): TypedExpression | undefined {
  if (argument === undefined) return undefined;
  const expression = scope.expression(argument);
  if (isStructPointer(expression.type, name)) return expression;
  scope.error(
    `${use.name}() only supports 'struct ${name} *' arguments (${typeName(expression.type)} provided)`,
    argument.range,
  );
  return undefined;
}

export function isStructPointer(type: Type, name: string): boolean {
  return type.kind === 'pointer' && isStruct(type.to, name);
}

export function isStruct(type: Type, name: string): boolean {
  return type.kind === 'struct' && type.aggregate === 'struct' && type.name === name;
}
