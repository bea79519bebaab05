/**
 * `print(@m); ... clear(@m);` => one event: the loader takes what it prints out of the map in one go, so that what
 * is counted between both is neither lost nor printed twice.
 */
import type { TypedCall, TypedStatement } from '../analysis/typed.ts';

type Call = Extract<TypedStatement, { kind: 'expression-statement' }> & {
  readonly expression: TypedCall;
};

/** The statements of a block, with prints that a `clear` or `zero` of their map follows joined with that. */
export function joinPrints(statements: readonly TypedStatement[]): readonly TypedStatement[] {
  const joined: TypedStatement[] = [];
  for (const statement of statements) {
    const then = isCall(statement) ? changeOf(statement.expression) : undefined;
    const index = then === undefined ? -1 : printBefore(joined, then.map);
    const print = joined[index];
    if (then === undefined || print === undefined || !isCall(print)) joined.push(statement);
    else joined[index] = { ...print, expression: { ...print.expression, then: then.kind } };
  }
  return joined;
}

function isCall(statement: TypedStatement): statement is Call {
  return statement.kind === 'expression-statement' && statement.expression.kind === 'call';
}

function changeOf(
  call: TypedCall,
): { readonly kind: 'clear' | 'zero'; readonly map: string } | undefined {
  const { map, traits } = call;
  const { onMap: kind } = traits;
  if (map === undefined || (kind !== 'clear' && kind !== 'zero')) return undefined;
  return { kind, map };
}

/** Index of the map's print, if what stands behind it only prints, or resets other maps. */
function printBefore(statements: readonly TypedStatement[], map: string): number {
  for (let index = statements.length - 1; index >= 0; index -= 1) {
    const statement = statements[index];
    if (!statement || !isCall(statement)) return -1;
    const { traits, map: of, then } = statement.expression;
    const other = of !== map;
    if (traits.onMap === 'prints' && !other) return then === undefined ? index : -1;
    if (!other || !(traits.onlyPrints || changeOf(statement.expression))) return -1;
  }
  return -1;
}
