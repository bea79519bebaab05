/** Which functions go to LLVM as one text. */
import { describe, expect, it } from 'vitest';
import type { DeclaredFunction } from '../../../compiler/llvm/declarations.ts';
import { createDivision } from '../../../compiler/llvm/division.ts';

/** More than half of what fills a part, and more than all. */
const [LARGE, HUGE] = [50_000, 100_000];

function divide(...sizes: readonly (number | readonly number[])[]) {
  const early: string[][] = [];
  const names = ({ functions }: { readonly functions: ReadonlySet<DeclaredFunction> }) =>
    [...functions].map(({ symbol }) => symbol);
  const division = createDivision((part) => early.push(names(part)));
  let count = 0;
  for (const together of sizes) {
    for (const size of [together].flat()) {
      const references = { symbols: [`s${count}`], callees: [], primitives: [] };
      division.add({ kind: 'program', symbol: `f${count}` }, size, references);
      count += 1;
    }
    division.settle();
  }
  const parts = division.finish();
  return { early, parts: parts.map(names), symbols: parts.map(({ symbols }) => [...symbols]) };
}

describe('a division', () => {
  it('has one part, which nobody is told of, while there is little', () => {
    expect(divide()).toEqual({ early: [], parts: [[]], symbols: [[]] });
    expect(divide(10, 20, 30)).toMatchObject({ early: [], parts: [['f0', 'f1', 'f2']] });
    expect(divide(HUGE)).toMatchObject({ early: [], parts: [['f0']] });
  });

  it('begins a part with the first function after one is full, and tells of the full one', () => {
    expect(divide(LARGE, LARGE, 1, 1)).toEqual({
      early: [['f0', 'f1']],
      parts: [
        ['f0', 'f1'],
        ['f2', 'f3'],
      ],
      symbols: [
        ['s0', 's1'],
        ['s2', 's3'],
      ],
    });
    expect(divide(HUGE, HUGE, HUGE)).toMatchObject({
      early: [['f0'], ['f1']],
      parts: [['f0'], ['f1'], ['f2']],
    });
  });

  it('leaves functions together that are made inside of each other', () => {
    expect(divide(HUGE, [HUGE, HUGE, HUGE])).toMatchObject({
      early: [['f0']],
      parts: [['f0'], ['f1', 'f2', 'f3']],
    });
  });

  it('does not end a part for what has no code', () => {
    expect(divide(HUGE, [], [])).toMatchObject({ early: [], parts: [['f0']] });
  });
});
