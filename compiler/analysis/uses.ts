/** What a block mentions, before it is typed. */
import type * as ast from '../syntax/ast.ts';

/** The block or predicate of a probe says `args`, so that each event needs a copy typed for it. */
export function mentionsArgs(probe: ast.Probe): boolean {
  return (
    mentions(probe.body, 'args') || (probe.predicate ? mentions(probe.predicate, 'args') : false)
  );
}

/** Some statement of the program stores into the map. */
export function assignsMap(program: ast.Program, name: string): boolean {
  return some(program.items, (node) => {
    if (!('kind' in node) || !('target' in node)) return false;
    if (node.kind !== 'assign' && node.kind !== 'inc-dec') return false;
    const { target } = node;
    return (
      typeof target === 'object' && target !== null && 'name' in target && target.name === name
    );
  });
}

function mentions(node: unknown, name: string): boolean {
  return some(
    node,
    (part) => 'kind' in part && part.kind === 'identifier' && 'name' in part && part.name === name,
  );
}

/** Walks any part of the tree: nodes are plain data, so their fields are all there is to visit. */
function some(node: unknown, test: (node: object) => boolean): boolean {
  if (Array.isArray(node)) return node.some((element) => some(element, test));
  if (typeof node !== 'object' || node === null) return false;
  return test(node) || Object.values(node).some((value) => some(value, test));
}
