/** What the kernel description does not have: a mistake, or something that only the traced host has. */
import { otherDescriptions } from '../kernel/advice.ts';
import { UndescribedError } from '../kernel/error.ts';
import type { Hint } from '../source/advice.ts';
import type { AttachPoint } from '../syntax/ast.ts';
import { refuse } from './fields.ts';
import type { ProbeTarget, ProviderContext } from './probe.ts';

export interface Missing {
  /** `tracepoint` */
  readonly provider: string;
  /** `sched:sched_swich` */
  readonly target: string;
  readonly hints: readonly Hint[];
  /** What is left to the loader; undefined where the block needs types that only a description has. */
  readonly atLoad?: ProbeTarget | undefined;
  /** No description has to have it, such as the events of a module, so that it is no error. */
  readonly mayLack?: boolean;
}

/** An error, a warning or nothing, as `missing_probes` says; with the latter two what is left to the loader stays. */
export function missingTarget(
  attachPoint: AttachPoint,
  context: ProviderContext,
  { provider, target, hints, atLoad, mayLack = false }: Missing,
): readonly ProbeTarget[] {
  const { missingProbes = 'error', kernel } = context;
  const advice = hints.length > 0 ? hints : [otherDescriptions(kernel)];
  if (context.onlyKnown || (missingProbes === 'error' && !(mayLack && atLoad)))
    return refuse(
      attachPoint,
      context,
      'unknown-target',
      `No matches for ${provider} ${target}.`,
      ...advice,
    );
  if (missingProbes !== 'ignore')
    context.diagnostics.warning(
      'undescribed-target',
      atLoad
        ? `The kernel description has no ${provider} ${target}: it is looked for when the object is loaded.`
        : `No matches for ${provider} ${target}. Skipping.`,
      attachPoint.range,
      ...advice,
    );
  return atLoad ? [atLoad] : [];
}

/** What a description says; undefined where it was made without that part. */
export function ifDescribed<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof UndescribedError) return undefined;
    throw error;
  }
}
