/** Which variant of a macro a call means. */
import type { Diagnostics } from '../source/diagnostics.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { signature } from './definitions.ts';

export type ArgumentKind = 'variable' | 'map' | 'expression' | 'type';

/** The variant that takes such arguments; of several the one with most `$` and `@` parameters, the first of equals. */
export function findVariant(
  variants: readonly ast.Macro[],
  given: readonly ArgumentKind[],
): ast.Macro | undefined {
  let best: { readonly macro: ast.Macro; readonly exact: number } | undefined;
  for (const macro of variants) {
    if (macro.parameters.length !== given.length) continue;
    const kinds = macro.parameters.map((parameter) => parameter.kind);
    if (!kinds.every((kind, index) => kind === 'expression' || kind === given[index])) continue;
    const exact = kinds.filter((kind) => kind !== 'expression').length;
    if (!best || exact > best.exact) best = { macro, exact };
  }
  return best?.macro;
}

const ARTICLES = {
  variable: 'a variable',
  map: 'a map',
  expression: 'an expression',
  type: 'a type',
} as const;

/** Says why no variant takes the arguments. */
export function reportMismatch(
  variants: readonly ast.Macro[],
  given: readonly { readonly kind: ArgumentKind; readonly range: Range }[],
  call: { readonly name: string; readonly range: Range },
  diagnostics: Diagnostics,
): void {
  const [only, ...others] = variants;
  if (!only || others.length > 0) {
    diagnostics.error(
      'macro-arguments',
      `The arguments of ${call.name}() match no definition of the macro`,
      call.range,
      ...variants.map((variant) => `macro ${signature(variant)}`),
    );
    return;
  }
  if (only.parameters.length !== given.length) {
    diagnostics.error(
      'macro-arguments',
      `Call to macro ${call.name} has wrong number of arguments. Expected: ${only.parameters.length} but got ${given.length}`,
      call.range,
    );
    return;
  }
  for (const [index, { kind, name }] of only.parameters.entries()) {
    const argument = given[index];
    if (!argument || kind === 'expression' || kind === argument.kind) continue;
    diagnostics.error(
      'macro-arguments',
      `Mismatched arg to macro ${call.name}. It expects ${ARTICLES[kind]} for param ${name} but got ${ARTICLES[argument.kind]}`,
      argument.range,
      `A parameter without a sign, '${name.slice(1)}', takes any expression; the macro cannot assign it.`,
    );
  }
}
