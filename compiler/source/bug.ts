/**
 * What is known of an exception that nobody expected: which pass it came out of, and what of the script that was at
 * work on. Noted beside the exception, which goes on as it is.
 */
import type { Range } from './source.ts';
import type { Sources } from './sources.ts';

export interface Circumstances {
  /** The pass, in words. */
  readonly stage?: string;
  /** Of the script: the innermost that is known. */
  readonly range?: Range;
  readonly sources?: Sources;
}

const known = new WeakMap<Error, Circumstances>();

export function circumstancesOf(error: unknown): Circumstances {
  return (error instanceof Error && known.get(error)) || {};
}

/** Runs a part of the compiler. Of an exception it notes what has not been noted further inside. */
export function during<Result>(circumstances: Circumstances, body: () => Result): Result {
  try {
    return body();
  } catch (error) {
    if (error instanceof Error) known.set(error, { ...circumstances, ...known.get(error) });
    throw error;
  }
}
