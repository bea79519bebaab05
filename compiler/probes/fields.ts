/** What the providers share in reading the fields of an attach point. */
import type { Hint } from '../source/advice.ts';
import type { ErrorCode } from '../source/codes.ts';
import type { Range } from '../source/source.ts';
import type { AttachField, AttachPoint } from '../syntax/ast.ts';
import type { ProbeTarget, ProviderContext } from './probe.ts';

/** The fields behind the provider. */
export function targetFields(attachPoint: AttachPoint): readonly AttachField[] {
  return attachPoint.fields.slice(1);
}

/** Where they stand, all together. */
export function targetRange({ fields, range }: AttachPoint): Range {
  return { start: fields[1]?.range.start ?? range.end, end: range.end };
}

export function isParameterised(fields: readonly AttachField[]): boolean {
  return fields.some((field) => field.parameters.length > 0);
}

export function isWildcard(text: string): boolean {
  return text.includes('*');
}

/** Long provider name and non-empty parts, joined by `:`. */
export function canonicalName(provider: string, ...parts: readonly string[]): string {
  return [provider, ...parts].filter((part) => part !== '').join(':');
}

/** Reports an error at the whole attach point; providers return its result. */
export function refuse(
  attachPoint: AttachPoint,
  context: ProviderContext,
  code: ErrorCode,
  message: string,
  ...hints: readonly Hint[]
): readonly ProbeTarget[] {
  context.diagnostics.error(code, message, attachPoint.range, ...hints);
  return [];
}

export function refuseCount(
  attachPoint: AttachPoint,
  context: ProviderContext,
  provider: string,
  wanted: string,
  ...hints: readonly Hint[]
): readonly ProbeTarget[] {
  const found = targetFields(attachPoint).length;
  const noun = wanted === '1' ? 'argument' : 'arguments';
  return refuse(
    attachPoint,
    context,
    'attach-point-form',
    `${provider} probe type requires ${wanted} ${noun}, found ${found}`,
    ...hints,
  );
}

/** A wildcard that matches nothing. */
export function refuseEmpty(
  attachPoint: AttachPoint,
  context: ProviderContext,
): readonly ProbeTarget[] {
  if (context.emptyWildcards === 'allow') return [];
  return refuse(attachPoint, context, 'no-attach-points', NO_ATTACH_POINTS);
}

export const NO_ATTACH_POINTS =
  "Probe has no valid attach points. If this is expected, set the 'missing_probes' config variable to 'warn'.";
