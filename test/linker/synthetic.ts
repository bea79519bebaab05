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

/** Types get the ids 1, 2, ... */
export function writeBtf(types: readonly SyntheticType[]): Buffer {
  const strings: string[] = [''];
  const offsetOf = (text: string): number => {
    let offset = 0;
    for (const known of strings) {
      if (known === text) return offset;
      offset += Buffer.byteLength(known) + 1;
    }
    strings.push(text);
    return offset;
  };
  const words = types.flatMap(({ name, kind, length, flag, sizeOrType, words: extra }) => [
    offsetOf(name ?? ''),
    ((flag ? 0x80000000 : 0) | (kind << 24) | (length ?? 0)) >>> 0,
    sizeOrType,
    ...(extra ?? []).map((word) => (typeof word === 'string' ? offsetOf(word) : word >>> 0)),
  ]);
  const text = Buffer.from(strings.map((string) => `${string}\0`).join(''));
  const bytes = Buffer.alloc(24 + words.length * 4 + text.length);
  bytes.writeUInt16LE(0xeb9f, 0);
  bytes.writeUInt8(1, 2);
  bytes.writeUInt32LE(24, 4);
  bytes.writeUInt32LE(0, 8);
  bytes.writeUInt32LE(words.length * 4, 12);
  bytes.writeUInt32LE(words.length * 4, 16);
  bytes.writeUInt32LE(text.length, 20);
  words.forEach((word, index) => {
    bytes.writeUInt32LE(word, 24 + index * 4);
  });
  text.copy(bytes, 24 + words.length * 4);
  return bytes;
}
