/**
 * Values in memory that stay the same for a whole run, such as the task's name: a helper writes them where one is asked for
 * first, and they are used again where the way leads through there (docs/decisions/repeated-reads.md).
 */
import type { TypedCall, TypedProbe } from '../analysis/typed.ts';
import type { IrPointer } from '../llvm/ir.ts';
import { layoutOf } from '../types/layout.ts';
import { isScalar } from '../types/type.ts';
import type { FunctionState } from './state.ts';
import { becomesCallback } from './variables.ts';
import { type Visitor, visitExpressionChildren, visitStatementChildren } from './walk.ts';

/** Gives each value that the program asks for again its place, which nothing else has. */
export function placeKeptValues(fn: FunctionState): void {
  if (fn.unit.sparesStack) return;
  for (const [name, { type }] of askedAgain(fn.program.probe))
    fn.kept.set(name, fn.memory.take(layoutOf(type).size));
}

/** Where the value of the call stands, for those that have a place; `write` is what gets it there. */
export function keptValue(
  { ir, kept }: FunctionState,
  call: TypedCall,
  write: (to: IrPointer) => void,
): IrPointer | undefined {
  const place = isKept(call) ? kept.get(call.builtin) : undefined;
  if (!place) return undefined;
  ir.once(`kept ${call.builtin}`, () => {
    write(place);
    return ir.constant(0);
  });
  return place;
}

function isKept({ traits, type, args }: TypedCall): boolean {
  return traits.steady === true && !isScalar(type) && args.length === 0;
}

/** Calls by name that are evaluated once more behind themselves. Bodies of callbacks are functions of their own. */
function askedAgain({ predicate, body }: TypedProbe): ReadonlyMap<string, TypedCall> {
  const again = new Map<string, TypedCall>();
  let known: ReadonlySet<string> = new Set();
  /** What is evaluated in some runs only. */
  const arm = (walk: () => void): void => {
    const before = known;
    walk();
    known = before;
  };
  const visitor: Visitor = {
    expression(expression) {
      if (expression.kind === 'call' && isKept(expression)) {
        if (known.has(expression.builtin)) again.set(expression.builtin, expression);
        else known = new Set([...known, expression.builtin]);
      } else if (expression.kind === 'conditional') {
        visitor.expression(expression.condition);
        arm(() => visitor.expression(expression.then));
        arm(() => visitor.expression(expression.else));
      } else if (
        expression.kind === 'binary' &&
        (expression.operator === '&&' || expression.operator === '||')
      ) {
        visitor.expression(expression.left);
        arm(() => visitor.expression(expression.right));
      } else visitExpressionChildren(expression, visitor);
    },
    statement(statement) {
      if (statement.kind === 'if') {
        const { condition, then, else: otherwise } = statement;
        visitor.expression(condition);
        arm(() => visitor.statement(then));
        if (otherwise) arm(() => visitor.statement(otherwise));
      } else if (becomesCallback(statement)) {
        if (statement.kind !== 'for-range') return;
        visitor.expression(statement.from);
        visitor.expression(statement.to);
      } else if (
        statement.kind === 'while' ||
        statement.kind === 'unroll' ||
        statement.kind === 'for-range'
      ) {
        arm(() => visitStatementChildren(statement, visitor));
      } else visitStatementChildren(statement, visitor);
    },
  };
  if (predicate) visitor.expression(predicate);
  visitor.statement(body);
  return again;
}
