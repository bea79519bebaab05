/** fail: an error at compile time, where the compiler reaches it. What `if comptime` leaves out is never reached. */
import { rest, text } from '../analysis/parameters.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import { countAdvice, countProblem, parseFormat, typeProblem } from '../types/format.ts';
import { converted, formatted, type LiteralValue } from '../types/format-text.ts';
import { VOID } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';

export const fail: Builtin = defineBuiltin({
  name: 'fail',
  parameters: { format: text, values: rest('any') },
  summary: 'An error at compile time, with formatted text, where the compiler reaches it.',
  analyse({ format: { value: format, range }, values }, use, scope) {
    const parsed = parseFormat(format);
    for (const problem of parsed.problems) scope.error('format', `fail: ${problem}`, range);
    const miscount = countProblem(parsed, values.length);
    if (miscount !== undefined)
      scope.error('format', `fail: ${miscount}`, use.range, ...countAdvice(format));
    if (parsed.problems.length > 0 || miscount !== undefined) return undefined;

    const literals = parsed.conversions.map((conversion, index): LiteralValue | undefined => {
      const argument = values[index];
      if (argument === undefined) return undefined;
      const problem = typeProblem(conversion, argument.type);
      const literal = problem === undefined ? literalOf(argument) : undefined;
      if (literal !== undefined && converted(conversion, literal) !== undefined) return literal;
      scope.error('format', `fail: ${problem ?? 'expects literals'}`, argument.range);
      return undefined;
    });
    const text = formatted(
      format,
      parsed,
      literals.filter((literal) => literal !== undefined),
    );
    if (text === undefined) return undefined;
    scope.error('fail', Buffer.from(text, 'latin1').toString('utf8').trimEnd(), use.range);
    return typed(VOID);
  },
  // An error keeps a script from being lowered.
  lower: () => undefined,
});

/** A literal as formats take it; undefined for anything else. */
function literalOf(argument: TypedExpression): LiteralValue | undefined {
  if (argument.kind === 'string') return { text: argument.value };
  if (argument.kind !== 'int') return undefined;
  const { type, value } = argument;
  return { number: value, shown: type.kind === 'bool' ? `${value !== 0n}` : `${value}` };
}
