/** Names of probes and functions as text, although the script handles them as numbers of a table. */
import { isNameKnown, type ProbeTarget } from '../probes/probe.ts';
import { NAME_TEXT } from '../types/type.ts';
import type { TypedExpression, TypedString } from './typed.ts';

/** The text of `probe` or `func` in a probe whose name or function is known. */
export function knownName(
  expression: TypedExpression,
  probe: ProbeTarget,
): TypedString | undefined {
  if (expression.kind !== 'call') return undefined;
  const { traits, range } = expression;
  const name =
    traits.namesProbe && isNameKnown(probe)
      ? (probe.alias ?? probe.name)
      : traits.namesFunction
        ? probe.function
        : undefined;
  if (name === undefined) return undefined;
  const value = Buffer.from(name, 'utf8').toString('latin1');
  return { kind: 'string', value, range, type: { kind: 'string', size: value.length + 1 } };
}

/**
 * The text of `probe`, `func` or `ksym()` where a string has to be: known here, or asked for at run time, of the
 * loader's table or of the kernel. Names of functions in programs that only an address tells are none of these.
 */
export function nameAsText(
  expression: TypedExpression,
  probe: ProbeTarget,
): TypedExpression | undefined {
  const known = knownName(expression, probe);
  if (known) return known;
  const { kind } = expression.type;
  if (kind !== 'probe' && kind !== 'ksym') return undefined;
  return { kind: 'cast', type: NAME_TEXT, operand: expression, range: expression.range };
}
