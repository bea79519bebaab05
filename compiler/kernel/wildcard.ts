/** Patterns of attach points: `*` is any run of characters of a name. */

const RUN = '[^:\\t\\n]*';

/**
 * A pattern as the source of a regular expression. It has named groups that begin with `group`: two patterns in one
 * expression want two. Each part between two `*` is taken where it is found first, and never looked for again: what a
 * pattern takes grows with its length and the name's, and not with one as the power of the other.
 */
export function wildcardText(pattern: string, group = 'part'): string {
  const [first = '', ...parts] = pattern
    .split(/\*+/)
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const last = parts.pop();
  if (last === undefined) return first;
  // A look-ahead is not entered again once it is left, which makes it an atomic group.
  const middle = parts.map(
    (part, index) => `(?=(?<${group}${index}>${RUN}?${part}))\\k<${group}${index}>`,
  );
  return `${first}${middle.join('')}${RUN}${last}`;
}

/** Of whole names. */
export function wildcard(pattern: string): RegExp {
  return new RegExp(`^${wildcardText(pattern)}$`);
}
