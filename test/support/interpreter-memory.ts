/** The memory of interpreted programs: pieces with bounds of their own, at addresses that no two of them share. */
export interface Memory {
  /** The address of a new piece, which is these bytes. */
  add(bytes: Uint8Array): bigint;
  load(address: bigint, width: number): bigint;
  store(address: bigint, width: number, value: bigint): void;
  /** A view of memory that is there. Throws elsewhere. */
  bytes(address: bigint, size: number): Uint8Array;
  /** Whether all of it is there. */
  has(address: bigint, size: number): boolean;
}

export function createMemory(): Memory {
  const pieces: Uint8Array[] = [new Uint8Array()];
  const find = (address: bigint, size: number): Uint8Array | undefined => {
    const at = Number(address & 0xffff_ffffn);
    const piece = pieces[Number(address >> 32n)];
    return piece && at + size <= piece.length ? piece.subarray(at, at + size) : undefined;
  };
  const bytes = (address: bigint, size: number): Uint8Array => {
    const found = find(BigInt.asUintN(64, address), size);
    if (!found) throw new Error(`no memory of ${size} bytes at 0x${address.toString(16)}`);
    return found;
  };
  return {
    add(piece) {
      pieces.push(piece);
      return BigInt(pieces.length - 1) << 32n;
    },
    load(address, width) {
      let value = 0n;
      for (const byte of bytes(address, width).toReversed()) value = (value << 8n) | BigInt(byte);
      return value;
    },
    store(address, width, value) {
      const piece = bytes(address, width);
      let rest = BigInt.asUintN(width * 8, value);
      for (let at = 0; at < width; at += 1, rest >>= 8n) piece[at] = Number(rest & 255n);
    },
    bytes,
    has: (address, size) => find(BigInt.asUintN(64, address), size) !== undefined,
  };
}
