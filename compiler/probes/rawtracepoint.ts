/** Static events with the arguments of the kernel's trace call, typed by BTF (BPF_TRACE_RAW_TP). */
import type { KernelDescription } from '../kernel/types.ts';
import type { AttachPoint } from '../syntax/ast.ts';
import { suggestion } from './closest.ts';
import {
  canonicalName,
  isParameterised,
  isWildcard,
  refuse,
  refuseCount,
  refuseEmpty,
  refuseMissing,
  targetFields,
} from './fields.ts';
import type { ProbeTarget, Provider } from './probe.ts';

const NAME = 'rawtracepoint';

export const rawtracepoint: Provider = {
  name: NAME,
  aliases: ['rt'],
  group: 'kernel',
  resolve(attachPoint, context) {
    const fields = targetFields(attachPoint);
    const names = fields.map((field) => field.text);
    const event = names.at(-1) ?? '';
    if (event === '')
      return refuse(attachPoint, context, 'rawtracepoint should be attached to a function');
    if (names.length > 2) return refuseCount(attachPoint, context, NAME, '1 or 2');
    if (names.length === 2 && names[0] !== 'vmlinux')
      return refuse(attachPoint, context, 'modules in rawtracepoint are not supported yet');
    // The kernel fixes the event when it loads a program (attach_btf_id), so no program fits several.
    if (isParameterised(fields))
      return refuse(
        attachPoint,
        context,
        'positional parameters in rawtracepoint are not supported yet',
        'A tracepoint can have them.',
      );
    if (isWildcard(event)) {
      const targets = rawEvents(context.kernel, event).flatMap((name) =>
        oneEvent(attachPoint, context.kernel, name),
      );
      return targets.length > 0 ? targets : refuseEmpty(attachPoint, context);
    }
    const targets = oneEvent(attachPoint, context.kernel, event);
    if (targets.length > 0) return targets;
    const hints = suggestion(event, rawEvents(context.kernel, '*'));
    return refuseMissing(attachPoint, context, NAME, event, hints);
  },
};

/** Names of tracepoints without their categories; not all of them are raw tracepoints. */
function rawEvents(kernel: KernelDescription, pattern: string): readonly string[] {
  const names = kernel
    .matchTracepoints('*', pattern)
    .map((name) => name.slice(name.indexOf(':') + 1));
  // Events of one name in two categories are one here. System calls share sys_enter and sys_exit.
  return [...new Set(names)].sort();
}

function oneEvent(
  attachPoint: AttachPoint,
  kernel: KernelDescription,
  event: string,
): readonly ProbeTarget[] {
  const parameters = kernel.rawTracepoint(event);
  if (!parameters) return [];
  return [
    {
      provider: NAME,
      name: canonicalName(NAME, event),
      alias: attachPoint.alias,
      section: `tp_btf/${event}`,
      context: 'btf-arguments',
      space: 'kernel',
      defaultReturn: 0,
      filtersPid: true,
      parameters,
      registers: parameters.length,
      hasRetval: false,
      function: undefined,
      wildcard: false,
      target: { provider: NAME, event },
      parameterised: false,
    },
  ];
}
