/** Mutants that change nothing that anybody could see. They count neither as noticed nor as survivors. */
export interface Mutant {
  readonly file: string;
  readonly was: string;
  readonly became: string;
}

/** File, what stands there, what the mutant has, and why that is the same. */
const EQUIVALENT: readonly (readonly [file: string, was: string, became: string, why: string])[] =
  [];

const short = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

const KEYS = new Set(EQUIVALENT.map(([file, was, became]) => JSON.stringify([file, was, became])));

export const isEquivalent = ({ file, was, became }: Mutant): boolean =>
  KEYS.has(JSON.stringify([file, short(was), short(became)])) || returnsZero(was, became);

/** `return 0 * (false)` is what it was. */
const returnsZero = (was: string, became: string): boolean =>
  /\breturn (?:false|STATUS_OK);/.test(was) && /0 \* \((?:false|STATUS_OK)\)/.test(became);
