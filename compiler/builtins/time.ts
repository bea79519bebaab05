/** time and strftime: formats of strftime(3), which the loader fills in. */
import { kindName } from '../types/names.ts';
import { UINT64, VOID } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import { argument, textLiteral, typedCall } from './use.ts';

const DEFAULT_TIME_FORMAT = '%H:%M:%S\n';

/** `%`, glibc's flags and width, the modifiers E and O, then the letter. */
const TIME_CONVERSION = /%[-_0^#+]*\d*[EO]?([\s\S]?)/g;
const TIME_LETTERS = new Set('aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%+f');

/** What is wrong with a strftime format; undefined if nothing is. */
export function timeFormatProblem(format: string): string | undefined {
  for (const [text, letter] of format.matchAll(TIME_CONVERSION)) {
    if (letter === undefined || !TIME_LETTERS.has(letter)) {
      return letter === ''
        ? `the format ends within a conversion: ${text}`
        : `unknown conversion in the format: ${text}`;
    }
  }
  return undefined;
}

function timeFormat(use: BuiltinUse, scope: AnalysisScope): string | undefined {
  const format = scope.stringLiteral(use.args[0], use);
  const problem = format === undefined ? undefined : timeFormatProblem(format);
  if (problem === undefined) return format;
  scope.error(`${use.name}: ${problem}`, use.args[0]?.range ?? use.range);
  return undefined;
}

export const time: Builtin = {
  name: 'time',
  arity: [0, 1],
  summary: 'Prints the local time of day, in a format of strftime(3) or as %H:%M:%S and a newline.',
  analyse(use, scope) {
    const format = use.args.length === 0 ? DEFAULT_TIME_FORMAT : timeFormat(use, scope);
    return format === undefined ? undefined : typedCall('time', use, VOID, { literals: [format] });
  },
  lower(call, lowering) {
    lowering.emit(
      { kind: 'time', fields: [], format: textLiteral(call, 0), range: call.range },
      () => {},
    );
    return undefined;
  },
};

export const strftime: Builtin = {
  name: 'strftime',
  arity: [2, 2],
  summary: 'A time in nanoseconds since boot (nsecs) as text in a format of strftime(3).',
  analyse(use, scope) {
    const format = timeFormat(use, scope);
    const [, when] = use.args;
    if (format === undefined || when === undefined) return undefined;
    const nanoseconds = scope.expression(when);
    const clock =
      nanoseconds.kind === 'call' && nanoseconds.builtin === 'nsecs'
        ? textLiteral(nanoseconds, 0)
        : 'boot';
    if (clock !== 'boot') {
      scope.error(
        `strftime() can not take a ${clock} timestamp`,
        when.range,
        'Use nsecs without a mode: it counts from boot, as strftime() does.',
      );
      return undefined;
    }
    if (nanoseconds.kind === 'int' && nanoseconds.value < 0n) {
      scope.error('strftime() can not take a negative time', when.range);
      return undefined;
    }
    if (nanoseconds.type.kind !== 'int') {
      scope.error(
        `strftime() only supports integer arguments (${kindName(nanoseconds.type)} provided)`,
        when.range,
      );
      return undefined;
    }
    return typedCall(
      'strftime',
      use,
      { kind: 'timestamp' },
      {
        args: [{ kind: 'cast', type: UINT64, operand: nanoseconds, range: nanoseconds.range }],
        literals: [format],
      },
    );
  },
  /** {u64 nanoseconds since boot, u32 format, u32 unused} */
  lowerInto(call, lowering, to) {
    const { ir } = lowering;
    ir.store(to.pointer, 0, 8, lowering.value(argument(call, 0)));
    ir.store(to.pointer, 8, 4, ir.constant(lowering.format(textLiteral(call, 0))));
    ir.store(to.pointer, 12, 4, ir.constant(0));
  },
};
