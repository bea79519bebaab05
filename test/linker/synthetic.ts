/** BTF written by hand, for what no kernel at hand has: type tags, old bitfields, circles. */

export interface SyntheticType {
  readonly name?: string;
  readonly kind: number;
  readonly length?: number;
  readonly flag?: boolean;
  readonly sizeOrType: number;
  /** What follows; strings stand for their offset. */
  readonly words?: readonly (number | string)[];
}

/** Types and their strings, behind those that are there already: texts, each with its NUL. */
export function wordsOf(
  types: readonly SyntheticType[],
  before: string,
): { readonly words: Buffer; readonly text: string } {
  let text = before;
  const offsets = new Map<string, number>([['', 0]]);
  const offsetOf = (name: string): number => {
    const known = offsets.get(name);
    if (known !== undefined) return known;
    const offset = text.length;
    offsets.set(name, offset);
    text += `${name}\0`;
    return offset;
  };
  const words = types.flatMap(({ name, kind, length, flag, sizeOrType, words: extra }) => [
    offsetOf(name ?? ''),
    ((flag ? 0x80000000 : 0) | (kind << 24) | (length ?? 0)) >>> 0,
    sizeOrType,
    ...(extra ?? []).map((word) => (typeof word === 'string' ? offsetOf(word) : word >>> 0)),
  ]);
  const bytes = Buffer.alloc(words.length * 4);
  words.forEach((word, index) => {
    bytes.writeUInt32LE(word, index * 4);
  });
  return { words: bytes, text };
}

/** Types get the ids 1, 2, ... */
export function writeBtf(types: readonly SyntheticType[]): Buffer {
  const { words, text } = wordsOf(types, '\0');
  const strings = Buffer.from(text, 'latin1');
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0x0001eb9f, 0);
  [24, 0, words.length, words.length, strings.length].forEach((word, index) => {
    header.writeUInt32LE(word, 4 + 4 * index);
  });
  return Buffer.concat([header, words, strings]);
}
