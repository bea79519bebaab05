/** Random programs beside an oracle: control flow, integers, strings and maps. A failure shows seed and text. */

import { it } from 'vitest';
import { needs } from '../support/needs.ts';
import { batchScript, expectBatch, INPUT } from '../support/random-batches.ts';
import { run } from '../support/run.ts';

const BATCHES = 20;

needs('root').describe('Random programs', () => {
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
