/** software and hardware: programs on counters of perf, run after every so many events. */
import { didYouMean } from '../source/closest.ts';
import type { AttachPoint } from '../syntax/ast.ts';
import { parseInteger } from '../syntax/literals.ts';
import {
  canonicalName,
  isParameterised,
  isWildcard,
  refuse,
  refuseCount,
  targetFields,
} from './fields.ts';
import { perfProgram } from './perf-program.ts';
import type { ProbeTarget, Provider, ProviderContext } from './probe.ts';

type Name = 'software' | 'hardware';

/** Events with their aliases. The loader has their numbers and periods (loader/src/host/perf_counters.c). */
const EVENTS: Readonly<Record<Name, readonly string[]>> = {
  software: [
    ...['alignment-faults', 'bpf-output', 'context-switches', 'cs', 'cpu-clock', 'cpu'],
    ...['cpu-migrations', 'dummy', 'emulation-faults', 'major-faults', 'minor-faults'],
    ...['page-faults', 'faults', 'task-clock'],
  ],
  hardware: [
    ...['backend-stalls', 'branch-instructions', 'branches', 'branch-misses', 'bus-cycles'],
    ...['cache-misses', 'cache-references', 'cpu-cycles', 'cycles', 'frontend-stalls'],
    ...['instructions', 'ref-cycles'],
  ],
};

/** perf_event_attr.sample_period is signed for the kernel. */
const MAX_COUNT = (1n << 63n) - 1n;

function provider(name: Name, aliases: readonly string[]): Provider {
  return {
    name,
    aliases,
    resolve: (attachPoint, context) => resolve(name, attachPoint, context),
  };
}

function resolve(
  name: Name,
  attachPoint: AttachPoint,
  context: ProviderContext,
): readonly ProbeTarget[] {
  const fields = targetFields(attachPoint);
  const [eventField, countField] = fields;
  const event = eventField?.text ?? '';
  const known = EVENTS[name];
  if (!eventField || event === '')
    return refuse(
      attachPoint,
      context,
      'attach-point-form',
      `${name} probe must have a ${name} event name`,
      `Events are ${known.join(', ')}.`,
    );
  if (fields.length > 2) return refuseCount(attachPoint, context, name, '1 or 2');
  if (fields.some(({ text }) => isWildcard(text)))
    return refuse(
      attachPoint,
      context,
      'attach-point-wildcard',
      `wildcards are not allowed for ${name} probe type`,
    );
  if (!isParameterised([eventField]) && !known.includes(event)) {
    const near = didYouMean(event, known, eventField.range);
    const hints = near.length > 0 ? near : [`Events are ${known.join(', ')}.`];
    return refuse(
      attachPoint,
      context,
      'unknown-target',
      `'${event}' is not a ${name} event`,
      ...hints,
    );
  }
  const count = readCount(countField);
  if (count === undefined)
    return refuse(
      attachPoint,
      context,
      'attach-point-value',
      `${name} count should be a positive integer`,
    );
  return [
    perfProgram(
      attachPoint,
      canonicalName(name, event, count),
      { provider: name, event, ...(count === '' ? {} : { count }) },
      isParameterised(fields),
    ),
  ];
}

/** Decimal, or with parameters as it stands; empty for the event's own; undefined where it is none. */
function readCount(field: AttachPoint['fields'][number] | undefined): string | undefined {
  if (!field || isParameterised([field])) return field?.text ?? '';
  const result = parseInteger(field.text);
  if (!('value' in result) || result.value <= 0n || result.value > MAX_COUNT) return undefined;
  return result.value.toString();
}

export const software = provider('software', ['s']);
export const hardware = provider('hardware', ['h']);
