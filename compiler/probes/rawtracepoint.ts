/** Static events with the arguments of the kernel's trace call, typed by BTF (BPF_TRACE_RAW_TP). */

import { otherDescriptions } from '../kernel/advice.ts';
import type { KernelDescription } from '../kernel/types.ts';
import { wildcard } from '../kernel/wildcard.ts';
import { didYouMean } from '../source/closest.ts';
import type { AttachPoint } from '../syntax/ast.ts';
import {
  canonicalName,
  isParameterised,
  isWildcard,
  refuse,
  refuseCount,
  refuseEmpty,
  targetFields,
} from './fields.ts';
import { missingTarget } from './missing.ts';
import type { ProbeTarget, Provider, ProviderContext } from './probe.ts';

const NAME = 'rawtracepoint';
/** What stands for the kernel itself where a module may. */
const KERNEL = 'vmlinux';

export const rawtracepoint: Provider = {
  name: NAME,
  aliases: ['rt'],
  group: 'kernel',
  resolve(attachPoint, context) {
    const fields = targetFields(attachPoint);
    const names = fields.map((field) => field.text);
    const event = names.at(-1) ?? '';
    if (event === '')
      return refuse(
        attachPoint,
        context,
        'attach-point-form',
        'rawtracepoint should be attached to a function',
      );
    if (names.length > 2) return refuseCount(attachPoint, context, NAME, '1 or 2');
    const module = names.length === 2 && names[0] !== KERNEL ? names[0] : undefined;
    if (isParameterised(fields))
      return byLoader(
        attachPoint,
        context,
        'which event this is depends on positional parameters',
        {
          module,
          event,
          parameterised: true,
        },
      );
    if (module !== undefined && isWildcard(module))
      return ofModules(attachPoint, context, module, event);
    const wildcard = isWildcard(event);
    if (module !== undefined) {
      const known = ofModule(attachPoint, context, module, event);
      if (known.length > 0) return known;
      if (context.onlyKnown) return refuseEmpty(attachPoint, context);
      const why = `the kernel description has no such events of module ${module}`;
      return byLoader(attachPoint, context, why, { module, event, wildcard });
    }
    if (wildcard) return fromPattern(attachPoint, context, event);
    const targets = oneEvent(attachPoint, context.kernel, event);
    if (targets.length > 0) return targets;
    const hints = didYouMean(
      event,
      rawEvents(context.kernel, '*'),
      fields.at(-1)?.range ?? attachPoint.range,
    );
    return missingTarget(attachPoint, context, {
      provider: NAME,
      target: event,
      hints,
      // What argN is of an event only its prototype says.
      atLoad:
        context.needsArgs || context.needsEvent
          ? undefined
          : untyped(attachPoint, { module: undefined, event }),
    });
  },
};

/** Events of all modules of a pattern, the kernel itself (`vmlinux`) among them. */
function ofModules(
  attachPoint: AttachPoint,
  context: ProviderContext,
  pattern: string,
  event: string,
): readonly ProbeTarget[] {
  const { kernel, needsArgs, needsEvent = false } = context;
  const open = untyped(attachPoint, { module: pattern, event, wildcard: true });
  // Copies tell their events apart by a cookie, as in `fromPattern`.
  if (!needsArgs && !needsEvent) return [open];
  const those = wildcard(pattern);
  const matches = (module: string): boolean => those.test(module);
  const events = isWildcard(event) ? rawEvents(kernel, event) : [event];
  const own = matches(KERNEL) ? events.flatMap((name) => oneEvent(attachPoint, kernel, name)) : [];
  const others = (kernel.modules?.() ?? [])
    .filter(matches)
    .flatMap((module) => events.flatMap((name) => typed(attachPoint, kernel, module, name)));
  const all = [...own, ...others];
  if (all.length > 0) return all;
  return context.onlyKnown ? [] : refuseEmpty(attachPoint, context);
}

/** Events of a module with their arguments, where the description has its types and the block asks for them. */
function ofModule(
  attachPoint: AttachPoint,
  context: ProviderContext,
  module: string,
  event: string,
): readonly ProbeTarget[] {
  const { kernel, needsArgs, needsEvent = false } = context;
  if (!needsArgs && !(isWildcard(event) && needsEvent)) return [];
  const names = isWildcard(event) ? rawEvents(kernel, event) : [event];
  return names.flatMap((name) => typed(attachPoint, kernel, module, name));
}

function typed(
  attachPoint: AttachPoint,
  kernel: KernelDescription,
  module: string,
  event: string,
): readonly ProbeTarget[] {
  const parameters = kernel.rawTracepoint(event, module);
  if (!parameters) return [];
  const target = untyped(attachPoint, { module, event });
  return [{ ...target, parameters, registers: parameters.length }];
}

/** One program that the loader copies for each event, or one for each where the block is not the same for all. */
function fromPattern(
  attachPoint: AttachPoint,
  context: ProviderContext,
  event: string,
): readonly ProbeTarget[] {
  const targets = rawEvents(context.kernel, event).flatMap((name) =>
    oneEvent(attachPoint, context.kernel, name),
  );
  if (targets.length === 0) return refuseEmpty(attachPoint, context);
  // Copies tell their events apart by a cookie, which these programs have since Linux 6.10.
  if (context.needsArgs || context.needsEvent) return targets;
  return [untyped(attachPoint, { module: undefined, event, wildcard: true })];
}

interface Untyped {
  readonly module: string | undefined;
  readonly event: string;
  readonly wildcard?: boolean;
  readonly parameterised?: boolean;
}

/** Only the host knows the event and its arguments. */
function byLoader(
  attachPoint: AttachPoint,
  context: ProviderContext,
  why: string,
  event: Untyped,
): readonly ProbeTarget[] {
  if (context.needsArgs)
    return refuse(
      attachPoint,
      context,
      'untyped-arguments',
      `args cannot be typed: ${why}`,
      'Use arg0 and so on, which have 64 bits and no type, or a tracepoint.',
      ...(event.module === undefined ? [] : [otherDescriptions(context.kernel)]),
    );
  return [untyped(attachPoint, event)];
}

function untyped(
  attachPoint: AttachPoint,
  { module, event, wildcard = false, parameterised = false }: Untyped,
): ProbeTarget {
  return {
    provider: NAME,
    name: canonicalName(NAME, module ?? '', event),
    alias: attachPoint.alias,
    section: wildcard || parameterised || module !== undefined ? 'tp_btf' : `tp_btf/${event}`,
    context: 'btf-arguments',
    space: 'kernel',
    defaultReturn: 0,
    filtersPid: true,
    // What an event does not have the verifier refuses.
    registers: wildcard ? 0 : MOST_ARGUMENTS,
    hasRetval: false,
    function: undefined,
    wildcard,
    target: { provider: NAME, ...(module === undefined ? {} : { module }), event },
    parameterised,
  };
}

/** arg0 to arg9. */
const MOST_ARGUMENTS = 10;

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
  const target = untyped(attachPoint, { module: undefined, event });
  return [{ ...target, parameters, registers: parameters.length }];
}
