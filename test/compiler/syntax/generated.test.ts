/** What stands ready for the lexer and the parser is what chevrotain finds out of the vocabulary and the grammar. */
import { Lexer } from 'chevrotain';
import { describe, expect, it } from 'vitest';
import type { TokenType } from '../../../compiler/syntax/chevrotain.ts';
import { CHOICES } from '../../../compiler/syntax/choices.ts';
import { createLexer, readMode } from '../../../compiler/syntax/lexer.ts';
import { collectChoices } from '../../../compiler/syntax/lookahead.ts';
import { ProgramParser } from '../../../compiler/syntax/program-parser.ts';
import { MODES } from '../../../compiler/syntax/tokens.ts';

const OFFSETS = { positionTracking: 'onlyOffset' } as const;
const names = Object.keys(MODES) as (keyof typeof MODES)[];

/** The analysis of a lexer, which chevrotain's types do not show. */
interface Analysed {
  readonly patternIdxToConfig: Readonly<Record<string, readonly unknown[]>>;
  readonly charCodeToPatternIdxToConfig: Readonly<
    Record<string, readonly (readonly { tokenType: TokenType }[] | undefined)[]>
  >;
  readonly canModeBeOptimized: Readonly<Record<string, boolean>>;
}

describe('the lexer', () => {
  const own = new Lexer({ modes: MODES, defaultMode: 'root' }, OFFSETS);
  const analysed = own as unknown as Analysed;

  it('has a vocabulary that chevrotain finds no fault with', () => {
    expect(own.lexerDefinitionErrors).toEqual([]);
  });
  it.each(names)('takes the tokens of mode %s as chevrotain does', (name) => {
    const { patterns, byFirst } = readMode(name);
    const shown = (each: unknown) => ({ ...(each as object), pattern: null });
    const text = (each: unknown) => String((each as { pattern: unknown }).pattern);
    expect(patterns.map(shown)).toEqual(analysed.patternIdxToConfig[name]?.map(shown));
    expect(patterns.map(text)).toEqual(analysed.patternIdxToConfig[name]?.map(text));
    expect(byFirst !== undefined).toBe(analysed.canModeBeOptimized[name]);
  });
  const optimized = names.filter((name) => readMode(name).byFirst !== undefined);
  it.each(optimized)('knows the characters that tokens of mode %s begin with', (name) => {
    const { byFirst } = readMode(name);
    // Without being told, chevrotain finds them in the expressions.
    const untold = MODES[name].map(({ START_CHARS_HINT: _, LONGER_ALT: __, ...token }) => token);
    const found = new Lexer(
      { modes: { [name]: untold }, defaultMode: name },
      { ...OFFSETS, skipValidations: true },
    );
    const lists = (found as unknown as Analysed).charCodeToPatternIdxToConfig[name] ?? [];
    for (let code = 0; code < 256; code += 1)
      expect(byFirst?.[code]?.map(({ tokenType }) => tokenType.name)).toEqual(
        lists[code]?.map(({ tokenType }) => tokenType.name),
      );
  });
  it('gives the tokens that chevrotain gives, also of what it does not know', () => {
    const texts = [
      '#!/usr/bin/env bpfscript\n#include <a.h>\nstruct s { int x; };\nconfig = { a = 1 }\n',
      'let @a = hash(5); macro m($x, @y, z) { $x + 1 } fn f($a : int32) : void { return; }',
      'kprobe:f /pid == $1 && @a["x"] != 0x1f/ { if (1) { $x++ } else { @ = count(); } /* c */ }',
      "begin { \\ ` ä 漢 \"open\n 'c' } } ) ; 1..2 -> <<= ... // end",
      'macro ä(漢) { } let 漢 = ;',
    ];
    for (const text of texts) {
      const { tokens, groups, errors } = createLexer().tokenize(text);
      const wanted = own.tokenize(text);
      expect(tokens).toEqual(wanted.tokens);
      expect(groups).toEqual(wanted.groups);
      const places = ({ offset, length }: { offset: number; length: number }) => [offset, length];
      expect(errors.map(places)).toEqual(wanted.errors.map(places));
    }
  });
});

describe('the parser', () => {
  it('has a grammar that chevrotain finds no fault with', () => {
    expect(() => new ProgramParser('validated')).not.toThrow();
  });
  it('chooses by what `npm run docs` writes now', () => {
    const { strategy, found } = collectChoices();
    expect(() => new ProgramParser(strategy)).not.toThrow();
    expect(CHOICES).toEqual(found());
  });
});
