/** Names that a misspelt one may have meant. */

const MOST = 3;

/**
 * The names nearest to `wanted`, nearest first. None differs in more than a third of its letters, nor much more
 * than the nearest does.
 */
export function closest(wanted: string, names: Iterable<string>): readonly string[] {
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  const near: { readonly name: string; readonly distance: number }[] = [];
  for (const name of new Set(names)) {
    // The lengths alone tell most names apart.
    if (Math.abs(name.length - wanted.length) > limit) continue;
    const distance = editDistance(wanted.toLowerCase(), name.toLowerCase());
    if (distance <= limit) near.push({ name, distance });
  }
  near.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  const best = near[0]?.distance ?? 0;
  return near
    .filter(({ distance }) => distance <= best * 1.5)
    .slice(0, MOST)
    .map(({ name }) => name);
}

/** `Did you mean ...?` as a list of hints: empty where nothing is near. */
export function suggestion(wanted: string, names: Iterable<string>): readonly string[] {
  const near = closest(wanted, names);
  return near.length === 0 ? [] : [`Did you mean ${near.join(' or ')}?`];
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
