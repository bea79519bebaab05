/** Records of an object by their places. */

/** Of records that are sorted by `offset`, those from `start` on and before `end`. */
export function within<Kind extends { readonly offset: number }>(
  sorted: readonly Kind[],
  start: number,
  end: number,
): readonly Kind[] {
  return sorted.slice(firstFrom(sorted, start), firstFrom(sorted, end));
}

/** The number of records before a place. */
export function firstFrom(sorted: readonly { readonly offset: number }[], place: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle]?.offset ?? place) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}
