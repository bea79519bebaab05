/** What a block mentions, before it is typed. */
import { type CMacros, NO_MACROS } from '../preamble/macros.ts';
import type { Range } from '../source/source.ts';
import type * as ast from '../syntax/ast.ts';
import { someNode } from '../syntax/walk.ts';

/** Whether the block or predicate of a probe says such a name. */
export function mentionsName(
  probe: ast.Probe,
  isSuch: (name: string) => boolean,
  macros: CMacros,
): boolean {
  return mentions([probe.body, probe.predicate], isSuch, macros);
}

/** The same of a part of the tree; also what is called. */
export function mentionsNameIn(
  part: unknown,
  isSuch: (name: string) => boolean,
  macros: CMacros,
): boolean {
  return (
    mentions(part, isSuch, macros) ||
    someNode(
      part,
      (node) =>
        'kind' in node && node.kind === 'call' && 'name' in node && isSuch(String(node.name)),
    )
  );
}

/** Some statement of the program stores into the map. */
export function assignsMap(program: ast.Program, name: string): boolean {
  return someNode(program.items, (node) => {
    if (!('kind' in node) || !('target' in node)) return false;
    if (node.kind !== 'assign' && node.kind !== 'inc-dec') return false;
    const { target } = node;
    return (
      typeof target === 'object' && target !== null && 'name' in target && target.name === name
    );
  });
}

/** Where the program mentions a map first. */
export function firstUse(program: ast.Program, name: string): Range | undefined {
  let first: Range | undefined;
  someNode(program.items, (node) => {
    if (!isMap(node) || node.name !== name) return false;
    if (!first || node.range.start < first.start) first = node.range;
    return false;
  });
  return first;
}

function isMap(node: object): node is ast.MapExpression {
  return 'kind' in node && node.kind === 'map' && 'range' in node && 'name' in node;
}

/** Also by a macro of C; their replacements are complete, so that none is looked at twice. */
function mentions(node: unknown, isSuch: (name: string) => boolean, macros: CMacros): boolean {
  return someNode(node, (part) => {
    if (!('kind' in part) || part.kind !== 'identifier' || !('name' in part)) return false;
    if (isSuch(String(part.name))) return true;
    const use = macros.expand(String(part.name), { start: 0, end: 0 });
    return use?.kind === 'expression' && mentions(use.expression, isSuch, NO_MACROS);
  });
}
