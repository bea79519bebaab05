/** The digest that tells a damaged or changed object: SHA-256 of the file with the digest's own bytes zero. */
import { createHash } from 'node:crypto';

export const DIGEST_SECTION = '.bpfscript.sum';
export const DIGEST_SIZE = 32;

/** Digest of a file whose `.bpfscript.sum` stands at `offset`. */
export function digestOf(bytes: Uint8Array, offset: number): Uint8Array {
  return createHash('sha256')
    .update(bytes.subarray(0, offset))
    .update(new Uint8Array(DIGEST_SIZE))
    .update(bytes.subarray(offset + DIGEST_SIZE))
    .digest();
}
