/** getopt: a named parameter, which the loader sets by `--name=value`. */
import type { AnalysisScope, BuiltinUse } from '../analysis/builtin.ts';
import { optional, text, value } from '../analysis/parameters.ts';
import type { OptionSymbol, TypedExpression } from '../analysis/typed.ts';
import { BOOL, INT64, UINT64 } from '../types/type.ts';
import { type Builtin, defineBuiltin } from './builtin.ts';
import { isInteger, truth } from './use.ts';

/** What `--name=value` can say. */
const NAME = /^[A-Za-z0-9_][-A-Za-z0-9_.]*$/;

/** The default decides the type: without one, the parameter is a switch that is off. */
function defaultOf(
  given: TypedExpression | undefined,
  use: BuiltinUse,
  scope: AnalysisScope,
): Pick<OptionSymbol, 'type' | 'default'> | undefined {
  if (given === undefined) return { type: BOOL, default: truth(false, use) };
  if (given.kind === 'string')
    return { type: { kind: 'string', size: scope.config.maxStrlen }, default: given };
  if (given.kind === 'int' && given.type.kind === 'bool')
    return { type: given.type, default: given };
  if (given.kind === 'int' && isInteger(given.type))
    return {
      type: given.value < 0n ? INT64 : UINT64,
      default: { ...given, value: scope.pinned(given) },
    };
  scope.error(
    'literal-required',
    'getopt() expects a literal as default: a bool, an integer or a string',
    given.range,
    'The value itself is set when the program is loaded.',
  );
  return undefined;
}

export const getopt: Builtin = defineBuiltin({
  name: 'getopt',
  parameters: { name: text, default: optional(value('any')), description: optional(text) },
  summary:
    'Value of the named parameter --name: getopt("name", default, "description"). Bool, integer or string, as the default is.',
  analyse({ name: { value: name, range }, default: given, description }, use, scope) {
    const option = defaultOf(given, use, scope);
    if (option === undefined) return undefined;
    if (!NAME.test(name)) {
      scope.error(
        'named-parameter',
        `'${name}' is no name of a parameter`,
        range,
        'Names are letters, digits, _, - and dots.',
      );
      return undefined;
    }
    if (name === 'help') {
      scope.error(
        'named-parameter',
        "--help lists the parameters: none can be named 'help'",
        range,
      );
      return undefined;
    }
    const known = scope.option({ name, description: description?.value, ...option });
    if (
      known.default.kind !== option.default.kind ||
      known.type.kind !== option.type.kind ||
      known.default.value !== option.default.value
    ) {
      scope.error(
        'named-parameter',
        `Command line option '${name}' needs to have the same default value in all places it is used`,
        (given ?? use).range,
        `Its first use has ${shown(known)}.`,
      );
      return undefined;
    }
    if (known.description !== description?.value) {
      scope.error(
        'named-parameter',
        `Command line option '${name}' needs to have the same description in all places it is used`,
        (description ?? use).range,
      );
      return undefined;
    }
    return { kind: 'option', name, type: known.type, range: use.range };
  },
});

function shown({ type, default: value }: OptionSymbol): string {
  if (value.kind === 'string') return `"${value.value}"`;
  return type.kind === 'bool' ? String(value.value !== 0n) : String(value.value);
}
