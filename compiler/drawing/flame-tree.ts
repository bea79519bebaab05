/** Stacks as one tree: what a flame graph shows. */
import { FRAME_KINDS, type Frame, type Problem, type Stack } from './findings.ts';

/** Memory and time of readers, ours and the browser's. */
export const MOST_NODES = 2_000_000;

/**
 * The tree in preorder, the root (all stacks) first; a child of node N has one more depth. Children of a node stand in
 * the order of their names.
 */
export interface FlameTree {
  /** Each once: name, and index into FRAME_KINDS. */
  readonly frames: readonly (readonly [name: string, kind: number])[];
  /** Index into `frames` for each node. */
  readonly frame: readonly number[];
  readonly depth: readonly number[];
  /** How often the node was in a stack. */
  readonly count: readonly number[];
  /** The same of the input to compare with. */
  readonly before?: readonly number[];
}

interface Node {
  readonly frame: number;
  count: number;
  before: number;
  /** Most nodes have one child, or none. */
  children?: Map<number, Node>;
}

const ROOT: Frame = { name: 'all', kind: 'part' };

export function flameTree(
  stacks: readonly Stack[],
  before?: readonly Stack[],
): FlameTree | Problem {
  const indexes = new Map<string, number>();
  const frames: (readonly [string, number])[] = [];
  const indexOf = ({ name, kind }: Frame): number => {
    const key = `${kind};${name}`;
    const known = indexes.get(key);
    if (known !== undefined) return known;
    indexes.set(key, frames.length);
    frames.push([name, FRAME_KINDS.indexOf(kind)]);
    return frames.length - 1;
  };
  const root: Node = { frame: indexOf(ROOT), count: 0, before: 0 };
  let nodes = 1;
  for (const [list, member] of [
    [stacks, 'count'],
    [before ?? [], 'before'],
  ] as const) {
    for (const stack of list) {
      const { line } = stack;
      if (stack.count < 0)
        return { line, problem: 'the number of a stack is negative: it has no width' };
      root[member] += stack.count;
      if (!Number.isSafeInteger(root[member]))
        return {
          line,
          problem: 'the numbers add up to more than 2^53: divide them (`print(@, 0, 1000)`)',
        };
      let node = root;
      for (const frame of stack.frames) {
        const index = indexOf(frame);
        node.children ??= new Map();
        let child = node.children.get(index);
        if (!child) {
          nodes += 1;
          if (nodes > MOST_NODES)
            return { line, problem: `the stacks make a tree of more than ${MOST_NODES} nodes` };
          child = { frame: index, count: 0, before: 0 };
          node.children.set(index, child);
        }
        child[member] += stack.count;
        node = child;
      }
    }
  }
  if (root.count === 0) return { problem: 'there are no stacks to draw' };
  return flattened(root, frames, before !== undefined);
}

function flattened(
  root: Node,
  frames: readonly (readonly [string, number])[],
  compares: boolean,
): FlameTree {
  const rank = new Map(
    frames
      .map((frame, index) => ({ index, text: frame[0] }))
      .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : a.index - b.index))
      .map(({ index }, place) => [index, place]),
  );
  const order = (node: Node): number => rank.get(node.frame) ?? 0;
  const frame: number[] = [];
  const depth: number[] = [];
  const count: number[] = [];
  const before: number[] = [];
  const waiting: { readonly node: Node; readonly depth: number }[] = [{ node: root, depth: 0 }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { node } = next;
    frame.push(node.frame);
    depth.push(next.depth);
    count.push(node.count);
    before.push(node.before);
    const children = [...(node.children?.values() ?? [])].sort((a, b) => order(b) - order(a));
    for (const child of children) waiting.push({ node: child, depth: next.depth + 1 });
  }
  return { frames, frame, depth, count, ...(compares ? { before } : {}) };
}
