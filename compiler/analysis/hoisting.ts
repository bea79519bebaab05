/** Where a variable has to be declared to be there behind the block that first assigns it. */
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { someNode } from '../syntax/walk.ts';

/** What a walk over the tree looks at. */
interface Visited {
  readonly kind?: unknown;
  readonly range?: Range;
}

const within = (inner: Range, outer: Range): boolean =>
  outer.start <= inner.start && inner.end <= outer.end;

/**
 * The statement before which `let NAME;` makes the variable that is read at `use` the one of all assignments before it:
 * the offset of its beginning. Undefined where some block declares a variable of that name for itself.
 */
export function declarationPlace(
  items: readonly ast.RootItem[],
  name: string,
  use: Range,
): number | undefined {
  const item = items.find(({ range }) => within(use, range));
  if (!item) return undefined;
  const assigned: Range[] = [];
  const blocks: ast.Block[] = [];
  const declared = someNode(item, (node: Visited) => {
    if (isBlock(node) && within(use, node.range)) blocks.push(node);
    if (isAssignment(node, name) && node.range.start < use.start) assigned.push(node.range);
    return isDeclaration(node, name);
  });
  if (declared || assigned.length === 0) return undefined;
  // The innermost block around the use that has all assignments in it.
  const around = blocks
    .filter((block) => assigned.every((range) => within(range, block.range)))
    .sort((left, right) => right.range.start - left.range.start)[0];
  return around?.statements.find((statement) =>
    assigned.some((range) => within(range, statement.range)),
  )?.range.start;
}

function isBlock(node: Visited): node is ast.Block {
  return node.kind === 'block';
}

function isAssignment(node: Visited, name: string): node is ast.Assign {
  const target = (node as Partial<ast.Assign>).target;
  return node.kind === 'assign' && target?.kind === 'variable' && target.name === name;
}

function isDeclaration(node: Visited, name: string): boolean {
  const variable = (node as Partial<ast.Let>).variable;
  return (node.kind === 'let' || node.kind === 'for') && variable?.name === name;
}
