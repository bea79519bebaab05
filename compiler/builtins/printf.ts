/** printf, errorf, warnf, system and cat: a format and arguments, which the loader puts together. */
import type { AnalysisScope, BuiltinUse } from '../analysis/builtin.ts';
import { type Literal, rest, text } from '../analysis/parameters.ts';
import type { Traits } from '../analysis/traits.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import { countAdvice, countProblem, parseFormat, typeProblem } from '../types/format.ts';
import { typeName } from '../types/names.ts';
import { isTextPointer, VOID } from '../types/type.ts';
import { type Analysed, type Builtin, defineBuiltin, typed } from './builtin.ts';
import { UNPINNED } from './use.ts';

interface Plan {
  readonly format: string;
}

function analyse(
  name: string,
  { value: format, range }: Literal<string>,
  values: readonly TypedExpression[],
  use: BuiltinUse,
  scope: AnalysisScope,
): Analysed<Plan> | undefined {
  const parsed = parseFormat(format);
  for (const problem of parsed.problems) scope.error('format', `${name}: ${problem}`, range);
  if (parsed.problems.length > 0) return undefined;
  const miscount = countProblem(parsed, values.length);
  if (miscount !== undefined) {
    scope.error('format', `${name}: ${miscount}`, use.range, ...countAdvice(format));
    return undefined;
  }
  let wrong = false;
  for (const [index, conversion] of parsed.conversions.entries()) {
    const argument = values[index];
    const problem = argument && typeProblem(conversion, argument.type);
    if (argument && conversion.name === 's' && isTextPointer(argument.type))
      scope.warning(
        'address-as-text',
        `%s prints the address that '${typeName(argument.type)}' holds`,
        argument.range,
        'Read the text that stands there with str(), or print the address with %p.',
      );
    if (problem === undefined) continue;
    scope.error('format', `${name}: ${problem}`, argument?.range ?? range);
    wrong = true;
  }
  return wrong ? undefined : typed(VOID, { args: values, plan: { format } });
}

function formatted(
  name: 'printf' | 'errorf' | 'warnf' | 'system' | 'cat',
  summary: string,
  traits: Traits,
): Builtin {
  return defineBuiltin({
    ...{ name, summary, traits },
    parameters: { format: text, values: rest('printable') },
    analyse({ format, values }, use, scope) {
      const found = analyse(name, format, values, use, scope);
      if (found === undefined || name !== 'printf') return found;
      return { ...found, traits: { format: format.value } };
    },
    /** One event with the arguments as fields, each of its own type; the format is in the manifest only. */
    lower({ plan: { format }, range, args }, lowering) {
      lowering.emitValues({ kind: name, format, range }, args);
      return undefined;
    },
  });
}

export const printf: Builtin = formatted(
  'printf',
  'Prints formatted text, without a newline of its own.',
  { onlyPrints: true },
);

export const errorf: Builtin = formatted(
  'errorf',
  'Prints formatted text as an error, with the place in the script and a newline, on standard error.',
  { onlyPrints: true, needsLoader: 'Use printf.' },
);

export const warnf: Builtin = formatted(
  'warnf',
  'Prints formatted text as a warning, with the place in the script, on standard error.',
  { needsLoader: 'Use printf.' },
);

export const system: Builtin = formatted(
  'system',
  'Runs a shell command, whose formatted text the arguments complete, and prints its output.',
  { unsafe: 'run', needsLoader: UNPINNED },
);

export const cat: Builtin = formatted(
  'cat',
  'Prints the first max_cat_bytes of the file with the formatted name.',
  { onlyPrints: true, needsLoader: UNPINNED },
);
