/** Iterators of the kernel: a program run for each of its tasks, files, maps, ... */

import { otherDescriptions } from '../kernel/advice.ts';
import { ownTypes } from '../kernel/types.ts';
import type { Hint } from '../source/advice.ts';
import type { ErrorCode } from '../source/codes.ts';
import { canonicalName, isParameterised, isWildcard, refuse, targetFields } from './fields.ts';
import type { Provider } from './probe.ts';

const NAME = 'iter';

export const iter: Provider = {
  name: NAME,
  aliases: ['it'],
  resolve(attachPoint, context) {
    const fields = targetFields(attachPoint);
    const object = fields[0]?.text ?? '';
    const no = (code: ErrorCode, message: string, ...hints: readonly Hint[]) =>
      refuse(attachPoint, context, code, message, ...hints);
    if (object === '')
      return no('attach-point-form', "iter should specify a iterator's name", 'Such as iter:task.');
    if (isWildcard(object))
      return no('attach-point-wildcard', 'wildcards are not allowed for iter probe type');
    if (isParameterised(fields))
      return no('attach-point-parameter', 'positional parameters in iter are not supported');
    const pin = fields[1]?.text;
    if (fields.length > 2 || pin === '')
      return no(
        'attach-point-form',
        'iter should specify an iterator, and perhaps a path to pin it at',
        `Such as iter:${object}:/sys/fs/bpf/${object}; a relative path is below /sys/fs/bpf.`,
      );
    const iterated = ownTypes(context.kernel).struct('struct', `bpf_iter__${object}`);
    if (!iterated)
      return no(
        'unknown-target',
        `iter ${object} not available for your kernel version.`,
        otherDescriptions(context.kernel),
      );
    return [
      {
        provider: NAME,
        name: canonicalName(NAME, object, pin ?? ''),
        alias: attachPoint.alias,
        // libbpf looks for the function bpf_iter_NAME.
        section: `iter/${object}`,
        context: 'iterator',
        iterated,
        space: 'kernel',
        defaultReturn: 0,
        // The pid is given when the probe is attached.
        filtersPid: false,
        registers: 0,
        hasRetval: false,
        function: undefined,
        wildcard: false,
        target: { provider: NAME, object, ...(pin === undefined ? {} : { pin }) },
        parameterised: false,
      },
    ];
  },
};
