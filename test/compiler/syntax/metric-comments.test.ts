/** The words of comments that say what maps are as metrics, and their places. */
import { describe, expect, it } from 'vitest';
import { readMetricsOf } from '../../../compiler/syntax/parse.ts';

/** Words, quoted ones in quotes; each stands at its place in the text. */
function words(text: string): readonly (readonly string[])[] {
  return readMetricsOf({ name: 'test.bt', text }).map((comment) =>
    comment.words.map(({ text: word, quoted, range }) => {
      if (!quoted) expect(text.slice(range.start, range.end)).toBe(word);
      else expect(text.slice(range.start, range.end)).toMatch(/^".*"$/s);
      return quoted ? `"${word}"` : word;
    }),
  );
}

const ranges = (text: string) =>
  readMetricsOf({ name: 'test.bt', text }).map(({ range }) => text.slice(range.start, range.end));

describe('A comment of a metric', () => {
  it.each([
    ['// bpfscript: metric @a b "c d" in us', ['@a', 'b', '"c d"', 'in', 'us']],
    ['//bpfscript:metric @a', ['@a']],
    ['/* bpfscript:  metric @a labels x,y , z */', ['@a', 'labels', 'x', ',', 'y', ',', 'z']],
    ['// bpfscript: metric', []],
    ['// bpfscript: metric @a"b"c', ['@a', '"b"', 'c']],
    [String.raw`// bpfscript: metric "a \"b\" \\ c"`, [String.raw`"a "b" \ c"`]],
    ['// bpfscript: metric "open', ['"', 'open']],
    ['// bpfscript: metric ""', ['""']],
    ['/* bpfscript: metric @a\n  gauge\n*/', ['@a', 'gauge']],
  ])('%j has the words %j', (text, expected) => {
    expect(words(`begin { }\n${text}`)).toEqual([expected]);
  });

  it.each([
    '// bpfscript: metrics @a',
    '// bpfscript metric @a',
    '// a bpfscript: metric @a',
    '// bpfscript: allow(metric)',
    'begin { print("// bpfscript: metric @a"); }',
  ])('is none in %j', (text) => {
    expect(words(text)).toEqual([]);
  });

  it('ends before what ends it, and before blanks', () => {
    expect(ranges('/* bpfscript: metric @a */ // bpfscript: metric @b  \nbegin { }')).toEqual([
      '/* bpfscript: metric @a',
      '// bpfscript: metric @b',
    ]);
  });
});
