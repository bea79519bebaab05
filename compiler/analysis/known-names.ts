/** Names of probes and functions that are known here, although the script handles them as numbers of a table. */
import { isNameKnown, type ProbeTarget } from '../probes/probe.ts';
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
