/** The table of providers, and the way from an attach point to its targets. */

import { wildcard } from '../kernel/wildcard.ts';
import { replacing } from '../source/advice.ts';
import { didYouMean } from '../source/closest.ts';
import { Diagnostics } from '../source/diagnostics.ts';
import type { AttachPoint, Probe } from '../syntax/ast.ts';
import { parseAttachPoint } from '../syntax/attach-point.ts';
import { fentry, fexit } from './fentry.ts';
import { isWildcard, NO_ATTACH_POINTS, refuse, refuseEmpty } from './fields.ts';
import { iter } from './iter.ts';
import { kprobe, kretprobe } from './kprobe.ts';
import { hardware, software } from './perf-event.ts';
import type { ProbeTarget, Provider, ProviderContext } from './probe.ts';
import { rawtracepoint } from './rawtracepoint.ts';
import { begin, bench, end, self, test } from './special.ts';
import { interval, profile } from './timer.ts';
import { tracepoint } from './tracepoint.ts';
import { uprobe, uretprobe } from './uprobe.ts';
import { usdt } from './usdt.ts';
import { watchpoint } from './watchpoint.ts';

export const PROVIDERS: readonly Provider[] = [
  ...[begin, end, interval, profile],
  ...[software, hardware, watchpoint],
  ...[self, test, bench, iter],
  ...[tracepoint, rawtracepoint, kprobe, kretprobe, fentry, fexit, uprobe, uretprobe, usdt],
];

/** Older names, and what they are called now. */
const LEGACY: ReadonlyMap<string, string> = new Map([
  ['kfunc', 'fentry'],
  ['kretfunc', 'fexit'],
]);

/** `BEGIN` is `begin`, but the one-letter `U` is not `u`. */
function named<P extends Pick<Provider, 'name' | 'aliases'>>(
  providers: readonly P[],
  text: string,
): P | undefined {
  const lower = text.toLowerCase();
  return (
    providers.find(({ name, aliases }) => name === text || aliases.includes(text)) ??
    providers.find(
      ({ name, aliases }) => lower.length > 1 && (name === lower || aliases.includes(lower)),
    )
  );
}

/** The long name of a provider that a script may write in several ways; undefined for none. */
export function longName(text: string): string | undefined {
  const current = LEGACY.get(text.toLowerCase()) ?? text;
  return named(PROVIDERS, current)?.name;
}

/** The targets of one attach point; none after reporting an error. */
export function resolveAttachPoint(
  attachPoint: AttachPoint,
  context: ProviderContext,
): readonly ProbeTarget[] {
  const [first] = attachPoint.fields;
  const text = first?.text ?? '';
  const current = LEGACY.get(text.toLowerCase());
  if (first && current !== undefined)
    context.diagnostics.warning(
      'deprecated-name',
      `${text} is deprecated and will be removed in the future. Use ${current} instead.`,
      first.range,
      replacing(undefined, first.range, text, current),
    );
  const provider = named(PROVIDERS, text);
  if (provider) return provider.resolve(attachPoint, context);

  if (isWildcard(text)) return resolveAny(attachPoint, context, text);
  if (first && first.parameters.length > 0)
    return refuse(
      attachPoint,
      context,
      'attach-point-parameter',
      'the provider cannot be a positional parameter in an object',
      'What it is decides how the block is compiled: `bpfscript run` (or -e) compiles and runs in one go, and takes it.',
    );
  const names = PROVIDERS.flatMap(({ name, aliases }) => [
    name,
    ...aliases.filter((alias) => alias.length > 2),
  ]);
  return refuse(
    attachPoint,
    context,
    'unknown-provider',
    `Invalid provider: '${text}'`,
    ...(first ? didYouMean(text, names, first.range) : []),
  );
}

/**
 * `*:vfs_read` => the targets of `kprobe:vfs_read` and of every other provider that matches and has such an
 * event. Those that have none, or whose attach points look otherwise, are left out.
 */
function resolveAny(
  attachPoint: AttachPoint,
  context: ProviderContext,
  pattern: string,
): readonly ProbeTarget[] {
  const [first, ...rest] = attachPoint.fields;
  const group = rest[0]?.text.includes('/') ? 'programs' : 'kernel';
  const matches = wildcard(pattern.toLowerCase());
  const providers = PROVIDERS.filter(
    (provider) => provider.group === group && matches.test(provider.name),
  );
  if (!first || providers.length === 0)
    return refuse(
      attachPoint,
      context,
      'unknown-provider',
      `Invalid provider: '${pattern}' matches none`,
    );
  const targets = providers.flatMap((provider) => {
    const diagnostics = new Diagnostics();
    const fields = [{ ...first, text: provider.name }, ...rest];
    const found = provider.resolve(
      { ...attachPoint, fields },
      { ...context, diagnostics, emptyWildcards: 'allow', onlyKnown: true },
    );
    return diagnostics.hasErrors ? [] : found;
  });
  return targets.length > 0 ? targets : refuseEmpty(attachPoint, context);
}

/** `$1 { ... }`, `$1:x { ... }`: what probe it is depends on a parameter. */
export function isWholeParameter({ fields: [provider] }: AttachPoint): boolean {
  return provider !== undefined && provider.parameters.length > 0;
}

/** Such an attach point with the parameters in it, in the place of the one that is written. */
function withParameters(
  written: AttachPoint,
  { parameters, diagnostics }: ProviderContext,
): AttachPoint | undefined {
  if (!parameters || !isWholeParameter(written)) return written;
  const { range } = written;
  let missing = false;
  const text = written.text.replace(/\$([0-9]+)/g, (_, index) => {
    const value = parameters[Number(index) - 1] ?? '';
    if (value === '') {
      missing = true;
      diagnostics.error(
        'attach-point-parameter',
        `Positional parameter $${index} is empty or not provided`,
        range,
        `It stands for the attach point: bpfscript SCRIPT kprobe:vfs_read`,
      );
    }
    return value;
  });
  if (missing) return undefined;
  const { attachPoint, problems } = parseAttachPoint(text.trim(), range.start);
  for (const { code, message, hint } of problems)
    diagnostics.error(code, message, range, ...(hint === undefined ? [] : [hint]));
  const fields = attachPoint.fields.map((field) => ({ ...field, range }));
  return problems.length > 0 ? undefined : { ...attachPoint, range, fields };
}

export interface ResolvedTarget {
  readonly attachPoint: AttachPoint;
  readonly target: ProbeTarget;
}

/**
 * The targets of all attach points of a block. A wildcard that matches nothing is no error as long as the
 * block has another target.
 */
export function resolveProbe(probe: Probe, context: ProviderContext): readonly ResolvedTarget[] {
  let failed = false;
  const resolved = probe.attachPoints.flatMap((written) => {
    const attachPoint = withParameters(written, context);
    if (!attachPoint) {
      failed = true;
      return [];
    }
    const diagnostics = new Diagnostics();
    const inner: ProviderContext = { ...context, diagnostics, emptyWildcards: 'allow' };
    const targets = resolveAttachPoint(attachPoint, inner);
    context.diagnostics.addAll(diagnostics.all);
    failed ||= diagnostics.hasErrors;
    return targets.map((target) => ({ attachPoint, target }));
  });
  const [first] = probe.attachPoints;
  if (resolved.length > 0 || failed || !first) return resolved;
  const { missingProbes = 'error' } = context;
  if (missingProbes === 'error')
    context.diagnostics.error('no-attach-points', NO_ATTACH_POINTS, first.range);
  else if (missingProbes === 'warn')
    context.diagnostics.warning(
      'undescribed-target',
      'No attach point of the probe matches. Skipping.',
      first.range,
    );
  return resolved;
}
