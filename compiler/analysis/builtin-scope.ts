/** What built-ins may ask of the analysis: `AnalysisScope` over one place in the program. */

import type { AnalysisScope, BuiltinUse } from '../builtins/builtin.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { typeName } from '../types/names.ts';
import { INT64 } from '../types/type.ts';
import { assignable } from './conversion.ts';
import { typeExpression } from './expressions.ts';
import { mapSymbol, mapUse, typeKey } from './maps.ts';
import { pathOf } from './program-types.ts';
import type { Typing } from './state.ts';
import { error, inFor, isUnknown, warning } from './state.ts';
import type { TypedExpression } from './typed.ts';
import { allowUnstable } from './unstable.ts';
import { assignVariable } from './variables.ts';

type Argument = ast.Expression | ast.TypeArgument;

export function builtinScope(typing: Typing, use: BuiltinUse): AnalysisScope {
  // An argument has an error, or a type that is not known yet: what the built-in says of the stand-in that
  // it gets instead would mislead.
  let poisoned = false;

  function substitute(expression: TypedExpression): TypedExpression {
    if (!isUnknown(expression.type)) return expression;
    poisoned = true;
    return { kind: 'int', type: INT64, value: 0n, flexible: true, range: expression.range };
  }

  function type(expression: Argument): TypedExpression {
    if (expression.kind === 'type-argument') {
      error(
        typing,
        'type-as-value',
        `${use.name}() does not take a type as argument`,
        expression.range,
      );
      poisoned = true;
      return { kind: 'int', type: INT64, value: 0n, flexible: true, range: expression.range };
    }
    return substitute(typeExpression(typing, expression));
  }

  function expectedLiteral(kind: 'string' | 'integer', value: TypedExpression | undefined): void {
    if (poisoned) return;
    const provided = value
      ? value.kind === 'int' || value.kind === 'string'
        ? typeName(value.type)
        : `${typeName(value.type)} expression`
      : 'nothing';
    const hints =
      value?.kind === 'parameter'
        ? ['Positional parameters are set when the program is loaded, not when it is compiled.']
        : [];
    error(
      typing,
      'literal-required',
      `${use.name}() expects ${kind === 'string' ? 'a string' : 'an integer'} literal (${provided} provided)`,
      value?.range ?? use.range,
      ...hints,
    );
  }

  return {
    kernel: typing.round.kernel,
    config: typing.round.config,
    probe: typing.probe,
    allowUnstable: (feature, range) => allowUnstable(typing, feature, range),
    symbolSize(name) {
      const path = pathOf(typing.probe);
      return path === undefined ? undefined : typing.round.programs.symbolSize(path, name);
    },
    unsafe: typing.round.unsafe,
    inLoop: inFor(typing),
    probeIndex: typing.round.namesAtLoad ? typing.round.nameIndex(typing.copy) : undefined,
    functionsAtLoad: typing.round.functionsAtLoad,

    expression: type,

    expressionAs(expression, wanted) {
      const value = type(expression);
      if (poisoned) return value;
      const converted = assignable(typing, value, wanted);
      if (converted) return converted;
      error(
        typing,
        'argument-type',
        `${use.name}() only supports ${typeName(wanted)} arguments (${typeName(value.type)} provided)`,
        value.range,
      );
      poisoned = true;
      return value;
    },

    mapArgument(expression, of) {
      if (expression?.kind === 'map' && !expression.keys) {
        return mapSymbol(typing, expression.name, expression.range);
      }
      const range = expression?.range ?? of.range;
      const element = expression?.kind === 'map' ? [`Leave the key out: ${expression.name}`] : [];
      error(typing, 'map-argument', `${of.name}() expects a map argument`, range, ...element);
      return undefined;
    },

    key: (map, keys, range) => typeKey(typing, map, keys, range),

    stringLiteral(expression, _of) {
      // Formats may be longer than strings that programs handle: they are never in BPF memory.
      if (expression?.kind === 'string') return expression.value;
      const value = expression && type(expression);
      if (value?.kind === 'string') return value.value;
      expectedLiteral('string', value);
      return undefined;
    },

    intLiteral(expression, _of) {
      const value = expression && type(expression);
      if (value?.kind === 'int' && !poisoned) return value.value;
      expectedLiteral('integer', value);
      return undefined;
    },

    textParameter(index, range) {
      typing.round.params.set(`${index} string`, { index, as: 'string' });
      const size = typing.round.config.maxStrlen;
      return { kind: 'parameter', type: { kind: 'string', size }, index, range };
    },

    option: (option) => {
      const known = typing.round.options.get(option.name);
      if (!known) typing.round.options.set(option.name, option);
      return known ?? option;
    },

    markDeleted(map) {
      mapUse(typing, map).deleted = true;
    },

    assign: (variable, value, range) => assignVariable(typing, variable, value, range),

    error(message: string, range: Range, ...hints: string[]) {
      if (!poisoned) error(typing, 'builtin-use', message, range, ...hints);
    },

    warning(message: string, range: Range, ...hints: string[]) {
      warning(typing, 'builtin-warning', message, range, ...hints);
    },
  };
}
