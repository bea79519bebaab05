/**
 * Positional parameters where a literal has to stand, because code or maps are made of it: `lhist(x, $1, $2, $3)`. The
 * loader comes too late for them; of a script that is compiled to be run at once, they are known.
 */
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { parseInteger } from '../syntax/literals.ts';
import { INT64 } from '../types/type.ts';
import { intLiteral } from './conversion.ts';
import { typeExpression } from './expressions.ts';
import type { Typing } from './state.ts';
import { failed } from './state.ts';
import type { TypedExpression } from './typed.ts';

export const PARAMETER_IS_LATE =
  'Positional parameters are set when the program is loaded, not when it is compiled: a script that needs this one sooner is run with `bpfscript run`, which does both.';

/** Types what has to be a literal: parameters in it are their values, if the script is compiled for one run. */
export function typeLiteral(typing: Typing, expression: ast.Expression): TypedExpression {
  return typeExpression({ ...typing, literally: true }, expression);
}

/** The text of `$N` where that is a literal; the empty one where it is not given, as the loader has it. */
export function literalParameter(typing: Typing, index: number): string | undefined {
  const { round, literally } = typing;
  if (!literally || !round.parameters) return undefined;
  round.takesParameters = true;
  return round.parameters[index - 1] ?? '';
}

/** `$N` as a number that is known. Numbers are read as the loader reads them (loader/src/session/params.c). */
export function numberOf(
  typing: Typing,
  text: string,
  index: number,
  range: Range,
): TypedExpression {
  if (text === '') return intLiteral(0n, range);
  const negative = text.startsWith('-');
  const result = parseInteger(negative ? text.slice(1) : text);
  if ('value' in result && !(negative && result.value > 1n << 63n))
    return {
      ...{ kind: 'int', type: INT64, flexible: !negative, range },
      value: BigInt.asIntN(64, negative ? -result.value : result.value),
    };
  return failed(
    typing,
    'argument-value',
    `Positional parameter $${index} is used as a number, but "${text}" is none.`,
    range,
  );
}
