/** Random programs beside an oracle, in scripts of several: for this kernel and for guests. */
import { expect } from 'vitest';
import { randomProgram } from './programs.ts';

const BATCH = 10;
/** Value of `$1`. */
export const INPUT = 5;

/** Maps as lines `key: value`, in an order of their own. */
function lines(map: ReadonlyMap<bigint | string, bigint>): readonly string[] {
  return [...map].map(([key, value]) => `${key}: ${value}`).sort();
}

function dumped(text: string, map: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${map}[`))
    .map((line) => line.slice(map.length + 1).replace(/\](: -?\d+)$/, '$1'))
    .sort();
}

/** Seeds of a batch. */
export function seedsOf(batch: number): readonly number[] {
  return Array.from({ length: BATCH }, (_, index) => 1 + batch * BATCH + index);
}

/** The script of a batch. Every other program is a function, so that its `return` leaves that alone. */
export function batchScript(batch: number): string {
  return seedsOf(batch)
    .map((seed) => {
      const body = randomProgram(seed).body.replaceAll('NAME', `${seed}_`).replace('INPUT', '$1');
      return seed % 2 === 0
        ? `begin { printf("\\n<${seed}>");\n${body} }`
        : `fn f${seed}() : void { ${body} }\nbegin { printf("\\n<${seed}>"); f${seed}(); }`;
    })
    .join('\n');
}

/** Checks what a batch printed against the oracle; a failure shows the script. */
export function expectBatch(
  batch: number,
  result: { readonly stdout: string; readonly stderr: string; readonly status: number | null },
): void {
  expect(result.status, `${result.stderr}\n${batchScript(batch)}`).toBe(0);
  const got = seedsOf(batch).map((seed) => ({
    seed,
    printed: new RegExp(`^<${seed}>(.*)$`, 'm').exec(result.stdout)?.[1],
    numbers: dumped(result.stdout, `@n${seed}_`),
    texts: dumped(result.stdout, `@t${seed}_`),
  }));
  const wanted = seedsOf(batch).map((seed) => {
    const { printed, byNumber, byText } = randomProgram(seed).expect([BigInt(INPUT)]);
    return { seed, printed: printed[0], numbers: lines(byNumber), texts: lines(byText) };
  });
  expect(got).toEqual(wanted);
}
