/** What holds for every script: nothing but white space changes, and a second run changes nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { parse } from '../../../compiler/syntax/parse.ts';
import { createRandom, rounds } from '../../support/random.ts';
import { damaged } from '../syntax/damage.ts';
import { anyProgram, spellOut, validProgram } from './programs.ts';
import { formatted, wording } from './support.ts';

const GENERATED = rounds(500);
const examples = readdirSync('examples').filter((name) => name.endsWith('.bt'));

function expectFaithful(text: string): void {
  const once = formatted(text);
  const [before, after] = [wording(text), wording(once)];
  expect(after.tokens, text).toEqual(before.tokens);
  expect(after.comments.toSorted(), text).toEqual(before.comments.toSorted());
  expect(formatted(once), text).toBe(once);
}

describe('formatting', () => {
  it('keeps tokens and comments and is stable for the examples [CLI-022]', () => {
    expect(examples.length).toBeGreaterThan(5);
    for (const name of examples) expectFaithful(readFileSync(`examples/${name}`, 'utf8'));
  });

  it('keeps long chains of else if', () => {
    const links = Array.from({ length: 300 }, (_, index) => `if ($x == ${index}) { @ = 1 }`);
    expectFaithful(`begin { $x = 1; ${links.join(' /* or */ else ')} else { @ = 7; } }`);
    expectFaithful(`begin { $x = 1; ${links.join(' else ')} }`);
  });

  it('keeps tokens and comments and is stable for generated scripts', () => {
    const random = createRandom(20_261_101);
    for (let count = 0; count < GENERATED; count += 1)
      expectFaithful(spellOut(anyProgram(random), random, count % 3 > 0));
  });

  it('keeps tokens and comments and is stable for damaged scripts that still parse', () => {
    const random = createRandom(41);
    let parsed = 0;
    for (let round = 0; round < rounds(6_000); round += 1) {
      const text = damaged(round, random);
      if (!parse({ name: 'damaged.bt', text }, new Diagnostics())) continue;
      expectFaithful(text);
      parsed += 1;
    }
    expect(parsed).toBeGreaterThan(rounds(120));
  });

  it('depends on tokens only where there are neither comments nor empty lines', () => {
    const random = createRandom(7);
    for (let count = 0; count < rounds(300); count += 1) {
      const tokens = validProgram(random);
      expect(formatted(tokens.join('\n'))).toBe(formatted(tokens.join(' ')));
    }
  });

  it('leaves no line with white space at its end', () => {
    const random = createRandom(99);
    for (let count = 0; count < rounds(300); count += 1)
      expect(
        formatted(spellOut(anyProgram(random), random, true).replaceAll(/#\w+.*\n/g, '')),
      ).not.toMatch(/[ \t]\n/);
  });
});
