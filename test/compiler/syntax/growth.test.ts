/** The parser's work grows with the script, not with its square. Work is counted: time would depend on the machine. */
import { describe, expect, it } from 'vitest';
import type { IToken } from '../../../compiler/syntax/chevrotain.ts';
import { createLexer } from '../../../compiler/syntax/lexer.ts';
import { ProgramParser } from '../../../compiler/syntax/program-parser.ts';

/** Counts the tokens that the parser looks at. */
class CountingParser extends ProgramParser {
  looks = 0;

  override LA(howMuch: number): IToken {
    this.looks += 1;
    return super.LA(howMuch);
  }
}

const lexer = createLexer();
const parser = new CountingParser('analysed');

function work(text: string): number {
  parser.looks = 0;
  parser.input = lexer.tokenize(text).tokens;
  parser.program();
  return parser.looks;
}

/** Scripts of any length: `size` repetitions of something, sound or broken. */
const FAMILIES: Readonly<Record<string, (size: number) => string>> = {
  probes: (size) => 'kprobe:f, kprobe:g /pid == 1/ { @[comm] = count(); }\n'.repeat(size),
  statements: (size) => `BEGIN { ${'$x = 1; if ($x) { @a++; } '.repeat(size)} }`,
  'a long sum': (size) => `BEGIN { $x = 1${' + 2 * $y'.repeat(size)}; }`,
  'many arguments': (size) => `BEGIN { print(1${', (uint8)2'.repeat(size)}); }`,
  'many casts': (size) => `BEGIN { ${'$x = (typeof(1 + 2))3; '.repeat(size)} }`,
  'nested parentheses': (size) =>
    `BEGIN { ${`$x = ${'('.repeat(50)}1${')'.repeat(50)}; `.repeat(size)} }`,
  'broken statements': (size) => `BEGIN { ${'$x = 1 + ; print(2; if ($x { } '.repeat(size)} }`,
  'broken items': (size) => 'foo bar { } let @m = 5; } macro (a) { } BEGIN / { } '.repeat(size),
  'broken nested blocks': (size) => `BEGIN { ${'if (1) { while { $x = ; } } '.repeat(size)} }`,
  'blocks that never end': (size) => 'BEGIN { $x = 1; } END { if (1) {'.repeat(Math.min(size, 150)),
  attributes: (size) => 'struct __attribute__(( '.repeat(size),
};

describe('looking at tokens', () => {
  for (const [name, script] of Object.entries(FAMILIES)) {
    it(`grows with the length of the script: ${name}`, () => {
      const [small, large] = [work(script(50)), work(script(200))];
      expect(small).toBeGreaterThan(50);
      expect(large / small).toBeLessThan(5);
    });
  }
});
