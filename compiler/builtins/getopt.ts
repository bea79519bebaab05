/** getopt: a named parameter, which the loader sets by `--name=value`. */
import type { OptionSymbol, TypedExpression } from '../analysis/typed.ts';
import { BOOL, INT64, UINT64 } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import { isInteger } from './use.ts';

/** What `--name=value` can say. */
const NAME = /^[A-Za-z0-9_][-A-Za-z0-9_.]*$/;

/** The default decides the type: without one, the parameter is a switch that is off. */
function defaultOf(
  use: BuiltinUse,
  scope: AnalysisScope,
): Pick<OptionSymbol, 'type' | 'default'> | undefined {
  const given = use.args[1];
  if (given === undefined) {
    const type = BOOL;
    return {
      type,
      default: { kind: 'int', type, value: 0n, flexible: false, range: use.range },
    };
  }
  const value = scope.expression(given);
  if (value.kind === 'string') {
    const size = scope.config.maxStrlen;
    if (value.value.length >= size) {
      scope.error(
        `the default of getopt() is longer than max_strlen allows (${value.value.length} bytes, at most ${size - 1})`,
        given.range,
      );
      return undefined;
    }
    return { type: { kind: 'string', size }, default: value };
  }
  if (value.kind === 'int' && value.type.kind === 'bool')
    return { type: value.type, default: value };
  if (value.kind === 'int' && isInteger(value.type))
    return { type: value.value < 0n ? INT64 : UINT64, default: value };
  scope.error(
    'getopt() expects a literal as default: a bool, an integer or a string',
    given.range,
    'The value itself is set when the program is loaded.',
  );
  return undefined;
}

export const getopt: Builtin = {
  name: 'getopt',
  arity: [1, 3],
  summary:
    'Value of the named parameter --name: getopt("name", default, "description"). Bool, integer or string, as the default is.',
  analyse(use, scope): TypedExpression | undefined {
    const [first, , third] = use.args;
    const name = scope.stringLiteral(first, use);
    const value = defaultOf(use, scope);
    const description = third === undefined ? undefined : scope.stringLiteral(third, use);
    if (name === undefined || value === undefined) return undefined;
    if (third !== undefined && description === undefined) return undefined;
    const range = first?.range ?? use.range;
    if (!NAME.test(name)) {
      scope.error(
        `'${name}' is no name of a parameter`,
        range,
        'Names are letters, digits, _, - and dots.',
      );
      return undefined;
    }
    if (name === 'help') {
      scope.error("--help lists the parameters: none can be named 'help'", range);
      return undefined;
    }
    const known = scope.option({ name, description, ...value });
    if (
      known.default.kind !== value.default.kind ||
      known.type.kind !== value.type.kind ||
      known.default.value !== value.default.value
    ) {
      scope.error(
        `Command line option '${name}' needs to have the same default value in all places it is used`,
        use.args[1]?.range ?? use.range,
        `Its first use has ${shown(known)}.`,
      );
      return undefined;
    }
    if (known.description !== description) {
      scope.error(
        `Command line option '${name}' needs to have the same description in all places it is used`,
        third?.range ?? use.range,
      );
      return undefined;
    }
    return { kind: 'option', name, type: known.type, range: use.range };
  },
};

function shown({ type, default: value }: OptionSymbol): string {
  if (value.kind === 'string') return `"${value.value}"`;
  return type.kind === 'bool' ? String(value.value !== 0n) : String(value.value);
}
