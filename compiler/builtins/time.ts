/** time and strftime: formats of strftime(3), which the loader fills in. */
import type { AnalysisScope, BuiltinUse } from '../analysis/builtin.ts';
import { type Literal, optional, text, value } from '../analysis/parameters.ts';
import { UINT64, VOID } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { argument, cast } from './use.ts';

const DEFAULT_TIME_FORMAT = '%H:%M:%S\n';

/** `%`, glibc's flags and width, the modifiers E and O, then the letter. */
const TIME_CONVERSION = /%[-_0^#+]*\d*[EO]?([\s\S]?)/g;
/** What stands behind `%`, and what it becomes. Names are English: the loader keeps the C locale. */
export const TIME_CONVERSIONS: Readonly<Record<string, string>> = {
  a: 'Day of the week, short.',
  A: 'Day of the week.',
  b: 'Month, short.',
  B: 'Month.',
  c: 'Date and time.',
  C: 'Century, two digits.',
  d: 'Day of the month, two digits.',
  D: 'Date: `%m/%d/%y`.',
  e: 'Day of the month, with a space before one digit.',
  f: 'Microseconds, six digits; of strftime alone, not of time.',
  F: 'Date: `%Y-%m-%d`.',
  g: 'Year of the week by ISO 8601, two digits.',
  G: 'Year of the week by ISO 8601.',
  h: 'The same as `%b`.',
  H: 'Hour, 00 to 23.',
  I: 'Hour, 01 to 12.',
  j: 'Day of the year, 001 to 366.',
  k: 'Nanoseconds, nine digits; in time the hour, 0 to 23, with a space before one digit.',
  l: 'Milliseconds, three digits; in time the hour, 1 to 12, with a space before one digit.',
  m: 'Month, 01 to 12.',
  M: 'Minute.',
  n: 'A newline.',
  p: 'AM or PM.',
  P: 'am or pm.',
  r: 'Time of twelve hours: `%I:%M:%S %p`.',
  R: 'Hour and minute: `%H:%M`.',
  s: 'Seconds since the epoch.',
  S: 'Second.',
  t: 'A tab.',
  T: 'Time: `%H:%M:%S`.',
  u: 'Day of the week, 1 (Monday) to 7.',
  U: 'Week of the year; the first Sunday begins week 01.',
  V: 'Week of the year by ISO 8601.',
  w: 'Day of the week, 0 (Sunday) to 6.',
  W: 'Week of the year; the first Monday begins week 01.',
  x: 'Date.',
  X: 'Time.',
  y: 'Year, two digits.',
  Y: 'Year.',
  z: 'Distance to UTC: `+0000`.',
  Z: 'Name of the time zone.',
  '%': 'A percent sign.',
};

/** What is wrong with a strftime format; undefined if nothing is. */
export function timeFormatProblem(format: string): string | undefined {
  for (const [text, letter] of format.matchAll(TIME_CONVERSION)) {
    if (letter === undefined || !Object.hasOwn(TIME_CONVERSIONS, letter)) {
      return letter === ''
        ? `the format ends within a conversion: ${text}`
        : `unknown conversion in the format: ${text}`;
    }
  }
  return undefined;
}

/** Reports what is wrong with a format. */
function isWrong(
  { value, range }: Literal<string>,
  use: BuiltinUse,
  scope: AnalysisScope,
): boolean {
  const problem = timeFormatProblem(value);
  if (problem === undefined) return false;
  scope.error('format', `${use.name}: ${problem}`, range);
  return true;
}

export const time: Builtin = defineBuiltin({
  name: 'time',
  traits: { onlyPrints: true, needsLoader: 'Use printf with nsecs.' },
  parameters: { format: optional(text) },
  summary: 'Prints the local time of day, in a format of strftime(3) or as %H:%M:%S and a newline.',
  analyse({ format }, use, scope) {
    if (format && isWrong(format, use, scope)) return undefined;
    return typed(VOID, { plan: { format: format?.value ?? DEFAULT_TIME_FORMAT } });
  },
  lower({ plan: { format }, range }, lowering) {
    lowering.emit({ kind: 'time', fields: [], format, range }, () => {});
    return undefined;
  },
});

export const strftime: Builtin = defineBuiltin({
  name: 'strftime',
  parameters: { format: text, time: value('number') },
  summary: 'A time in nanoseconds since boot (nsecs) as text in a format of strftime(3).',
  analyse({ format, time }, use, scope) {
    if (isWrong(format, use, scope)) return undefined;
    const { clock = 'boot' } = time.kind === 'call' ? time.traits : {};
    if (clock !== 'boot') {
      scope.error(
        'argument-value',
        `strftime() can not take a ${clock} timestamp`,
        time.range,
        'Use nsecs without a mode: it counts from boot, as strftime() does.',
      );
      return undefined;
    }
    if (time.kind === 'int' && time.value < 0n) {
      scope.error('argument-value', 'strftime() can not take a negative time', time.range);
      return undefined;
    }
    return typed(
      { kind: 'timestamp' },
      { args: [cast(time, UINT64)], plan: { format: format.value } },
    );
  },
  /** {u64 nanoseconds since boot, u32 format, u32 unused} */
  lowerInto(call, lowering, to) {
    const { ir } = lowering;
    ir.store(to.pointer, 0, 8, lowering.value(argument(call, 0)));
    ir.store(to.pointer, 8, 4, ir.constant(lowering.format(call.plan.format)));
    ir.store(to.pointer, 12, 4, ir.constant(0));
  },
});
