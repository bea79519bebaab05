/** How much of a script messages quote. */
import { describe, expect, it } from 'vitest';
import { createLexer } from '../../../compiler/syntax/lexer.ts';
import { describe as shownToken } from '../../../compiler/syntax/messages.ts';
import { errors, messages } from './support.ts';

const found = (text: string): string =>
  messages(`begin { ${text}`)[0]?.replace(/^.*, found /s, '') ?? '';

describe('A message', () => {
  it('has forty characters of a token, and says where it is cut', () => {
    expect(found(`print(1 ${'a'.repeat(40)}); }`)).toBe(`'${'a'.repeat(40)}'`);
    expect(found(`print(1 ${'a'.repeat(41)}); }`)).toBe(`'${'a'.repeat(40)}...'`);
  });

  it('has one line of a token of several, and says that it is cut', () => {
    const [token] = createLexer().tokenize('begin').tokens;
    if (!token) throw new Error('no token');
    const shown = (image: string): string => shownToken({ ...token, image });
    expect([shown('struct x {\n}'), shown('struct x {'), shown('\n')]).toEqual([
      ...["'struct x {...'", "'struct x {'", "'...'"],
    ]);
    const line = 'a'.repeat(41);
    expect(shown(`${line}\nb`)).toBe(`'${line.slice(1)}...'`);
  });

  it('names the end of the script, and the place behind which something is missing', () => {
    expect(errors('begin { print(1')).toEqual([
      "14-15: expected ',' or ')', found the end of the script",
    ]);
    expect(errors('begin')).toEqual([
      "0-5: expected ',', '/' or '{' after the probe, found the end of the script",
    ]);
  });

  it('has a character that is none of the language, and twenty of more', () => {
    expect(messages('begin { ` }')).toEqual(["unexpected character '`'"]);
    expect(messages('begin { 😀 }')).toEqual(["unexpected character '😀'"]);
    expect(messages(`begin { ${'`'.repeat(20)} }`)).toEqual([
      `unexpected characters '${'`'.repeat(20)}'`,
    ]);
    expect(messages(`begin { ${'`'.repeat(21)} }`)).toEqual([
      `unexpected characters '${'`'.repeat(20)}'`,
    ]);
  });
});
