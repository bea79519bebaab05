/** The memory of a kernel or a module as it is when it has been loaded, read by addresses. */

export interface Segment {
  readonly start: bigint;
  readonly data: Buffer;
}

export interface Memory {
  readonly segments: readonly Segment[];
  /** undefined where there is nothing of that size. */
  at(address: bigint, size: number): Buffer | undefined;
  u32(address: bigint): number | undefined;
  u64(address: bigint): bigint | undefined;
  /** The text that ends at a NUL; undefined where there is none, or it has no end nearby. */
  text(address: bigint): string | undefined;
}

/** No name or declaration in a kernel is longer. */
const LONGEST_TEXT = 4096;

export function createMemory(segments: readonly Segment[]): Memory {
  const at = (address: bigint, size: number): Buffer | undefined => {
    const found = segments.find(
      ({ start, data }) => address >= start && address - start + BigInt(size) <= data.length,
    );
    if (!found) return undefined;
    const offset = Number(address - found.start);
    return found.data.subarray(offset, offset + size);
  };
  return {
    segments,
    at,
    u32: (address) => at(address, 4)?.readUInt32LE(0),
    u64: (address) => at(address, 8)?.readBigUInt64LE(0),
    text(address) {
      const found = segments.find(
        ({ start, data }) => address >= start && address - start < data.length,
      );
      if (!found) return undefined;
      const offset = Number(address - found.start);
      const end = found.data.indexOf(0, offset);
      if (end === -1 || end - offset > LONGEST_TEXT) return undefined;
      return found.data.toString('latin1', offset, end);
    },
  };
}
