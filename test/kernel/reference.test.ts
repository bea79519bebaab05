/**
 * The examples of docs/builtins, run: what they print is of the kind that the pages show. `npm run docs -- --run`
 * writes down what they print.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { ENTRIES, recorded } from '../../compiler/reference/entries.ts';
import { OUTPUTS } from '../../compiler/reference/outputs.ts';
import { kindsOf, outputOf } from '../support/examples.ts';
import { needs } from '../support/needs.ts';

const recording = process.env.BPFSCRIPT_RECORD !== undefined;
const runnable = ENTRIES.filter(({ entry }) => entry.needs === undefined);

needs('root').describe('the example of', () => {
  const outputs: Record<string, string> = {};

  it.each(runnable)('$id prints what its page shows', async ({ id, entry }) => {
    const output = await outputOf(entry);
    outputs[id] = output;
    if (!recording) expect(kindsOf(output)).toEqual(kindsOf(OUTPUTS[id] ?? 'nothing recorded'));
  });

  afterAll(() => {
    if (recording) writeFileSync('compiler/reference/outputs.ts', recorded(outputs));
  });
});
