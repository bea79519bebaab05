/**
 * `print(@m); ... clear(@m);` => one event: the loader takes what it prints out of the map in one go, so that what
 * is counted between both is neither lost nor printed twice.
 */
import type { TypedCall, TypedStatement } from '../analysis/typed.ts';

type Call = Extract<TypedStatement, { kind: 'expression-statement' }> & {
  readonly expression: TypedCall;
};

/** What may stand between: it prints, and leaves maps as they are. */
const PASSIVE: ReadonlySet<string> = new Set(['print', 'printf', 'time', 'cat', 'join', 'errorf']);

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
  const { builtin, map } = call;
  if (map === undefined || (builtin !== 'clear' && builtin !== 'zero')) return undefined;
  return { kind: builtin, map };
}

/** Index of the map's print, if only what is passive stands behind it. */
function printBefore(statements: readonly TypedStatement[], map: string): number {
  for (let index = statements.length - 1; index >= 0; index -= 1) {
    const statement = statements[index];
    if (!statement || !isCall(statement)) return -1;
    const { builtin, map: of, then } = statement.expression;
    const other = of !== map;
    if (builtin === 'print' && !other) return then === undefined ? index : -1;
    if (!other || !(PASSIVE.has(builtin) || changeOf(statement.expression))) return -1;
  }
  return -1;
}
