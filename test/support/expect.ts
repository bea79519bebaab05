/** Reading what scripts print. */

/** The lines `@name[key]: value` of a text as [key, value] pairs; scalars have the key ''. */
export function mapEntries(text: string, name: string): readonly (readonly [string, number])[] {
  const entries: [string, number][] = [];
  const pattern = new RegExp(`^${name.replace('@', '@')}(?:\\[(.*)\\])?: (-?\\d+)$`);
  for (const line of text.split('\n')) {
    const match = pattern.exec(line);
    if (match) entries.push([match[1] ?? '', Number(match[2])]);
  }
  return entries;
}

/** The value at a key of a printed map; undefined where it has none. */
export function mapValue(text: string, name: string, key = ''): number | undefined {
  return mapEntries(text, name).find(([entry]) => entry === key)?.[1];
}

export interface Bucket {
  readonly label: string;
  readonly count: number;
}

/** The rows of the histogram that follows `@name:` or `@name[key]:`. */
export function histogram(text: string, title: string): readonly Bucket[] {
  const lines = text.split('\n');
  const start = lines.indexOf(`${title}:`);
  const buckets: Bucket[] = [];
  for (const line of start === -1 ? [] : lines.slice(start + 1)) {
    const match = /^(\[.*[)\]]|\(.*\))\s+(\d+) \|/.exec(line);
    if (!match) break;
    buckets.push({ label: match[1] ?? '', count: Number(match[2]) });
  }
  return buckets;
}

export function total(buckets: readonly Bucket[]): number {
  return buckets.reduce((sum, bucket) => sum + bucket.count, 0);
}

/** Stack keys and their counts: `@[\n        frame\n ...]: 5`. */
export function stackEntries(
  text: string,
  name: string,
): readonly { readonly frames: readonly string[]; readonly count: number }[] {
  const entries: { frames: string[]; count: number }[] = [];
  const pattern = new RegExp(
    `^${name}\\[(?:[^\\n]*, )?\\n((?:        .*\\n)*)[^\\n]*\\]: (\\d+)$`,
    'gm',
  );
  for (const match of text.matchAll(pattern)) {
    entries.push({
      frames: (match[1] ?? '')
        .split('\n')
        .map((frame) => frame.trim())
        .filter(Boolean),
      count: Number(match[2]),
    });
  }
  return entries;
}
