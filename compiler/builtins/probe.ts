/** probe and probetype: what fired. */
import type { ProbeTarget } from '../probes/probe.ts';
import type { Builtin } from './builtin.ts';
import { textConstant, typedCall } from './use.ts';

/** Whether the probe's name is complete at compile time. */
function nameIsKnown(probe: ProbeTarget): boolean {
  return probe.alias !== undefined || (!probe.wildcard && !probe.parameterised);
}

export const probe: Builtin = {
  name: 'probe',
  arity: [0, 0],
  needsProbe: true,
  legacyNames: ['name'],
  summary: 'Full name of the probe that fired, or its alias.',
  analyse(use, scope) {
    const { probe: target } = scope;
    return nameIsKnown(target)
      ? textConstant(target.alias ?? target.name, use.range)
      : typedCall('probe', use, { kind: 'probe' });
  },
  lower: (_call, lowering) => lowering.eventName(),
};

export const probetype: Builtin = {
  name: 'probetype',
  arity: [0, 0],
  needsProbe: true,
  summary: 'Name of the provider of the probe; `special` for begin and end.',
  analyse(use, scope) {
    const { provider } = scope.probe;
    const special = provider === 'begin' || provider === 'end';
    return textConstant(special ? 'special' : provider, use.range);
  },
};
