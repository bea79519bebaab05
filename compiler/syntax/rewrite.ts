/** Trees from trees: nodes are plain data, so one walk knows all kinds of them. */
import type { Range } from '../source/source.ts';
import type * as ast from './ast.ts';

export type RewrittenNode = ast.Statement | ast.Expression | ast.TypeRef | ast.TypeArgument;

export interface Rewriting {
  /** What stands in for a node and all below it; undefined to go on inside. It has to fit where the node stood. */
  replace(node: RewrittenNode): RewrittenNode | undefined;
  move(range: Range): Range;
}

/** A copy of a part of a tree; the part itself where nothing in it changes. */
export function rewrite<T>(part: T, rewriting: Rewriting): T {
  return rewriteAny(part, rewriting) as T;
}

/** The same for what a node holds, without asking for the node itself. */
export function rewriteInside<T extends object>(node: T, rewriting: Rewriting): T {
  return rewriteMembers(node, rewriting) as T;
}

/** A tree whose places are `by` further on. */
export function moved<T>(part: T, by: number): T {
  if (by === 0) return part;
  return rewrite(part, {
    replace: () => undefined,
    move: ({ start, end }) => ({ start: start + by, end: end + by }),
  });
}

function rewriteAny(part: unknown, rewriting: Rewriting): unknown {
  if (typeof part !== 'object' || part === null) return part;
  if (Array.isArray(part)) {
    const elements = part.map((element) => rewriteAny(element, rewriting));
    return elements.some((element, index) => element !== part[index]) ? elements : part;
  }
  if (isRange(part)) return rewriting.move(part);
  // Nodes have a kind and a place; what lacks one is a part of a node.
  if ('kind' in part && 'range' in part) {
    const replacement = rewriting.replace(part as RewrittenNode);
    if (replacement) return replacement;
  }
  return rewriteMembers(part, rewriting);
}

function rewriteMembers(part: object, rewriting: Rewriting): object {
  let changed = false;
  const members = Object.entries(part).map(([name, value]) => {
    const next = rewriteAny(value, rewriting);
    changed ||= next !== value;
    return [name, next] as const;
  });
  return changed ? Object.fromEntries(members) : part;
}

function isRange(part: object): part is Range {
  return 'start' in part && 'end' in part && !('kind' in part);
}
