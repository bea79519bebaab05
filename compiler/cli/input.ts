/** Files that users name. */
import { closeSync, openSync, readSync } from 'node:fs';
import { reasonOf, UserError } from './errors.ts';
import { EXIT } from './status.ts';

/** No script and no object is so large, but devices have no end. */
export const LARGEST_INPUT = 64 << 20;
const PIECE = 1 << 20;

/** The bytes of a file, or of an open descriptor. Throws what reading throws, and an Error where there is no end of it. */
export function readWhole(file: string | number): Buffer {
  const descriptor = typeof file === 'number' ? file : openSync(file, 'r');
  try {
    const pieces: Buffer[] = [];
    for (let size = 0; size <= LARGEST_INPUT; ) {
      const piece = Buffer.alloc(PIECE);
      const count = readSync(descriptor, piece, 0, PIECE, null);
      if (count === 0) return Buffer.concat(pieces);
      pieces.push(piece.subarray(0, count));
      size += count;
    }
    throw new Error(`it has more than ${LARGEST_INPUT >> 20} MiB`);
  } finally {
    if (typeof file === 'string') closeSync(descriptor);
  }
}

/** Throws a UserError where it cannot be read. */
export function readInput(file: string): Uint8Array {
  try {
    return readWhole(file);
  } catch (error) {
    throw new UserError(`cannot read ${file}: ${reasonOf(error)}`);
  }
}

/** What to say of a file that holds no object, or one that makes no sense. */
export function noObject(file: string, error: unknown): UserError {
  return new UserError(`${file} is not an object of bpfscript: ${reasonOf(error)}`, {
    status: EXIT.object,
  });
}
