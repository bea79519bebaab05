/** debugf: formatted text into the kernel's trace buffer, by the kernel itself. */
import type { TypedExpression } from '../analysis/typed.ts';
import type { IrPointer, IrValue } from '../llvm/ir.ts';
import { typeName } from '../types/names.ts';
import { VOID } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { type Conversion, countProblem, parseFormat, typeProblem } from './format.ts';
import { printable, textLiteral, typedCall } from './use.ts';

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

export const debugf: Builtin = {
  name: 'debugf',
  arity: [1, 1 + MOST_ARGUMENTS],
  summary:
    "Writes formatted text to the kernel's trace buffer (/sys/kernel/tracing/trace_pipe). For debugging.",
  analyse(use, scope) {
    const [formatArgument, ...rest] = use.args;
    const format = scope.stringLiteral(formatArgument, use);
    const args = rest.map((argument) => printable(argument, use, scope));
    if (format === undefined) return undefined;
    const range = formatArgument?.range ?? use.range;
    scope.warning(
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
    for (const problem of problems) scope.error(`debugf: ${problem}`, range);
    if (problems.length > 0) return undefined;
    const miscount = countProblem(parsed, args.length);
    if (miscount !== undefined) {
      scope.error(`debugf: ${miscount}`, use.range);
      return undefined;
    }
    const typed: TypedExpression[] = [];
    for (const [index, conversion] of parsed.conversions.entries()) {
      const argument = args[index];
      if (argument === undefined) continue;
      const problem =
        conversion.name === 's' && argument.type.kind !== 'string'
          ? `unsupported format specifier for type '${typeName(argument.type)}': s`
          : typeProblem(conversion, argument.type);
      if (problem === undefined) typed.push(argument);
      else scope.error(`debugf: ${problem}`, argument.range);
    }
    if (typed.length < args.length) return undefined;
    return typedCall('debugf', use, VOID, { args: typed, literals: [format] });
  },
  lower(call, lowering) {
    const format = textLiteral(call, 0);
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
};
