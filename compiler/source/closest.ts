/** Names that a misspelt one may have meant. */
import { type Advice, replacing } from './advice.ts';
import type { Range } from './source.ts';

const MOST = 3;

/**
 * The names nearest to `wanted`, nearest first. None differs in more than a third of its letters, nor much more
 * than the nearest does.
 */
export function closest(wanted: string, names: Iterable<string>): readonly string[] {
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  const near: { readonly name: string; readonly distance: number }[] = [];
  for (const name of new Set(names)) {
    const distance = editDistance(wanted.toLowerCase(), name.toLowerCase(), limit + 1);
    if (distance <= limit) near.push({ name, distance });
  }
  // Swapped letters are more likely than a missing one.
  const change = (name: string): number => Math.abs(name.length - wanted.length);
  near.sort(
    (a, b) =>
      a.distance - b.distance || change(a.name) - change(b.name) || (a.name < b.name ? -1 : 1),
  );
  const best = near[0]?.distance ?? 0;
  return near
    .filter(({ distance }) => distance <= best * 1.5)
    .slice(0, MOST)
    .map(({ name }) => name);
}

/**
 * `Did you mean ...?`, to be spread into a diagnostic: empty where nothing is near. The fixes put a name in the place
 * of the wrong one, which `range` has to be; it may be written in another way (`old`).
 */
export function didYouMean(
  wanted: string,
  names: Iterable<string>,
  range: Range,
  old: string = wanted,
): readonly Advice[] {
  const near = closest(wanted, names);
  return near.length === 0 ? [] : [replacing(meaning(near), range, old, ...near)];
}

/** The same as a sentence, for what stands in no script. */
export function meaning(near: readonly string[]): string {
  return `Did you mean ${near.map((name) => `'${name}'`).join(' or ')}?`;
}

/** Insertions, deletions, substitutions and swaps of neighbours from one to the other; `limit` or more is just that. */
function editDistance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) >= limit) return limit;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const substitution = (previous[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      let cost = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, substitution);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        cost = Math.min(cost, (beforePrevious[j - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[to.length] ?? limit;
}
