/** The memory of interpreted programs: pieces with bounds of their own, at addresses that no two of them share. */
export interface Memory {
  /** The address of a new piece, which is these bytes. Helpers for another space than its own find nothing there. */
  add(bytes: Uint8Array, space?: 'kernel' | 'user'): bigint;
  /** The address of a new piece of which nothing may be read before it was written: a stack. */
  addUnwritten(size: number): bigint;
  /** Where the lowest byte is of an unwritten piece that was touched, from its start; its size where none was. */
  lowest(address: bigint): number;
  /** As instructions do it: at a multiple of the width, which verifiers want of stacks and some machines of all. */
  load(address: bigint, width: number): bigint;
  store(address: bigint, width: number, value: bigint): void;
  /** A view of memory that is there and was written. Throws elsewhere. */
  bytes(address: bigint, size: number): Uint8Array;
  /** A view of memory that is there and is about to be written. */
  room(address: bigint, size: number): Uint8Array;
  /** Whether all of it is there, and may be read by helpers for that space. */
  has(address: bigint, size: number, space?: 'kernel' | 'user'): boolean;
}

interface Piece {
  readonly bytes: Uint8Array;
  readonly space: 'kernel' | 'user' | undefined;
  /** Of what has to be written before it is read. */
  readonly written?: Uint8Array;
  lowest: number;
}

export function createMemory(): Memory {
  const pieces: Piece[] = [{ bytes: new Uint8Array(), space: undefined, lowest: 0 }];
  const find = (address: bigint, size: number): readonly [Piece, number] | undefined => {
    const at = Number(address & 0xffff_ffffn);
    const piece = pieces[Number(BigInt.asUintN(64, address) >> 32n)];
    return piece && at + size <= piece.bytes.length ? [piece, at] : undefined;
  };
  const view = (address: bigint, size: number, writes: boolean): Uint8Array => {
    const found = find(address, size);
    if (!found) throw new Error(`no memory of ${size} bytes at 0x${address.toString(16)}`);
    const [piece, at] = found;
    const { bytes, written } = piece;
    if (written) {
      piece.lowest = Math.min(piece.lowest, at);
      const own = written.subarray(at, at + size);
      if (writes) own.fill(1);
      else if (own.includes(0))
        throw new Error(`of ${size} bytes at 0x${address.toString(16)} some were not written`);
    }
    return bytes.subarray(at, at + size);
  };
  const add = (piece: Piece): bigint => {
    pieces.push(piece);
    return BigInt(pieces.length - 1) << 32n;
  };
  const aligned = (address: bigint, width: number): bigint => {
    if (address % BigInt(width) !== 0n)
      throw new Error(`${width} bytes at 0x${address.toString(16)} are not aligned`);
    return address;
  };
  return {
    add: (bytes, space) => add({ bytes, space, lowest: 0 }),
    addUnwritten: (size) =>
      add({
        bytes: new Uint8Array(size).fill(0xa5),
        space: undefined,
        written: new Uint8Array(size),
        lowest: size,
      }),
    lowest: (address) => find(address, 0)?.[0].lowest ?? 0,
    load(address, width) {
      let value = 0n;
      for (const byte of view(aligned(address, width), width, false).toReversed())
        value = (value << 8n) | BigInt(byte);
      return value;
    },
    store(address, width, value) {
      const piece = view(aligned(address, width), width, true);
      let rest = BigInt.asUintN(width * 8, value);
      for (let at = 0; at < width; at += 1, rest >>= 8n) piece[at] = Number(rest & 255n);
    },
    bytes: (address, size) => view(address, size, false),
    room: (address, size) => view(address, size, true),
    has(address, size, space) {
      const found = find(address, size);
      if (!found) return false;
      const [piece] = found;
      return space === undefined || piece.space === undefined || piece.space === space;
    },
  };
}
