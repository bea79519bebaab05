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

/** Whether a node of the part passes the test. Long chains of operators nest deep: this walk does not recurse. */
export function someNode(part: unknown, test: (node: RewrittenNode) => boolean): boolean {
  const waiting = [part];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (isNode(next) && test(next)) return true;
    for (const member of Object.values(next)) waiting.push(member);
  }
  return false;
}

function rewriteAny(part: unknown, rewriting: Rewriting): unknown {
  if (typeof part !== 'object' || part === null) return part;
  if (Array.isArray(part)) return rewriteList(part, rewriting);
  if (isRange(part)) return rewriting.move(part);
  return (isNode(part) ? rewriting.replace(part) : undefined) ?? rewriteMembers(part, rewriting);
}

function rewriteList(list: readonly unknown[], rewriting: Rewriting): readonly unknown[] {
  const elements: unknown[] = [];
  let changed = false;
  for (const element of list) {
    const next = rewriteAny(element, rewriting);
    changed ||= next !== element;
    elements.push(next);
  }
  return changed ? elements : list;
}

function rewriteMembers(part: object, rewriting: Rewriting): object {
  const members: Record<string, unknown> = {};
  let changed = false;
  for (const [name, value] of Object.entries(part)) {
    const next = rewriteAny(value, rewriting);
    changed ||= next !== value;
    members[name] = next;
  }
  return changed ? members : part;
}

/** Nodes have a kind and a place; what lacks one is a part of a node. */
function isNode(part: object): part is RewrittenNode {
  return 'kind' in part && 'range' in part;
}

function isRange(part: object): part is Range {
  return 'start' in part && 'end' in part && !('kind' in part);
}
