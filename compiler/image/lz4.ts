/** The frames of `lz4 -l`, which kernels are packed with (lib/decompress_unlz4.c). */

const MAGIC = 0x184c2102;
/** Bytes that one frame unpacks to, at most. */
const FRAME = 8 << 20;

/** Throws a RangeError for what is damaged or larger than `limit`. */
export function unpackLz4(bytes: Buffer, limit: number): Buffer {
  const parts: Buffer[] = [];
  const frame = Buffer.allocUnsafe(FRAME);
  let total = 0;
  let at = bytes.readUInt32LE(0) === MAGIC ? 4 : 0;
  while (at + 4 <= bytes.length) {
    const size = bytes.readUInt32LE(at);
    at += 4;
    if (size === MAGIC) continue;
    // Behind the last frame stands the size of the whole, which a frame never is.
    if (size === 0 || at + size > bytes.length) break;
    const length = unpackBlock(bytes.subarray(at, at + size), frame);
    total += length;
    if (total > limit) throw new RangeError('it is too large');
    parts.push(Buffer.from(frame.subarray(0, length)));
    at += size;
  }
  return Buffer.concat(parts);
}

/** Literals and matches of what was written before, until the block ends. Gives how many bytes they are. */
function unpackBlock(block: Buffer, out: Buffer): number {
  let at = 0;
  let to = 0;
  const byte = (): number => {
    const value = block[at];
    if (value === undefined) throw new RangeError('a block is cut off');
    at += 1;
    return value;
  };
  const lengthFrom = (start: number): number => {
    let length = start;
    if (start === 15)
      for (let more = 255; more === 255; length += more) {
        more = byte();
      }
    return length;
  };
  while (at < block.length) {
    const token = byte();
    const literals = lengthFrom(token >>> 4);
    if (at + literals > block.length || to + literals > FRAME)
      throw new RangeError('literals reach beyond the block');
    block.copy(out, to, at, at + literals);
    at += literals;
    to += literals;
    if (at >= block.length) break;
    const distance = byte() | (byte() << 8);
    const length = lengthFrom(token & 15) + 4;
    if (distance === 0 || distance > to || to + length > FRAME)
      throw new RangeError('a match reaches beyond the block');
    // A match may overlap what it writes.
    for (let end = to + length; to < end; to += 1) out[to] = out[to - distance] ?? 0;
  }
  return to;
}
