import type { TypedCall, TypedExpression } from '../../../compiler/analysis/typed.ts';
import { typeName } from '../../../compiler/types/names.ts';
import { compileText, diagnose } from '../../support/build.ts';
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

/** What the compiler advises on a script, with the default kernel. */
export function hints(script: string): readonly string[] {
  return diagnose(script, { unsafe: true }).flatMap((one) => one.hints ?? []);
}

/** The typed expression of the script's first statement, with the default kernel. */
export function firstOfKernel(script: string): TypedExpression | undefined {
  const { typed: program, diagnostics } = compileText(script, { unsafe: true });
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('; '));
  const [statement] = program?.probes[0]?.body.statements ?? [];
  if (statement?.kind === 'expression-statement') return statement.expression;
  return statement && 'value' in statement ? statement.value : undefined;
}

export const KPROBE = 'kprobe:vfs_read';
export const UPROBE = 'uprobe:/bin/true:main';
export const RAW = 'rawtracepoint:sched_switch';
export const TRACEPOINT = 'tracepoint:sched:sched_switch';
