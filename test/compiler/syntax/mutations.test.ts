/** Damaged scripts: the parser answers with a tree or with diagnostics, and never throws. */
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { printDiagnostic } from '../../../compiler/source/render/text.ts';
import { createSources } from '../../../compiler/source/sources.ts';
import { parse } from '../../../compiler/syntax/parse.ts';
import { createRandom, rounds } from '../../support/random.ts';
import { damaged } from './damage.ts';

/** What is wrong with the parser's answer; undefined when all is well. */
function objection(text: string): string | undefined {
  const diagnostics = new Diagnostics();
  const tree = parse({ name: 'damaged.bt', text }, diagnostics);
  if ((tree !== undefined) !== (diagnostics.all.length === 0))
    return 'neither a tree nor diagnostics, or both';
  for (const { range, message } of diagnostics.all) {
    if (!message.startsWith('syntax: ')) return `a message of another kind: ${message}`;
    const { start, end } = range ?? { start: -1, end: -1 };
    if (start < 0 || start > end || end > text.length) return `a place outside: ${start}-${end}`;
  }
  return undefined;
}

it('gives a tree or diagnostics with good places for 25,000 damaged scripts', async () => {
  const random = createRandom(20260801);
  const wrong: string[] = [];
  for (let round = 0; round < rounds(25_000); round += 1) {
    const text = damaged(round, random);
    const found = objection(text);
    if (found !== undefined) wrong.push(`${found}\n${text}`);
    // The test runner has to hear from this process.
    if (round % 1000 === 0) await setImmediate();
  }
  expect(wrong).toEqual([]);
}, 240_000);

it('gives trees of some damaged scripts, and shows the errors of the others', () => {
  const random = createRandom(7);
  const outcome = { trees: 0, errors: 0 };
  for (let round = 0; round < 1000; round += 1) {
    const source = { name: 'damaged.bt', text: damaged(round, random) };
    const diagnostics = new Diagnostics();
    const tree = parse(source, diagnostics);
    for (const diagnostic of diagnostics.all)
      expect(
        printDiagnostic(diagnostic, createSources(source), { color: false }),
        source.text,
      ).toMatch(/^damaged\.bt:\d+/);
    outcome[tree ? 'trees' : 'errors'] += 1;
  }
  // Both happen, or the mutations prove nothing.
  expect(outcome.trees).toBeGreaterThan(25);
  expect(outcome.errors).toBeGreaterThan(500);
});
