/** What a block mentions, before it is typed. */
import type * as ast from '../syntax/ast.ts';

/** The block or predicate of a probe says `args`, so that each event needs a copy typed for it. */
export function mentionsArgs(probe: ast.Probe): boolean {
  return (
    mentions(probe.body, 'args') || (probe.predicate ? mentions(probe.predicate, 'args') : false)
  );
}

/** Walks any part of the tree: nodes are plain data, so their fields are all there is to visit. */
function mentions(node: unknown, name: string): boolean {
  if (Array.isArray(node)) return node.some((element) => mentions(element, name));
  if (typeof node !== 'object' || node === null) return false;
  if ('kind' in node && node.kind === 'identifier' && 'name' in node && node.name === name) {
    return true;
  }
  return Object.values(node).some((value) => mentions(value, name));
}
