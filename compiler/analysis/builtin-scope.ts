/** What built-ins may ask of the analysis: `AnalysisScope` over one place in the program. */

import { utf8Bytes } from '../syntax/literals.ts';
import { INT64 } from '../types/type.ts';
import { pinned } from './assumptions.ts';
import type { AnalysisScope, Argument, BuiltinUse } from './builtin.ts';
import { typeExpression } from './expressions.ts';
import { literalParameter, typeLiteral } from './literal-parameters.ts';
import { mapSymbol, mapUse, typeKey } from './maps.ts';
import { stringLiteral } from './operators.ts';
import { pathOf } from './program-types.ts';
import type { Typing } from './state.ts';
import { error, inFor, isUnknown, warning } from './state.ts';
import type { TypedExpression } from './typed.ts';
import { allowUnstable } from './unstable.ts';
import { assignVariable } from './variables.ts';

export function builtinScope(typing: Typing, use: BuiltinUse): AnalysisScope {
  // An argument has an error, or a type that is not known yet: what the built-in says of the stand-in that
  // it gets instead would mislead.
  let poisoned = false;

  function substitute(expression: TypedExpression): TypedExpression {
    if (!isUnknown(expression.type)) return expression;
    poisoned = true;
    return { kind: 'int', type: INT64, value: 0n, flexible: true, range: expression.range };
  }

  function type(
    expression: Argument,
    how: typeof typeExpression = typeExpression,
  ): TypedExpression {
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
    return substitute(how(typing, expression));
  }

  return {
    kernel: typing.round.kernel,
    config: typing.round.config,
    probe: typing.probe,
    allowUnstable: (feature, range) => allowUnstable(typing.round, feature, range),
    symbolSize(name) {
      const path = pathOf(typing.probe);
      return path === undefined ? undefined : typing.round.programs.symbolSize(path, name);
    },
    inLoop: inFor(typing),
    probeIndex: typing.round.namesAtLoad ? typing.round.nameIndex(typing.copy) : undefined,
    functionsAtLoad: typing.round.functionsAtLoad,

    expression: (expression) => type(expression),
    literal: (expression) => type(expression, typeLiteral),

    bound(bound) {
      const { parameter, expects, range } = bound;
      typing.round.bounds.set(`${parameter} ${range.start} ${expects}`, bound);
    },

    get unsettled() {
      return poisoned;
    },
    map: (name, range) => mapSymbol(typing, name, range),
    key: (map, keys, range) => typeKey(typing, map, keys, range),

    pinned: (literal) => pinned(typing, literal),

    asks: (question) => void typing.round.asked.push(question),

    textParameter(index, range) {
      typing.round.params.set(`${index} string`, { index, as: 'string' });
      const literal = literalParameter(typing, index);
      if (literal !== undefined) return stringLiteral(utf8Bytes(literal), range);
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

    error(code, message, range, ...hints) {
      if (!poisoned) error(typing, code, message, range, ...hints);
    },

    warning: (code, message, range, ...hints) => warning(typing, code, message, range, ...hints),
  };
}
