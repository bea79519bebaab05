/** How deep a tree is. The passes behind the parser recurse, so there is a deepest one that they are given. */
import type { Range } from '../source/source.ts';
import type { Program } from './ast.ts';

/** Nodes from a probe down to the deepest expression; tested with every construct that nests without brackets. */
const DEEPEST = 1000;

/**
 * A chain of `else if` takes several calls a link in each pass; the choice of a condition, and the number that the
 * result of a comparison is for the next one, are nodes of their own when types are known.
 */
const WEIGHTS: ReadonlyMap<unknown, number> = new Map([
  ['if', 5],
  ['ternary', 2],
]);
const COMPARISON = 2;
const COMPARISONS: ReadonlySet<unknown> = new Set(['==', '!=', '<', '<=', '>', '>=']);

interface Node {
  readonly kind: unknown;
  readonly operator?: unknown;
  readonly range: Range;
}

/** The first node that is too deep. Walks without recursion: nodes are plain data. */
export function tooDeepNode(program: Program): Range | undefined {
  const open: { readonly value: unknown; readonly depth: number }[] = [
    { value: program, depth: 0 },
  ];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, depth } = next;
    if (Array.isArray(value)) {
      for (const element of value) open.push({ value: element, depth });
    } else if (typeof value === 'object' && value !== null) {
      const inner = depth + (isNode(value) ? weightOf(value) : 0);
      if (inner > DEEPEST && isNode(value)) return value.range;
      for (const part of Object.values(value)) open.push({ value: part, depth: inner });
    }
  }
  return undefined;
}

function weightOf({ kind, operator }: Node): number {
  return COMPARISONS.has(operator) ? COMPARISON : (WEIGHTS.get(kind) ?? 1);
}

function isNode(value: object): value is Node {
  return 'kind' in value && 'range' in value;
}
