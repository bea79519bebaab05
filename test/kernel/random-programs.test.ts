/** Random programs beside an oracle: control flow, integers, strings and maps. A failure shows seed and text. */
import { describe, expect, it } from 'vitest';
import { randomProgram } from '../support/programs.ts';
import { canRun, run } from '../support/run.ts';

const BATCH = 10;
const BATCHES = 20;
const INPUT = 5;

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

describe.runIf(canRun)('Random programs', () => {
  it.each(Array.from({ length: BATCHES }, (_, batch) => batch))(
    'print what the language says, in batch %d',
    async (batch) => {
      const seeds = Array.from({ length: BATCH }, (_, index) => 1 + batch * BATCH + index);
      // Every other one is a function, so that its `return` leaves that alone.
      const script = seeds
        .map((seed) => {
          const body = randomProgram(seed)
            .body.replaceAll('NAME', `${seed}_`)
            .replace('INPUT', '$1');
          return seed % 2 === 0
            ? `begin { printf("\\n<${seed}>");\n${body} }`
            : `fn f${seed}() : void { ${body} }\nbegin { printf("\\n<${seed}>"); f${seed}(); }`;
        })
        .join('\n');
      const result = await run(script, { signal: 'none', parameters: [String(INPUT)] });
      expect(result.status, `${result.stderr}\n${script}`).toBe(0);
      const got = seeds.map((seed) => ({
        seed,
        printed: new RegExp(`^<${seed}>(.*)$`, 'm').exec(result.stdout)?.[1],
        numbers: dumped(result.stdout, `@n${seed}_`),
        texts: dumped(result.stdout, `@t${seed}_`),
      }));
      const wanted = seeds.map((seed) => {
        const { printed, byNumber, byText } = randomProgram(seed).expect(BigInt(INPUT));
        return { seed, printed, numbers: lines(byNumber), texts: lines(byText) };
      });
      expect(got).toEqual(wanted);
    },
  );
});
