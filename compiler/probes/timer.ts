/** interval (one CPU) and profile (every CPU): programs on the CPU clock of perf. */
import type { ManifestTarget } from '../../linker/manifest/manifest.ts';
import type { AttachField, AttachPoint } from '../syntax/ast.ts';
import { parseInteger } from '../syntax/literals.ts';
import { canonicalName, isParameterised, refuse, refuseCount, targetFields } from './fields.ts';
import { perfProgram } from './perf-program.ts';
import type { ProbeTarget, Provider, ProviderContext } from './probe.ts';

type Name = 'interval' | 'profile';
type TimerTarget = Extract<ManifestTarget, { provider: Name }>;

/** Nanoseconds of each unit; `hz` is a frequency. */
const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['s', 1_000_000_000n],
  ['ms', 1_000_000n],
  ['us', 1_000n],
]);

/** Without a suffix: the unit stands before it. */
const PLAIN_NUMBER = /^(?:0[xb][0-9a-f_]+|[0-9_]+(?:e[0-9]+)?)$/i;

/** perf_event_attr.sample_period has 64 bits, but the kernel's timer takes it as signed. */
const MAX_PERIOD = (1n << 63n) - 1n;

function provider(name: Name, aliases: readonly string[]): Provider {
  return {
    name,
    aliases,
    resolve(attachPoint, context) {
      const fields = targetFields(attachPoint);
      const [first, second] = fields;
      if (!first || first.text === '')
        return refuse(
          attachPoint,
          context,
          'attach-point-form',
          `${name} probe must have unit of time`,
          example(name),
        );
      if (fields.length > 2) return refuseCount(attachPoint, context, name, '1 or 2');
      return second
        ? inUnits(name, attachPoint, context, first, second)
        : forDuration(name, attachPoint, context, first);
    },
  };
}

function example(name: Name): string {
  return name === 'interval' ? 'interval:s:1 or interval:100ms' : 'profile:hz:99 or profile:10ms';
}

function inUnits(
  name: Name,
  attachPoint: AttachPoint,
  context: ProviderContext,
  unitField: AttachField,
  countField: AttachField,
): readonly ProbeTarget[] {
  const unit = unitField.text;
  const factor = UNITS.get(unit);
  if (isParameterised([unitField]))
    // The loader tells a frequency by its `hz`.
    return [
      perfProgram(
        attachPoint,
        canonicalName(name, unit, countField.text),
        { provider: name, period: `${countField.text}${unit}` },
        true,
      ),
    ];
  if (factor === undefined && unit !== 'hz')
    return refuse(
      attachPoint,
      context,
      'attach-point-value',
      `${unit} is not an accepted unit of time`,
      'Units are s, ms, us and hz.',
    );
  const text = countField.text;
  const shown = canonicalName(name, unit, text);
  if (isParameterised([countField])) {
    // Once the loader has put the parameter in, this is a number with a unit: 5s.
    const target: TimerTarget =
      factor === undefined
        ? { provider: name, frequency: text }
        : { provider: name, period: `${text}${unit}` };
    return [perfProgram(attachPoint, shown, target, true)];
  }
  const result = parseInteger(text);
  const count = PLAIN_NUMBER.test(text) && 'value' in result ? result.value : 0n;
  if (count === 0n)
    return refuse(
      attachPoint,
      context,
      'attach-point-value',
      `${name} frequency should be a positive integer`,
    );
  const canonical = canonicalName(name, unit, count.toString());
  if (factor === undefined)
    return [
      perfProgram(attachPoint, canonical, { provider: name, frequency: count.toString() }, false),
    ];
  return withPeriod(name, attachPoint, context, canonical, count * factor);
}

/** `interval:100ms`: whole microseconds, and named so. */
function forDuration(
  name: Name,
  attachPoint: AttachPoint,
  context: ProviderContext,
  field: AttachField,
): readonly ProbeTarget[] {
  if (isParameterised([field])) {
    const shown = canonicalName(name, field.text);
    return [perfProgram(attachPoint, shown, { provider: name, period: field.text }, true)];
  }
  const result = parseInteger(field.text);
  if (!/[a-z]$/.test(field.text) || !('value' in result))
    return refuse(
      attachPoint,
      context,
      'attach-point-form',
      `${name} probe must have unit of time`,
      example(name),
    );
  const microseconds = result.value / 1_000n;
  if (microseconds === 0n)
    return refuse(
      attachPoint,
      context,
      'attach-point-value',
      `${name} must be at least 1us long, not ${field.text}`,
    );
  const shown = canonicalName(name, 'us', microseconds.toString());
  return withPeriod(name, attachPoint, context, shown, microseconds * 1_000n);
}

function withPeriod(
  name: Name,
  attachPoint: AttachPoint,
  context: ProviderContext,
  shown: string,
  period: bigint,
): readonly ProbeTarget[] {
  if (period > MAX_PERIOD)
    return refuse(attachPoint, context, 'attach-point-value', `${shown} is too long`);
  return [perfProgram(attachPoint, shown, { provider: name, period: period.toString() }, false)];
}

export const interval = provider('interval', ['i']);
export const profile = provider('profile', ['p']);
