/** What is read as a script, and what is told of files that are none. */
import { describe, expect, it } from 'vitest';
import { scriptText, TextError } from '../../../compiler/source/script-text.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

function refused(text: string): readonly [message: string, hint: string] {
  try {
    scriptText(bytes(text));
  } catch (error) {
    if (error instanceof TextError) return [error.message, error.hint];
    throw error;
  }
  throw new Error('it was read');
}

describe('A script', () => {
  it('is UTF-8, whatever its lines end with', () => {
    const text = 'begin { print("\u00e9 \u65e5\u672c \u{1f600}"); }\r\n\n\t// \u007f\ufffd';
    expect(scriptText(Buffer.from(text))).toBe(text);
    expect(scriptText(new Uint8Array())).toBe('');
  });

  it('begins behind a mark of its encoding, which is a character anywhere else', () => {
    expect(scriptText(Buffer.from('\ufeffbegin { }'))).toBe('begin { }');
    expect(scriptText(Buffer.from('\ufeff\ufeffx'))).toBe('\ufeffx');
    expect(scriptText(Buffer.from('x\ufeff'))).toBe('x\ufeff');
  });

  it.each([
    ['in its first character', '\xff\xfeb', 1],
    ['in a text', 'begin {\n print("caf\xe9"); }\n', 2],
    ['at the end of a line', 'a\nb\xc3\nc\n', 2],
    ['in the last line, which has no end', 'a\n\nc\xc3', 3],
    ['for half of a pair', '\n\xed\xa0\x80', 2],
  ])('of another encoding is refused %s', (_, text, line) => {
    expect(refused(text)).toEqual([
      `line ${line} is not UTF-8`,
      "`iconv -t UTF-8` converts a text; '\\xe9' writes any byte in a string.",
    ]);
  });

  it.each([
    ['at its beginning', '\0', 1],
    ['at the end of a line', 'a\n\0\n\0', 2],
    ['behind lines', 'a\nb\nc\0d', 3],
    ['before what is not UTF-8', '\n\0\n\xff', 2],
  ])('with a NUL %s is refused', (_, text, line) => {
    expect(refused(text)).toEqual([
      `line ${line} has a NUL character`,
      "A script is a text; '\\0' writes this character in a string.",
    ]);
  });
});
