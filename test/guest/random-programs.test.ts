/** Random programs beside an oracle on Linux 6.1, whose verifier knows less of loops than later ones. */

import { setImmediate } from 'node:timers/promises';
import { beforeAll, describe } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { type GuestResult, runInGuest } from '../support/guest.ts';
import { hasKernel } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { batchScript, expectBatch, INPUT } from '../support/random-batches.ts';

const SERIES = '6.1';
/**
 * Batch 6 is left out: this kernel refuses it, with a message. Its verifier takes no loop that is closed by falling
 * through (kernel/bpf/verifier.c, visit_insn), and a rare order of blocks has one.
 */
const BATCHES = Array.from({ length: 20 }, (_, batch) => batch).filter((batch) => batch !== 6);

describe(`Random programs on Linux ${SERIES}`, () => {
  const folder = temporaryFolder();
  const results = new Map<number, GuestResult>();

  beforeAll(async () => {
    if (!hasKernel(SERIES)) return;
    for (const batch of BATCHES) {
      writeObject(folder, `batch${batch}`, batchScript(batch));
      // The test runner has to hear from this process.
      await setImmediate();
    }
    const commands = BATCHES.map((batch) => ({
      object: `batch${batch}.o`,
      parameters: String(INPUT),
      endsItself: true,
    }));
    (await runInGuest(SERIES, folder, commands)).forEach((result, index) => {
      results.set(BATCHES[index] ?? -1, result);
    });
  }, 900_000);

  needs(`Linux ${SERIES}`).it.each(BATCHES)(
    'print what the language says, in batch %d',
    (batch) => {
      const result = results.get(batch);
      if (!result) throw new Error('the guest gave no result');
      expectBatch(batch, result);
    },
  );
});
