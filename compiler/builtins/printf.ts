/** printf, errorf, warnf, system and cat: a format and arguments, which the loader puts together. */
import type { TypedCall, TypedExpression } from '../analysis/typed.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { VOID } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import { countProblem, parseFormat, typeProblem } from './format.ts';
import { printable, textLiteral, typedCall } from './use.ts';

type Name = 'printf' | 'errorf' | 'warnf' | 'system' | 'cat';

function analyse(name: Name, use: BuiltinUse, scope: AnalysisScope): TypedExpression | undefined {
  const [formatArgument, ...rest] = use.args;
  const format = scope.stringLiteral(formatArgument, use);
  const args = rest.map((argument) => printable(argument, use, scope));
  if (format === undefined) return undefined;
  const range = formatArgument?.range ?? use.range;
  const parsed = parseFormat(format);
  for (const problem of parsed.problems) scope.error(`${name}: ${problem}`, range);
  if (parsed.problems.length > 0) return undefined;
  const miscount = countProblem(parsed, args.length);
  if (miscount !== undefined) {
    scope.error(`${name}: ${miscount}`, use.range);
    return undefined;
  }
  const typed: TypedExpression[] = [];
  for (const [index, conversion] of parsed.conversions.entries()) {
    const argument = args[index];
    if (argument === undefined) continue;
    const problem = typeProblem(conversion, argument.type);
    if (problem === undefined) typed.push(argument);
    else scope.error(`${name}: ${problem}`, argument.range);
  }
  if (typed.length < args.length) return undefined;
  return typedCall(name, use, VOID, { args: typed, literals: [format] });
}

/** One event with the arguments as fields, each of its own type; the format is in the manifest only. */
function lower(name: Name, call: TypedCall, lowering: Lowering): undefined {
  lowering.emitValues({ kind: name, format: textLiteral(call, 0), range: call.range }, call.args);
}

function formatted(name: Name, summary: string, unsafe: boolean): Builtin {
  return {
    name,
    arity: [1, Number.POSITIVE_INFINITY],
    ...(unsafe ? { unsafe } : {}),
    summary,
    analyse: (use, scope) => analyse(name, use, scope),
    lower: (call, lowering) => lower(name, call, lowering),
  };
}

export const printf: Builtin = formatted(
  'printf',
  'Prints formatted text, without a newline of its own.',
  false,
);

export const errorf: Builtin = formatted(
  'errorf',
  'Prints formatted text as an error, with the place in the script and a newline, on standard error.',
  false,
);

export const warnf: Builtin = formatted(
  'warnf',
  'Prints formatted text as a warning, with the place in the script, on standard error.',
  false,
);

export const system: Builtin = formatted(
  'system',
  'Runs a shell command, whose formatted text the arguments complete, and prints its output.',
  true,
);

export const cat: Builtin = formatted(
  'cat',
  'Prints the first max_cat_bytes of the file with the formatted name.',
  false,
);
