/** Static events of the kernel, with their tracefs fields as `args`. */

import type { KernelDescription } from '../kernel/types.ts';
import { type Advice, replacing } from '../source/advice.ts';
import { closest, meaning } from '../source/closest.ts';
import type { AttachPoint } from '../syntax/ast.ts';
import {
  canonicalName,
  isParameterised,
  isWildcard,
  refuse,
  refuseCount,
  refuseEmpty,
  targetFields,
  targetRange,
} from './fields.ts';
import { ifDescribed, missingTarget } from './missing.ts';
import type { ProbeTarget, Provider, ProviderContext } from './probe.ts';

const NAME = 'tracepoint';

export const tracepoint: Provider = {
  name: NAME,
  aliases: ['t'],
  group: 'kernel',
  resolve(attachPoint, context) {
    const fields = targetFields(attachPoint);
    const names = fields.map((field) => field.text);
    // A single field is a pattern of events in any category.
    const [category = '', event = ''] =
      names.length === 1 && isWildcard(names[0] ?? '') ? ['*', ...names] : names;
    if (names.every((name) => name === ''))
      return refuse(
        attachPoint,
        context,
        'attach-point-form',
        'tracepoint probe must have a target',
      );
    if (names.length > 2 || category === '' || event === '')
      return refuseCount(attachPoint, context, NAME, '2', ...inSomeCategory(attachPoint, context));

    if (isParameterised(fields)) return fromParameters(attachPoint, context, category, event);
    if (isWildcard(category) || isWildcard(event))
      return fromPattern(attachPoint, context, category, event);
    // Without arguments nothing has to be known of an event.
    const ask = () => context.kernel.tracepoint(category, event);
    if ((context.needsArgs ? ask() : ifDescribed(ask)) === undefined)
      return unknownEvent(attachPoint, context, category, event);
    return [oneEvent(attachPoint, context, category, event)];
  },
};

/** The category of an event that is named alone, or of one with a similar name. */
function inSomeCategory(attachPoint: AttachPoint, { kernel }: ProviderContext): readonly Advice[] {
  const [name, ...others] = targetFields(attachPoint).map(({ text }) => text);
  if (!name || others.length > 0) return [];
  const same = ifDescribed(() => kernel.matchTracepoints('*', name)) ?? [];
  const near =
    same.length > 0
      ? same
      : closest(
          name,
          (ifDescribed(() => kernel.matchTracepoints('*', '*')) ?? []).map(eventOf),
        ).flatMap((event) => kernel.matchTracepoints('*', event));
  if (near.length === 0) return [];
  const few = near.slice(0, 3);
  return [replacing(meaning(few), targetRange(attachPoint), name, ...few)];
}

function eventOf(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function oneEvent(
  attachPoint: AttachPoint,
  context: ProviderContext,
  category: string,
  event: string,
): ProbeTarget {
  const fields = ifDescribed(() => context.kernel.tracepoint(category, event));
  return {
    ...target(attachPoint, category, event),
    section: `tracepoint/${category}/${event}`,
    ...(fields ? { fields } : {}),
  };
}

/** A category that the description does not have is that of a module, or of another kernel. */
function isElsewhere({ kernel }: ProviderContext, category: string): boolean {
  const events = ifDescribed(() => kernel.matchTracepoints(category, '*'));
  return !isWildcard(category) && (events ?? []).length === 0;
}

function unknownEvent(
  attachPoint: AttachPoint,
  context: ProviderContext,
  category: string,
  event: string,
): readonly ProbeTarget[] {
  const isPattern = isWildcard(event);
  return missingTarget(attachPoint, context, {
    provider: NAME,
    target: `${category}:${event}`,
    hints: isPattern
      ? []
      : (ifDescribed(() => suggestEvents(attachPoint, context, category, event)) ?? []),
    atLoad: context.needsArgs
      ? undefined
      : isPattern || isWildcard(category)
        ? { ...target(attachPoint, category, event), wildcard: true }
        : oneEvent(attachPoint, context, category, event),
    mayLack: isElsewhere(context, category),
  });
}

/** One program for all events, or one for each where `args` has to be typed. */
function fromPattern(
  attachPoint: AttachPoint,
  context: ProviderContext,
  category: string,
  event: string,
): readonly ProbeTarget[] {
  const ask = () => context.kernel.matchTracepoints(category, event);
  const events = context.needsArgs ? ask() : (ifDescribed(ask) ?? []);
  if (events.length === 0)
    return (context.missingProbes ?? 'error') === 'error' && !isElsewhere(context, category)
      ? refuseEmpty(attachPoint, context)
      : unknownEvent(attachPoint, context, category, event);
  if (!context.needsArgs) return untyped(attachPoint, context, category, event);
  return events.map((name) => {
    const colon = name.indexOf(':');
    return oneEvent(attachPoint, context, name.slice(0, colon), name.slice(colon + 1));
  });
}

/** A pattern whose block is the same for every event. */
function untyped(
  attachPoint: AttachPoint,
  { kernel }: ProviderContext,
  category: string,
  event: string,
): readonly ProbeTarget[] {
  const pattern = { ...target(attachPoint, category, event), wildcard: true };
  if (category !== 'syscalls') return [pattern];
  const names = kernel.matchTracepoints(category, event);
  return (['enter', 'exit'] as const)
    .filter((side) => names.some((name) => name.startsWith(`syscalls:sys_${side}_`)))
    .map((side): ProbeTarget => {
      return {
        ...pattern,
        // Of sys_enter, but only our loader knows which numbers are meant: others shall find no such event.
        section: `tp_btf/sys_${side}_*`,
        context: 'btf-arguments',
        defaultReturn: 0,
        syscalls: side,
      };
    });
}

function fromParameters(
  attachPoint: AttachPoint,
  context: ProviderContext,
  category: string,
  event: string,
): readonly ProbeTarget[] {
  if (context.needsArgs)
    return refuse(
      attachPoint,
      context,
      'untyped-arguments',
      'args cannot be typed: which tracepoint this is depends on positional parameters',
      'Name the tracepoint in the script, or do without args.',
    );
  return [{ ...target(attachPoint, category, event), parameterised: true }];
}

/** All that does not depend on which event it is. */
function target(attachPoint: AttachPoint, category: string, event: string): ProbeTarget {
  return {
    provider: NAME,
    name: canonicalName(NAME, category, event),
    alias: attachPoint.alias,
    section: NAME,
    context: 'tracepoint',
    // Arguments of system calls come from user space; other events carry kernel data.
    space: category === 'syscalls' ? 'user' : 'kernel',
    // 0 would keep the event from other users of the same perf event (kernel/trace/trace_event_perf.c).
    defaultReturn: 1,
    filtersPid: true,
    registers: 0,
    hasRetval: false,
    function: undefined,
    wildcard: false,
    target: { provider: NAME, category, event },
    parameterised: false,
  };
}

function suggestEvents(
  attachPoint: AttachPoint,
  { kernel }: ProviderContext,
  category: string,
  event: string,
): readonly Advice[] {
  const near = nearEvents(kernel, category, event);
  return near.length === 0
    ? []
    : [replacing(meaning(near), targetRange(attachPoint), `${category}:${event}`, ...near)];
}

function nearEvents(kernel: KernelDescription, category: string, event: string): readonly string[] {
  const elsewhere = kernel.matchTracepoints('*', event);
  if (elsewhere.length > 0) return elsewhere.slice(0, 3);
  const siblings = kernel.matchTracepoints(category, '*');
  if (siblings.length === 0)
    return closest(`${category}:${event}`, kernel.matchTracepoints('*', '*'));
  const events = siblings.map(eventOf);
  return closest(event, events).map((name) => `${category}:${name}`);
}
