/** Walking typed trees: what stands directly below a node, in order of evaluation. */
import type { TypedCall, TypedExpression, TypedProbe, TypedStatement } from '../analysis/typed.ts';

export interface Visitor {
  expression(expression: TypedExpression): void;
  statement(statement: TypedStatement): void;
}

/** Visits the direct children of a statement. Blocks are statements. */
export function visitStatementChildren(statement: TypedStatement, visitor: Visitor): void {
  switch (statement.kind) {
    case 'block':
      for (const inner of statement.statements) visitor.statement(inner);
      return;
    case 'expression-statement':
      visitor.expression(statement.expression);
      return;
    case 'assign-variable':
      visitor.expression(statement.value);
      return;
    case 'assign-map':
    case 'aggregate':
      if (statement.key) visitor.expression(statement.key);
      if (statement.value) visitor.expression(statement.value);
      return;
    case 'if':
      visitor.expression(statement.condition);
      visitor.statement(statement.then);
      if (statement.else) visitor.statement(statement.else);
      return;
    case 'while':
      visitor.expression(statement.condition);
      visitor.statement(statement.body);
      return;
    case 'unroll':
    case 'for-map':
      visitor.statement(statement.body);
      return;
    case 'for-range':
      visitor.expression(statement.from);
      visitor.expression(statement.to);
      visitor.statement(statement.body);
      return;
    case 'return':
      if (statement.value) visitor.expression(statement.value);
      return;
    case 'break':
    case 'continue':
      return;
  }
}

/** Visits the direct children of an expression. */
export function visitExpressionChildren(expression: TypedExpression, visitor: Visitor): void {
  switch (expression.kind) {
    case 'map':
      if (expression.key) visitor.expression(expression.key);
      return;
    case 'unary':
    case 'cast':
    case 'dereference':
    case 'address-of':
      visitor.expression(expression.operand);
      return;
    case 'binary':
      visitor.expression(expression.left);
      visitor.expression(expression.right);
      return;
    case 'conditional':
      visitor.expression(expression.condition);
      visitor.expression(expression.then);
      visitor.expression(expression.else);
      return;
    case 'step':
      if (expression.target.kind === 'map' && expression.target.key) {
        visitor.expression(expression.target.key);
      }
      return;
    case 'tuple':
      for (const element of expression.elements) visitor.expression(element);
      return;
    case 'record':
      for (const field of expression.fields) visitor.expression(field.value);
      return;
    case 'element':
    case 'member':
      visitor.expression(expression.base);
      return;
    case 'index':
      visitor.expression(expression.base);
      visitor.expression(expression.index);
      return;
    case 'call':
    case 'function-call':
      for (const argument of expression.args) visitor.expression(argument);
      return;
    case 'block-value':
      for (const statement of expression.statements) visitor.statement(statement);
      visitor.expression(expression.value);
      return;
    default:
      return;
  }
}

/** Whether `test` holds for the expression or anything below it, `except` for one part. */
export function someExpression(
  root: TypedExpression,
  test: (expression: TypedExpression) => boolean,
  except?: TypedExpression,
): boolean {
  let found = false;
  const visitor: Visitor = {
    expression(expression) {
      if (found || expression === except) return;
      if (test(expression)) found = true;
      else visitExpressionChildren(expression, visitor);
    },
    statement(statement) {
      if (!found) visitStatementChildren(statement, visitor);
    },
  };
  visitor.expression(root);
  return found;
}

/** The same for all expressions of a statement. */
export function someInStatement(
  root: TypedStatement,
  test: (expression: TypedExpression) => boolean,
): boolean {
  let found = false;
  const visitor: Visitor = {
    expression(expression) {
      found ||= someExpression(expression, test);
    },
    statement(statement) {
      if (!found) visitStatementChildren(statement, visitor);
    },
  };
  visitor.statement(root);
  return found;
}

/** Whether `test` holds for a call of a built-in anywhere in the probe. */
export function usesCall(
  { predicate, body }: Pick<TypedProbe, 'predicate' | 'body'>,
  test: (call: TypedCall) => boolean,
): boolean {
  const isCall = (expression: TypedExpression): boolean =>
    expression.kind === 'call' && test(expression);
  return (
    (predicate !== undefined && someExpression(predicate, isCall)) || someInStatement(body, isCall)
  );
}

/** Whether a jump in `body` leaves the loop that the body belongs to, not one inside it. */
export function hasLoopJump(body: TypedStatement): boolean {
  let found = false;
  const visitor: Visitor = {
    expression(expression) {
      if (!found) visitExpressionChildren(expression, visitor);
    },
    statement(statement) {
      if (found) return;
      if (statement.kind === 'break' || statement.kind === 'continue') {
        found = true;
        return;
      }
      if (
        statement.kind === 'while' ||
        statement.kind === 'for-range' ||
        statement.kind === 'for-map' ||
        statement.kind === 'unroll'
      ) {
        return;
      }
      visitStatementChildren(statement, visitor);
    },
  };
  visitor.statement(body);
  return found;
}

/** Whether control can leave the whole program from within `body`: `return`, or `exit()`. */
export function canEndProgram(body: TypedStatement): boolean {
  let found = false;
  const visitor: Visitor = {
    expression(expression) {
      if (expression.kind === 'call' && expression.traits.endsProgram) found = true;
      if (!found) visitExpressionChildren(expression, visitor);
    },
    statement(statement) {
      if (statement.kind === 'return') found = true;
      if (!found) visitStatementChildren(statement, visitor);
    },
  };
  visitor.statement(body);
  return found;
}
