/** What `workload_pattern` of the workload lays into memory: bytes that tell by their values where they stand. */
import type { Place } from './leaves.ts';

export const PATTERN_SIZE = 65536;

function byteAt(index: number): bigint {
  return BigInt(Math.imul(index, 0x9e3779b1) >>> 24);
}

/** What a program reads at that place of the pattern, as `(uint64)` prints it. */
export function patternAt({ bitOffset, bits, isSigned }: Place): bigint {
  const first = Math.floor(bitOffset / 8);
  let value = 0n;
  for (let byte = 0n; byte < 9n; byte += 1n) value |= byteAt(first + Number(byte)) << (byte * 8n);
  const cut = BigInt.asUintN(bits, value >> BigInt(bitOffset % 8));
  return BigInt.asUintN(64, isSigned ? BigInt.asIntN(bits, cut) : cut);
}
