/**
 * Blocks where a value is wanted: a last `if` or block without `;` that has a value itself becomes the tail.
 * Elsewhere they stay statements, whose branches need not agree.
 */
import type { Block, If, Statement } from './ast.ts';

/** Statements that had a `;` of their own. */
type Terminated = Pick<WeakSet<Statement>, 'has'>;

export function blockAsValue(block: Block, terminated: Terminated): Block {
  const last = block.statements.at(-1);
  if (block.tail || !last || terminated.has(last)) return block;
  const tail = asValue(last, terminated);
  if (!tail || !hasValue(tail)) return block;
  return { ...block, statements: block.statements.slice(0, -1), tail };
}

export function ifAsValue(node: If, terminated: Terminated): If {
  const then = blockAsValue(node.then, terminated);
  if (!node.else) return { ...node, then };
  return {
    ...node,
    then,
    else:
      node.else.kind === 'if'
        ? ifAsValue(node.else, terminated)
        : blockAsValue(node.else, terminated),
  };
}

function asValue(statement: Statement, terminated: Terminated): Block | If | undefined {
  if (statement.kind === 'if') return ifAsValue(statement, terminated);
  return statement.kind === 'block' ? blockAsValue(statement, terminated) : undefined;
}

function hasValue(node: Block | If): boolean {
  if (node.kind === 'block') return node.tail !== undefined;
  return hasValue(node.then) && node.else !== undefined && hasValue(node.else);
}
