/**
 * Blocks that the loader runs itself: begin and end before attaching and after detaching, self when it gets a signal,
 * test and bench when it is asked to.
 */
import type { ManifestTarget } from '../../linker/manifest/manifest.ts';
import type { AttachPoint } from '../syntax/ast.ts';
import { canonicalName, isParameterised, refuse, refuseCount, targetFields } from './fields.ts';
import type { ProbeTarget, Provider } from './probe.ts';

type Special = Extract<
  ManifestTarget,
  { readonly provider: 'begin' | 'end' | 'self' | 'test' | 'bench' }
>;

function ofLoader(attachPoint: AttachPoint, name: string, target: Special): readonly ProbeTarget[] {
  return [
    {
      provider: target.provider,
      name,
      alias: attachPoint.alias,
      // Of the program types that BPF_PROG_TEST_RUN runs, this one asks for no input (net/bpf/test_run.c), and has
      // the helpers of tracing.
      section: 'raw_tp',
      context: 'none',
      space: 'none',
      defaultReturn: 0,
      filtersPid: false,
      registers: 0,
      hasRetval: false,
      function: undefined,
      wildcard: false,
      target,
      parameterised: false,
    },
  ];
}

function special(name: 'begin' | 'end'): Provider {
  return {
    name,
    aliases: [],
    resolve(attachPoint, context) {
      if (targetFields(attachPoint).length > 0)
        return refuse(
          attachPoint,
          context,
          'attach-point-form',
          'begin/end probes should not have a target',
        );
      return ofLoader(attachPoint, name, { provider: name });
    },
  };
}

const SIGNAL = 'SIGUSR1';

export const self: Provider = {
  name: 'self',
  aliases: [],
  resolve(attachPoint, context) {
    const fields = targetFields(attachPoint);
    const [trigger, signal] = fields;
    const form = `The one form is self:signal:${SIGNAL}.`;
    if (fields.length !== 2) return refuseCount(attachPoint, context, 'self', '2');
    if (trigger?.text !== 'signal')
      return refuse(
        attachPoint,
        context,
        'attach-point-value',
        `${trigger?.text} is not a supported trigger`,
        form,
      );
    if (signal?.text !== SIGNAL)
      return refuse(
        attachPoint,
        context,
        'attach-point-value',
        `${signal?.text} is not a supported signal`,
        form,
      );
    return ofLoader(attachPoint, canonicalName('self', 'signal', SIGNAL), {
      provider: 'self',
      signal: SIGNAL,
    });
  },
};

function named(name: 'test' | 'bench'): Provider {
  return {
    name,
    aliases: [],
    resolve(attachPoint, context) {
      const fields = targetFields(attachPoint);
      const text = fields[0]?.text ?? '';
      if (text === '')
        return refuse(
          attachPoint,
          context,
          'attach-point-form',
          `${name} probes must have a name`,
          `${name}:NAME`,
        );
      if (fields.length > 1) return refuseCount(attachPoint, context, name, '1');
      if (isParameterised(fields))
        return refuse(
          attachPoint,
          context,
          'attach-point-parameter',
          `the name of a ${name} probe cannot be a positional parameter`,
        );
      return ofLoader(attachPoint, canonicalName(name, text), { provider: name, name: text });
    },
  };
}

export const begin = special('begin');
export const end = special('end');
export const test = named('test');
export const bench = named('bench');
