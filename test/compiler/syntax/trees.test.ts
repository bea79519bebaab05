/** Copies of trees, and looks into them. */
import { describe, expect, it } from 'vitest';
import {
  moved,
  type Rewriting,
  rewrite,
  rewriteInside,
  someNode,
} from '../../../compiler/syntax/rewrite.ts';
import { someNode as someObject } from '../../../compiler/syntax/walk.ts';
import { expression } from './support.ts';

const stay: Rewriting = { replace: () => undefined, move: (range) => range };

describe('A tree', () => {
  const tree = expression('f($a, (1, $b), "x") + @m[$a]');

  it('is the same object where nothing changes, in whole and in parts', () => {
    expect(rewrite(tree, stay)).toBe(tree);
    expect(rewriteInside(tree, stay)).toBe(tree);
    expect(moved(tree, 0)).toBe(tree);
    const list = [tree];
    expect(rewrite(list, stay)).toBe(list);
  });

  it('keeps the parts that do not change where others do', () => {
    const other = expression('$c');
    const changed = rewrite(tree, {
      ...stay,
      replace: (node) => (node.kind === 'variable' && node.name === '$b' ? other : undefined),
    });
    expect(changed).not.toBe(tree);
    if (tree.kind !== 'binary' || changed.kind !== 'binary') throw new Error('no sum');
    expect(changed.right).toBe(tree.right);
    expect(changed.left).toMatchObject({
      args: [{ name: '$a' }, { elements: [{ value: 1n }, { name: '$c' }] }, { value: 'x' }],
    });
    expect(tree.left).toMatchObject({ args: [{}, { elements: [{}, { name: '$b' }] }, {}] });
  });

  it('is replaced as a whole, but not where only what it holds is asked for', () => {
    const other = expression('1');
    const all: Rewriting = { ...stay, replace: (node) => (node === tree ? other : undefined) };
    expect(rewrite(tree, all)).toBe(other);
    expect(rewriteInside(tree, all)).toBe(tree);
  });

  it('stands further on with all its places', () => {
    const text = 'f($a, (1, $b), "x") + @m[$a]';
    expect(moved(tree, 3)).toEqual(expression(`   ${text}`));
    expect(moved(expression(`   ${text}`), -3)).toEqual(tree);
  });

  it('is looked at until a node passes the test', () => {
    const named = (name: string) => (node: object) => 'name' in node && node.name === name;
    for (const some of [someNode, someObject]) {
      expect(some(tree, named('$b'))).toBe(true);
      expect(some([1, undefined, null, [tree]], named('@m'))).toBe(true);
      expect(some(tree, named('$z'))).toBe(false);
      expect(some(tree, (node) => node === tree)).toBe(true);
      expect(some('text', () => true)).toBe(false);
      expect(some(undefined, () => true)).toBe(false);
      expect(some(null, () => true)).toBe(false);
    }
    let looks = 0;
    const first = (): boolean => {
      looks += 1;
      return true;
    };
    expect([someNode(tree, first), someObject(tree, first), looks]).toEqual([true, true, 2]);
  });

  it('has nodes only where there is a kind and a place', () => {
    const seen: unknown[] = [];
    someNode([{ kind: 'x' }, { range: 1 }, { kind: 'y', range: { start: 0, end: 1 } }], (node) => {
      seen.push(node.kind);
      return false;
    });
    expect(seen).toEqual(['y']);
  });
});
