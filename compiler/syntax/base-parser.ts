/** What all rules share: lists, looking ahead, values of literals, and where reports go. */
import { type Hint, replacing } from '../source/advice.ts';
import type { ErrorCode } from '../source/codes.ts';
import type { Range } from '../source/source.ts';
import type * as ast from './ast.ts';
import { MAX_PARAMETER } from './attach-point.ts';
import {
  EMPTY_ALT,
  EmbeddedActionsParser,
  type ILookaheadStrategy,
  type IToken,
  type TokenType,
  tokenMatcher,
} from './chevrotain.ts';
import { parseInteger, parseString } from './literals.ts';
import { MESSAGES } from './messages.ts';
import { canNameType, isReservedName } from './names.ts';
import * as t from './tokens.ts';

/** Errors that building a node finds; chevrotain keeps those of the grammar. */
export type Report = (
  code: ErrorCode,
  message: string,
  range: Range,
  ...hints: readonly Hint[]
) => void;

/**
 * What a parser knows of its grammar: `ready` is what it chooses by, from choices.ts; with `analysed` also what it misses
 * where there is an error. `validated` looks for errors in the grammar itself, and a strategy is told all choices.
 */
export type Analysis = 'ready' | 'analysed' | 'validated' | ILookaheadStrategy;

/** Thrown where a parser that is only ready comes to an error. */
export class GrammarNeeded extends Error {}

export abstract class BaseParser extends EmbeddedActionsParser {
  /** Set for each run by `parse.ts`. */
  report: Report = () => {};

  constructor(analysis: Analysis) {
    super([...t.VOCABULARY], {
      maxLookahead: 1,
      errorMessageProvider: MESSAGES,
      skipValidations: analysis !== 'validated',
      ...(typeof analysis === 'string' ? {} : { lookaheadStrategy: analysis }),
    });
  }

  protected next(type: TokenType, ahead = 1): boolean {
    return tokenMatcher(this.LA(ahead), type);
  }

  /** `item {"," item} [","]`, up to `close`. One list a rule: the indexes are the rule's. */
  protected commaList<T>(item: () => T, close: TokenType, what: string): T[] {
    const items: T[] = [];
    this.MANY1(() => {
      items.push(item());
      this.OR9({
        DEF: [
          { ALT: () => this.CONSUME9(t.Comma) },
          { GATE: () => this.next(close), ALT: EMPTY_ALT() },
        ],
        ERR_MSG: what,
      });
    });
    return items;
  }

  /** Value of a name, and an error for names that the language reserves. */
  protected newName(token: IToken, what: string): string {
    if (isReservedName(token.image))
      this.report(
        'reserved-name',
        `'${token.image}' is a built-in and cannot be ${what}`,
        rangeOf(token),
      );
    return token.image;
  }

  protected integerValue(token: IToken): bigint {
    const result = parseInteger(token.image);
    if ('value' in result) return result.value;
    this.report('invalid-literal', result.error, rangeOf(token));
    return 0n;
  }

  protected integerLiteral(token: IToken): ast.Integer {
    const value = this.integerValue(token);
    return { kind: 'integer', range: rangeOf(token), value, text: token.image };
  }

  protected stringLiteral(token: IToken): ast.StringLiteral {
    return {
      kind: 'string',
      range: rangeOf(token),
      value: this.stringValue(token),
      text: token.image,
    };
  }

  protected stringValue(token: IToken): string {
    if (token.tokenType === t.UnterminatedString) {
      this.report('unterminated', 'unterminated string', rangeOf(token));
      return '';
    }
    if (token.tokenType === t.CharacterText) {
      const hint = 'Strings are written in double quotes.';
      const text = /^'([^"\\]*)'$/.exec(token.image)?.[1];
      const advice =
        text === undefined ? hint : replacing(hint, rangeOf(token), token.image, `"${text}"`);
      this.report(
        'invalid-literal',
        'character literals are not part of the language',
        rangeOf(token),
        advice,
      );
      return '';
    }
    const { value, problems } = parseString(token.image);
    for (const { message, start, end } of problems)
      this.report('invalid-literal', message, {
        start: token.startOffset + start,
        end: token.startOffset + end,
      });
    return value;
  }

  protected parameter(token: IToken): ast.Parameter {
    const index = Number(token.image.slice(1));
    if (index < 1 || index > MAX_PARAMETER)
      this.report(
        'invalid-parameter',
        `positional parameter ${token.image} is out of range`,
        rangeOf(token),
      );
    return { kind: 'parameter', range: rangeOf(token), index };
  }

  // ---- looking ahead -----------------------------------------------------------------------------

  /** Where a type that begins `ahead` tokens away ends (the first token after it), or undefined for none. */
  protected typeEnd(ahead: number): number | undefined {
    let at = ahead;
    if (
      [t.Struct, t.Union, t.Enum].some((type) => this.next(type, at)) &&
      this.next(t.Identifier, at + 1)
    )
      at += 2;
    else if (this.next(t.TypeOf, at) && this.next(t.LeftParen, at + 1)) {
      let depth = 0;
      do {
        at += 1;
        if (this.next(t.LeftParen, at)) depth += 1;
        else if (this.next(t.RightParen, at)) depth -= 1;
        else if (this.LA(at).image === '') return undefined;
      } while (depth > 0);
      at += 1;
    } else if (this.next(t.Identifier, at) && canNameType(this.LA(at).image)) at += 1;
    else return undefined;

    for (;;) {
      if (this.next(t.Star, at)) at += 1;
      else if (!this.next(t.LeftBracket, at)) return at;
      else if (this.next(t.RightBracket, at + 1)) at += 2;
      else if (this.next(t.Integer, at + 1) && this.next(t.RightBracket, at + 2)) at += 3;
      else return at;
    }
  }

  /** A type and nothing else up to the `)` or `,`. */
  protected typeAhead(): boolean {
    const end = this.typeEnd(1);
    return end !== undefined && (this.next(t.RightParen, end) || this.next(t.Comma, end));
  }

  protected castAhead(): boolean {
    const end = this.typeEnd(2);
    if (end === undefined || !this.next(t.RightParen, end)) return false;
    return this.next(t.TypeOf, 2) || this.beginsOperand(end + 1);
  }

  protected beginsOperand(ahead: number): boolean {
    return OPERAND_STARTS.some((type) => this.next(type, ahead));
  }

  protected recordAhead(): boolean {
    return this.next(t.Identifier) && this.next(t.Assign, 2);
  }
}

const OPERAND_STARTS: readonly TokenType[] = [
  ...[t.Integer, t.Variable, t.Positional, t.ParameterCount, t.MapName, t.StringText, t.LeftParen],
  ...[t.Minus, t.Decrement, t.Not, t.Tilde, t.Star, t.Ampersand, t.Identifier],
];

// ---- nodes and places ------------------------------------------------------------------------------

export function rangeOf(token: IToken): Range {
  return { start: token.startOffset, end: token.startOffset + token.image.length };
}

export function span(from: IToken | { range: Range }, to: IToken | { range: Range }): Range {
  const start = 'range' in from ? from.range.start : from.startOffset;
  return { start, end: 'range' in to ? to.range.end : rangeOf(to).end };
}

export function variable(token: IToken): ast.Variable {
  return { kind: 'variable', range: rangeOf(token), name: token.image };
}
