/** probe and probetype: what fired. */
import { isNameKnown } from '../probes/probe.ts';
import type { Builtin } from './builtin.ts';
import { textConstant, typedCall } from './use.ts';

export const probe: Builtin = {
  name: 'probe',
  arity: [0, 0],
  needsProbe: true,
  legacyNames: ['name'],
  summary: 'Full name of the probe that fired, or its alias.',
  analyse(use, scope) {
    const { probe: target, probeIndex } = scope;
    if (!isNameKnown(target)) return typedCall('probe', use, { kind: 'probe' });
    return probeIndex === undefined
      ? textConstant(target.alias ?? target.name, use.range)
      : typedCall('probe', use, { kind: 'probe' }, { literals: [BigInt(probeIndex)] });
  },
  /** The loader's table begins with the names of all probes, in their order. */
  lower({ literals: [index] = [] }, lowering) {
    return typeof index === 'bigint' ? lowering.ir.constant(index) : lowering.eventName();
  },
};

export const probetype: Builtin = {
  name: 'probetype',
  arity: [0, 0],
  needsProbe: true,
  summary: 'Name of the provider of the probe; `special` for begin, end and self.',
  analyse(use, scope) {
    const { provider } = scope.probe;
    const special = provider === 'begin' || provider === 'end' || provider === 'self';
    return textConstant(special ? 'special' : provider, use.range);
  },
};
