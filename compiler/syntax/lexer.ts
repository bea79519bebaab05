/**
 * chevrotain's lexer with what it would find out of the vocabulary made here: reading two hundred regular expressions
 * for the characters that they can begin with takes it longer than a small script takes the whole compiler. The tests
 * compare both.
 */
import { Lexer, type TokenType } from './chevrotain.ts';
import { MODES } from './tokens.ts';

type ModeName = keyof typeof MODES;

/** As chevrotain's lexer has a token of a mode. */
interface Pattern {
  /** One character, an expression that matches where it stands (sticky), or a function of ours. */
  readonly pattern: unknown;
  /** Places in the mode of tokens that win when they match more. */
  readonly longerAlt: readonly number[] | undefined;
  readonly canLineTerminator: false;
  readonly isCustom: boolean;
  /** Code of a pattern that is one character. */
  readonly short: number | false;
  /** Undefined for what is skipped, false for tokens of the stream. */
  readonly group: string | false | undefined;
  readonly push: string | undefined;
  readonly pop: boolean;
  readonly tokenTypeIdx: number | undefined;
  readonly tokenType: TokenType;
}

/** The analysis of a mode: all of its tokens, and those for each first character where that is known of all. */
export interface Mode {
  readonly patterns: readonly Pattern[];
  readonly byFirst: readonly (readonly Pattern[] | undefined)[] | undefined;
}

export function readMode(name: ModeName): Mode {
  const tokens = MODES[name];
  const patterns = tokens.map((token) => patternOf(token, tokens));
  const byFirst: Pattern[][] = [];
  for (const [index, pattern] of patterns.entries()) {
    const first = firstCharacters(tokens[index]);
    if (!first) return { patterns, byFirst: undefined };
    for (const code of first) {
      const list = byFirst[code] ?? [];
      list.push(pattern);
      byFirst[code] = list;
    }
  }
  return { patterns, byFirst };
}

function patternOf(token: TokenType, mode: readonly TokenType[]): Pattern {
  const { PATTERN: given, LONGER_ALT: longer, GROUP: group } = token;
  const isCharacter = typeof given === 'string' && given.length === 1;
  const isCustom = typeof given === 'function';
  return {
    pattern: isCharacter ? given : isCustom ? { exec: given } : sticky(given),
    longerAlt: longer && [longer].flat().map((other) => mode.indexOf(other)),
    canLineTerminator: false,
    isCustom,
    short: isCharacter ? given.charCodeAt(0) : false,
    group: group === Lexer.SKIPPED ? undefined : (group ?? false),
    push: token.PUSH_MODE,
    pop: token.POP_MODE !== undefined,
    tokenTypeIdx: token.tokenTypeIdx,
    tokenType: token,
  };
}

function sticky(pattern: TokenType['PATTERN']): RegExp {
  if (pattern instanceof RegExp) return new RegExp(pattern.source, 'y');
  if (typeof pattern !== 'string') throw new Error('a token has no pattern');
  return new RegExp(pattern.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'y');
}

/** Codes below 256, or undefined where they are not said. */
function firstCharacters(token: TokenType | undefined): readonly number[] | undefined {
  const { PATTERN: pattern, START_CHARS_HINT: hint } = token ?? {};
  if (typeof pattern === 'string') return [pattern.charCodeAt(0)];
  return hint?.map((each) => (typeof each === 'string' ? each.charCodeAt(0) : each));
}

/** The lexer, whose modes are read when the text comes to them. `tokenize` reports what it does not know. */
export function createLexer(): Lexer {
  const patternIdxToConfig = {};
  const charCodeToPatternIdxToConfig = {};
  const canModeBeOptimized = {};
  for (const name of Object.keys(MODES) as ModeName[]) {
    let read: Mode | undefined;
    const mode = (): Mode => {
      read ??= readMode(name);
      return read;
    };
    Object.defineProperty(patternIdxToConfig, name, { get: () => mode().patterns });
    Object.defineProperty(charCodeToPatternIdxToConfig, name, { get: () => mode().byFirst });
    Object.defineProperty(canModeBeOptimized, name, { get: () => mode().byFirst !== undefined });
  }
  const method = (name: string): unknown => Reflect.get(Lexer.prototype, name);
  const lexer: Lexer = Object.create(Lexer.prototype);
  return Object.assign(lexer, {
    lexerDefinitionErrors: [],
    config: { safeMode: false, recoveryEnabled: true, errorMessageProvider: MESSAGES },
    modes: Object.keys(MODES),
    defaultMode: 'root' satisfies ModeName,
    emptyGroups: Object.fromEntries(GROUPS.map((group) => [group, []])),
    ...{ patternIdxToConfig, charCodeToPatternIdxToConfig, canModeBeOptimized },
    // Offsets are all that the parser takes of a token's place.
    ...{ trackStartLines: false, trackEndLines: false },
    computeNewColumn: (column: undefined) => column,
    updateTokenEndLineColumnLocation: () => undefined,
    createTokenInstance: method('createOffsetOnlyToken'),
    // Some patterns are functions.
    hasCustom: true,
    addToken: method('addTokenUsingPush'),
    handlePayload: method('handlePayloadWithCustom'),
  });
}

const GROUPS: readonly string[] = [
  ...new Set(
    Object.values(MODES)
      .flat()
      .flatMap(({ GROUP: group }) =>
        group === undefined || group === Lexer.SKIPPED ? [] : [group],
      ),
  ),
];

/** Nobody reads them: parse.ts has words of its own for what is unexpected. */
const MESSAGES = {
  buildUnexpectedCharactersMessage: () => '',
  buildUnableToPopLexerModeMessage: () => '',
};
