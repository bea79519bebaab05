/** Blocks and ifs as values: statements, then the tail expression. */
import type * as ast from '../syntax/ast.ts';
import { condition } from './conversion.ts';
import { typeExpression } from './expressions.ts';
import { conditional } from './operators.ts';
import { notComptime } from './queries.ts';
import type { Typing } from './state.ts';
import { failed, guarding, innerScope, isUnknown, warning } from './state.ts';
import { typeStatements } from './statements.ts';
import type { TypedExpression } from './typed.ts';

export function typeBlockValue(typing: Typing, block: ast.Block): TypedExpression {
  const inner = innerScope(typing);
  const { statements, ends } = typeStatements(inner, block.statements);
  if (!block.tail) {
    return failed(
      typing,
      'no-value',
      "Block has no value: its last expression must not end with ';'",
      block.range,
    );
  }
  if (ends) {
    warning(
      typing,
      'unreachable',
      'Unreachable expression; block type is implicitly none.',
      block.tail.range,
    );
    return failed(typing, 'no-value', "Value 'none' cannot be used in an expression", block.range);
  }
  const value = typeExpression(inner, block.tail);
  if (statements.length === 0 || isUnknown(value.type)) return value;
  return { kind: 'block-value', type: value.type, statements, value, range: block.range };
}

export function typeIfValue(typing: Typing, node: ast.If): TypedExpression {
  const { test, guarded } = guarding(typing, () =>
    condition(typing, typeExpression(typing, node.condition)),
  );
  const literal = test.kind === 'int' && !isUnknown(test.type);
  if (node.comptime && !literal && !isUnknown(test.type)) {
    notComptime(typing, node.condition.range);
  }
  if (!node.else) {
    return failed(
      typing,
      'missing-else',
      'An if that is used as a value needs an else',
      node.range,
    );
  }
  if (literal) return branch(typing, test.value !== 0n ? node.then : node.else);
  const then = branch(guarded, node.then);
  const otherwise = branch(guarded, node.else);
  return conditional(typing, test, then, otherwise, node.range);
}

function branch(typing: Typing, node: ast.Block | ast.If): TypedExpression {
  return node.kind === 'if' ? typeIfValue(typing, node) : typeBlockValue(typing, node);
}
