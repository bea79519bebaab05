/** Files that users name. */
import { readFileSync } from 'node:fs';
import { reasonOf, UserError } from './errors.ts';
import { EXIT } from './status.ts';

/** Throws a UserError where it cannot be read. */
export function readInput(file: string): Uint8Array {
  try {
    return readFileSync(file);
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
