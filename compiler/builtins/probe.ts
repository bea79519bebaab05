/** probe and probetype: what fired. */
import { isNameKnown } from '../probes/probe.ts';
import { type Analysed, type Builtin, defineBuiltin, typed } from './builtin.ts';
import { textConstant } from './use.ts';

interface Plan {
  /** The probe's number among the program's; undefined where only the event says it. */
  readonly index: number | undefined;
}

export const probe: Builtin = defineBuiltin({
  name: 'probe',
  traits: { asksOf: 'event', namesProbe: true },
  needsProbe: true,
  legacyNames: ['name'],
  summary: 'Full name of the probe that fired, or its alias.',
  analyse(_given, use, scope) {
    const { probe: target, probeIndex } = scope;
    const call = (index: number | undefined): Analysed<Plan> =>
      typed({ kind: 'probe' }, { plan: { index } });
    if (!isNameKnown(target)) return call(undefined);
    return probeIndex === undefined
      ? textConstant(target.alias ?? target.name, use.range)
      : call(probeIndex);
  },
  /** The loader's table begins with the names of all probes, in their order. */
  lower({ plan: { index } }, lowering) {
    return index === undefined ? lowering.eventName() : lowering.ir.constant(index);
  },
});

export const probetype: Builtin = defineBuiltin({
  name: 'probetype',
  needsProbe: true,
  summary: 'Name of the provider of the probe; `special` for begin, end and self.',
  analyse(_given, use, scope) {
    const { provider } = scope.probe;
    const special = provider === 'begin' || provider === 'end' || provider === 'self';
    return textConstant(special ? 'special' : provider, use.range);
  },
});
