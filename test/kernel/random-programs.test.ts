/** Random programs beside an oracle: control flow, integers, strings and maps. A failure shows seed and text. */
import { describe, it } from 'vitest';
import { batchScript, expectBatch, INPUT } from '../support/random-batches.ts';
import { canRun, run } from '../support/run.ts';

const BATCHES = 20;

describe.runIf(canRun)('Random programs', () => {
  it.each(Array.from({ length: BATCHES }, (_, batch) => batch))(
    'print what the language says, in batch %d',
    async (batch) => {
      const result = await run(batchScript(batch), {
        signal: 'none',
        parameters: [String(INPUT)],
      });
      expectBatch(batch, result);
    },
  );
});
