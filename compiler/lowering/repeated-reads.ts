/**
 * Map reads of a block that give what the condition before it has read already: `/@start[tid]/ { ... @start[tid] ... }`
 * looks the element up once, and so does `if (@start[tid]) { ... @start[tid] ... }`.
 */
import type { TypedBlock, TypedExpression, TypedStatement } from '../analysis/typed.ts';
import type { IrBool } from '../llvm/ir.ts';
import { lowerCondition } from './expressions.ts';
import { sameExpression } from './read-modify-write.ts';
import type { FunctionState } from './state.ts';
import { type Visitor, visitExpressionChildren, visitStatementChildren } from './walk.ts';

type MapRead = Extract<TypedExpression, { kind: 'map' }>;

export interface RepeatedReads {
  /** Done by the condition in any case. */
  readonly first: MapRead;
  readonly others: readonly MapRead[];
}

/** Lowers a condition whose reads of maps stand for the same ones of the block that follows where it holds. */
export function conditionBefore(
  fn: FunctionState,
  condition: TypedExpression,
  block: TypedBlock,
): IrBool {
  const outer = fn.repeated;
  fn.repeated = repeatedReads(condition, block);
  const holds = lowerCondition(fn, condition);
  fn.repeated = outer;
  return holds;
}

/** The read that the condition does in any case, and the same reads of the block before anything can change it. */
function repeatedReads(condition: TypedExpression, body: TypedBlock): RepeatedReads | undefined {
  const first = unconditionalRead(condition);
  if (!first || (first.key && !isSteady(first.key))) return undefined;
  const others: MapRead[] = [];
  for (const statement of body.statements) {
    if (mayChange(statement, first.map)) break;
    const visitor: Visitor = {
      expression(expression) {
        if (expression.kind === 'map' && isSame(first, expression)) others.push(expression);
        visitExpressionChildren(expression, visitor);
      },
      statement: (inner) => visitStatementChildren(inner, visitor),
    };
    visitor.statement(statement);
  }
  return others.length > 0 ? { first, others } : undefined;
}

function isSame(first: MapRead, other: MapRead): boolean {
  return other !== first && other.map === first.map && sameExpression(first, other);
}

function unconditionalRead(expression: TypedExpression): MapRead | undefined {
  switch (expression.kind) {
    case 'map':
      return expression;
    case 'cast':
    case 'unary':
      return unconditionalRead(expression.operand);
    case 'binary': {
      const left = unconditionalRead(expression.left);
      if (left || expression.operator === '&&' || expression.operator === '||') return left;
      return unconditionalRead(expression.right);
    }
    default:
      return undefined;
  }
}

function isSteady(key: TypedExpression): boolean {
  switch (key.kind) {
    case 'int':
    case 'string':
    case 'parameter':
    case 'option':
    case 'tracepoint-field':
    case 'context-argument':
      return true;
    case 'call':
      return key.traits.steady === true;
    case 'cast':
      return isSteady(key.operand);
    case 'tuple':
      return key.elements.every(isSteady);
    default:
      return false;
  }
}

/** Whether a statement may write to the map, or runs its parts in another order or another function. */
function mayChange(statement: TypedStatement, map: string): boolean {
  let found = false;
  const visitor: Visitor = {
    expression(expression) {
      switch (expression.kind) {
        case 'function-call':
          found = true;
          break;
        case 'step':
          if (expression.target.kind === 'map' && expression.target.map === map) found = true;
          break;
        case 'call':
          if (expression.map === map && expression.traits.onMap !== 'looks') found = true;
          break;
        default:
          break;
      }
      visitExpressionChildren(expression, visitor);
    },
    statement(inner) {
      switch (inner.kind) {
        case 'assign-map':
        case 'aggregate':
          if (inner.map === map) found = true;
          break;
        case 'while':
        case 'unroll':
        case 'for-range':
        case 'for-map':
          found = true;
          break;
        default:
          break;
      }
      visitStatementChildren(inner, visitor);
    },
  };
  visitor.statement(statement);
  return found;
}
