/** debugf: formatted text into the kernel's trace buffer, by the kernel itself. */
import { rest, text } from '../analysis/parameters.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import type { IrPointer, IrValue } from '../llvm/ir.ts';
import {
  type Conversion,
  countAdvice,
  countProblem,
  parseFormat,
  typeProblem,
} from '../types/format.ts';
import { typeName } from '../types/names.ts';
import { VOID } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';

/** What bpf_trace_printk takes (kernel/trace/bpf_trace.c, MAX_TRACE_PRINTK_VARARGS). */
const MOST_ARGUMENTS = 3;

/** Why bpf_trace_printk does not take a conversion (bpf_bprintf_prepare, kernel/bpf/helpers.c). */
function refused(conversion: Conversion): boolean {
  const { name, length, flags, precision } = conversion;
  return (
    !['d', 'i', 'u', 'x', 'X', 'p', 's', 'c'].includes(name) ||
    !['', 'l', 'll'].includes(length) ||
    (['p', 's', 'c'].includes(name) && length !== '') ||
    flags.includes('#') ||
    precision !== undefined
  );
}

export const debugf: Builtin = defineBuiltin({
  name: 'debugf',
  parameters: { format: text, values: rest('printable', MOST_ARGUMENTS) },
  summary:
    "Writes formatted text to the kernel's trace buffer (/sys/kernel/tracing/trace_pipe). For debugging.",
  analyse({ format: { value: format, range }, values }, use, scope) {
    scope.warning(
      'debug-only',
      'The debugf() builtin is not recommended for production use. For more information see bpf_trace_printk in bpf-helpers(7).',
      use.range,
    );
    const parsed = parseFormat(format);
    const problems = [
      ...parsed.problems,
      ...parsed.conversions
        .filter(refused)
        .map(({ text }) => `the kernel's bpf_trace_printk does not know ${text}`),
    ];
    for (const problem of problems) scope.error('format', `debugf: ${problem}`, range);
    if (problems.length > 0) return undefined;
    const miscount = countProblem(parsed, values.length);
    if (miscount !== undefined) {
      scope.error('format', `debugf: ${miscount}`, use.range, ...countAdvice(format));
      return undefined;
    }
    const args: TypedExpression[] = [];
    for (const [index, conversion] of parsed.conversions.entries()) {
      const argument = values[index];
      if (argument === undefined) continue;
      const problem =
        conversion.name === 's' && argument.type.kind !== 'string'
          ? `unsupported format specifier for type '${typeName(argument.type)}': s`
          : typeProblem(conversion, argument.type);
      if (problem === undefined) args.push(argument);
      else scope.error('format', `debugf: ${problem}`, argument.range);
    }
    if (args.length < values.length) return undefined;
    return typed(VOID, { args, plan: { format } });
  },
  lower(call, lowering) {
    const { format } = call.plan;
    const values = call.args.map((value): IrValue | IrPointer =>
      value.type.kind === 'string' ? lowering.address(value, false) : lowering.value(value),
    );
    lowering.call(
      'trace_printk',
      lowering.constantString(format),
      lowering.ir.constant(format.length + 1),
      ...values,
    );
    return undefined;
  },
});
