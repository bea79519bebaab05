/** Numbers that look random and are the same in every run (mulberry32). */
export interface Random {
  /** An integer from 0 to `limit - 1`. */
  below(limit: number): number;
  pick<T>(choices: readonly [T, ...T[]]): T;
  /** True once in `times` calls. */
  oneIn(times: number): boolean;
}

export function createRandom(seed: number): Random {
  let state = seed;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
  return {
    below,
    pick: (choices) => choices[below(choices.length)] ?? choices[0],
    oneIn: (times) => below(times) === 0,
  };
}

const SHARE = Number(process.env.BPFSCRIPT_ROUNDS ?? 1);

/** How many of these random cases a test tries: all, or the share of them, above 0, that BPFSCRIPT_ROUNDS says. */
export function rounds(all: number): number {
  if (!(SHARE > 0 && SHARE <= 1)) throw new Error('BPFSCRIPT_ROUNDS is a share of 1, above 0');
  return Math.ceil(all * SHARE);
}
