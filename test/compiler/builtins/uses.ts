import type { TypedCall, TypedExpression } from '../../../compiler/analysis/typed.ts';
import { typeName } from '../../../compiler/types/names.ts';
import { body, typed } from '../analysis/expect.ts';

/** The type of an expression in a probe. */
export function typeOf(expression: string, probe = 'begin'): string {
  const program = typed(`${probe} { $result = ${expression}; print($result); }`);
  const variable = program.probes[0]?.variables.find(({ name }) => name === '$result');
  return variable ? typeName(variable.type) : 'none';
}

/** The typed expression of the script's first statement. */
export function first(script: string): TypedExpression {
  const [statement] = body(script);
  switch (statement?.kind) {
    case 'expression-statement':
      return statement.expression;
    case 'assign-variable':
    case 'assign-map':
      return statement.value;
    default:
      throw new Error(`the script begins with ${statement?.kind}`);
  }
}

export function firstCall(script: string): TypedCall {
  const expression = first(script);
  if (expression.kind !== 'call') throw new Error(`the script begins with ${expression.kind}`);
  return expression;
}

export const KPROBE = 'kprobe:vfs_read';
export const UPROBE = 'uprobe:/bin/true:main';
export const RAW = 'rawtracepoint:sched_switch';
export const TRACEPOINT = 'tracepoint:sched:sched_switch';
