import { describe, expect, it } from 'vitest';
import { createSources } from '../../../compiler/source/sources.ts';

const MAIN = { name: 'main.bt', text: 'one\ntwo\n' };
const OTHER = { name: 'other.bt', text: 'three\nfour' };

describe('the space of offsets', () => {
  it('begins with the script, and goes on with what is added', () => {
    const sources = createSources(MAIN);
    const base = sources.add(OTHER);
    expect(base).toBe(MAIN.text.length + 1);
    expect(sources.place({ start: 4, end: 7 })).toEqual({
      source: MAIN,
      range: { start: 4, end: 7 },
      start: { line: 2, column: 1 },
    });
    expect(sources.place({ start: base + 6, end: base + 10 })).toEqual({
      source: OTHER,
      range: { start: 6, end: 10 },
      start: { line: 2, column: 1 },
    });
    expect(sources.position(base + 2)).toEqual({ line: 1, column: 3 });
  });

  it('knows the end of a text as its own', () => {
    const sources = createSources(MAIN);
    sources.add(OTHER);
    const end = MAIN.text.length;
    expect(sources.place({ start: end, end }).source).toBe(MAIN);
    expect(sources.position(end)).toEqual({ line: 3, column: 1 });
  });

  it('cuts a range that runs into another text', () => {
    const sources = createSources(MAIN);
    const base = sources.add(OTHER);
    expect(sources.place({ start: 4, end: base + 3 }).range).toEqual({ start: 4, end: 8 });
    expect(sources.place({ start: base, end: 3 }).range).toEqual({ start: 0, end: 0 });
  });

  it('repeats text for its uses, and leads back through them', () => {
    const sources = createSources(MAIN);
    const base = sources.add(OTHER);
    const text = { start: base + 6, end: base + 10 };
    const first = sources.expand(text, { start: 0, end: 3 });
    const inner = { start: text.start + first + 1, end: text.start + first + 3 };
    const second = sources.expand({ start: 4, end: 7 }, inner);
    const range = { start: 4 + second, end: 6 + second };
    expect(sources.place(inner)).toEqual({
      source: OTHER,
      range: { start: 7, end: 9 },
      start: { line: 2, column: 2 },
    });
    expect(sources.place(range).source).toBe(MAIN);
    expect(sources.uses(range)).toEqual([inner, { start: 0, end: 3 }]);
    expect(sources.uses(inner)).toEqual([{ start: 0, end: 3 }]);
    expect(sources.uses(text)).toEqual([]);
  });

  it('numbers lines through all files, in their order', () => {
    const sources = createSources(MAIN);
    const base = sources.add(OTHER);
    expect(sources.globalPosition(5)).toEqual({ line: 2, column: 2 });
    // The script has three lines, the last of them empty.
    expect(sources.globalPosition(base + 7)).toEqual({ line: 5, column: 2 });
    expect(sources.files()).toEqual([MAIN, OTHER]);
  });
});
