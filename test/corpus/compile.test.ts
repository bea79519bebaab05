/** Scripts as people write them compile with the embedded description: no kernel, no headers, no traced programs needed. */
import { describe, expect, it } from 'vitest';
import { diagnose } from '../support/build.ts';
import { SCRIPTS } from './scripts.ts';

/** What is said of older scripts, of what only the host has, and of headers that are not installed. */
const EXPECTED: ReadonlySet<string> = new Set([
  ...['args-arrow', 'deprecated-name', 'while-loop', 'undescribed-target', 'missing-header'],
  ...['unnecessary-cast', 'legacy-name'],
]);

describe('the corpus', () => {
  it('has scripts of every kind, in both dialects, with and without headers', () => {
    const older = SCRIPTS.filter(({ name }) => name.endsWith('-older'));
    const including = SCRIPTS.filter(({ text }) => text.includes('#include'));
    expect(SCRIPTS.length).toBeGreaterThanOrEqual(150);
    expect(older.length).toBeGreaterThanOrEqual(25);
    expect(including.length).toBeGreaterThanOrEqual(20);
    expect(new Set(SCRIPTS.map(({ folder }) => folder)).size).toBe(9);
  });

  it.each(SCRIPTS)('compiles $name, with no more warnings than it asks for', ({ text }) => {
    const wrong = diagnose(text, { unsafe: true }).filter(
      ({ severity, code }) => severity === 'error' || !EXPECTED.has(code),
    );
    expect(wrong.map(({ message }) => message)).toEqual([]);
  });
});
