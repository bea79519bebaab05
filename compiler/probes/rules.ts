/** What has to hold of all attach points of a program together. */
import type { Diagnostics } from '../source/diagnostics.ts';
import type { ResolvedTarget } from './providers.ts';

/** Reports names of test and bench probes that are there twice, and iterators that are not alone. */
export function checkProbes(all: readonly ResolvedTarget[], diagnostics: Diagnostics): void {
  const names = new Set<string>();
  for (const { attachPoint, target } of all) {
    const { provider, name } = target;
    if (provider === 'iter' && all.length > 1)
      diagnostics.error(
        'lone-iterator',
        'Only single iter attach point is allowed.',
        attachPoint.range,
        'An iter probe is the only probe of its script.',
      );
    if (provider !== 'test' && provider !== 'bench') continue;
    if (names.has(name))
      diagnostics.error(
        'duplicate-probe',
        `the name of ${name} is used already`,
        attachPoint.range,
        `Each ${provider} probe needs a name of its own.`,
      );
    names.add(name);
  }
}
