/** Grammar of probes and of lists of them. */
import type * as ast from './ast.ts';
import { parseAttachPoint } from './attach-point.ts';
import { span, variable } from './base-parser.ts';
import {
  EMPTY_ALT,
  EOF,
  type IToken,
  isRecognitionException,
  type ParserMethod,
  type TokenType,
} from './chevrotain.ts';
import { StatementParser } from './statement-parser.ts';
import * as t from './tokens.ts';

const ITEM_WORDS: readonly TokenType[] = [
  ...[t.PreprocessorLine, t.Definition, t.ConfigStart, t.ImportStart],
  ...[t.DeclarationStart, t.MacroStart, t.FnStart, t.ListStart],
];
const VALUES_EXPECTED = 'expected a string, an integer, or several of them in parentheses';
const LIST_EXPECTED = 'probes are made for the values of a list, such as ("open", "close")';

export abstract class ProbeParser extends StatementParser {
  protected readonly probeList: ParserMethod<[], ast.ProbeList> = this.RULE(
    'probeList',
    (): ast.ProbeList => {
      const word = this.CONSUME(t.ListStart);
      const head = this.OR({
        DEF: [
          {
            ALT: () => {
              this.CONSUME(t.LeftParen);
              const inner = this.SUBRULE(this.listHead);
              this.CONSUME(t.RightParen);
              return inner;
            },
          },
          { ALT: () => this.SUBRULE1(this.listHead) },
        ],
        ERR_MSG: "'(' or a variable",
      });
      this.CONSUME(t.LeftCurly);
      const items: (ast.Probe | ast.ProbeList)[] = [];
      const element = (): void => {
        items.push(this.SUBRULE(this.listItem));
      };
      // As in `program`.
      if (this.RECORDING_PHASE) this.MANY(element);
      else
        while (!this.next(t.RightCurly) && !this.next(EOF))
          this.recovering(element, (start) => this.skipItem(start, true));
      const close = this.CONSUME(t.RightCurly);
      return this.ACTION(() => ({ kind: 'probe-list', range: span(word, close), ...head, items }));
    },
  );

  protected readonly listItem = this.RULE('listItem', () =>
    this.OR<ast.Probe | ast.ProbeList>({
      DEF: [{ ALT: () => this.SUBRULE(this.probeList) }, { ALT: () => this.SUBRULE(this.probe) }],
      ERR_MSG: 'a probe',
    }),
  );

  protected readonly listHead = this.RULE('listHead', () => {
    const variables: ast.Variable[] = [];
    const first = this.CONSUME(t.Variable);
    this.ACTION(() => variables.push(variable(first)));
    this.MANY(() => {
      this.CONSUME(t.Comma);
      const next = this.CONSUME1(t.Variable);
      this.ACTION(() => variables.push(variable(next)));
    });
    this.CONSUME(t.Colon);
    this.CONSUME(t.LeftParen, { ERR_MSG: LIST_EXPECTED });
    const item = (): ast.ListElement => this.SUBRULE(this.listElement);
    const elements = this.commaList(item, t.RightParen, "',' or ')'");
    this.CONSUME(t.RightParen, { ERR_MSG: VALUES_EXPECTED });
    return this.ACTION(() => ({ variables, elements }));
  });

  protected readonly listElement = this.RULE('listElement', () =>
    this.OR<ast.ListElement>({
      DEF: [
        {
          ALT: () => {
            const open = this.CONSUME(t.LeftParen);
            const item = (): ast.ListValue => this.SUBRULE(this.listValue);
            const values = this.commaList(item, t.RightParen, "',' or ')'");
            const close = this.CONSUME(t.RightParen);
            return this.ACTION(() => ({ kind: 'list-element', range: span(open, close), values }));
          },
        },
        {
          ALT: () => {
            const value = this.SUBRULE1(this.listValue);
            return this.ACTION(() => ({
              kind: 'list-element',
              range: value.range,
              values: [value],
            }));
          },
        },
      ],
      ERR_MSG: "a string, an integer, or '('",
    }),
  );

  protected readonly listValue = this.RULE('listValue', () =>
    this.OR<ast.ListValue>({
      DEF: [
        {
          ALT: () => {
            const token = this.CONSUME(t.Quoted);
            return this.ACTION(() => this.stringLiteral(token));
          },
        },
        {
          ALT: () => {
            const token = this.CONSUME(t.Integer);
            return this.ACTION(() => this.integerLiteral(token));
          },
        },
        {
          ALT: () => {
            const sign = this.CONSUME(t.Minus);
            const token = this.CONSUME1(t.Integer);
            return this.ACTION(() => {
              const operand = this.integerLiteral(token);
              return { kind: 'unary', range: span(sign, token), operator: '-', operand };
            });
          },
        },
      ],
      ERR_MSG: 'a string or an integer',
    }),
  );

  protected readonly probe = this.RULE('probe', (): ast.Probe => {
    const attachPoints: ast.AttachPoint[] = [];
    this.AT_LEAST_ONE({
      GATE: () => attachPoints.length === 0 || this.next(t.Comma, 0),
      DEF: () => {
        const token = this.CONSUME(t.AttachPoint);
        this.ACTION(() => attachPoints.push(this.attachPoint(token)));
        this.OPTION(() => this.CONSUME(t.Comma));
      },
    });
    const predicate = this.OR<ast.Expression | undefined>({
      DEF: [
        { ALT: () => this.SUBRULE(this.predicate) },
        { GATE: () => this.next(t.LeftCurly), ALT: EMPTY_ALT(undefined) },
      ],
      ERR_MSG: "',', '/' or '{' after the probe",
    });
    const body = this.SUBRULE(this.block);
    return this.ACTION(() => ({
      kind: 'probe',
      range: span(attachPoints[0] ?? body, body),
      attachPoints,
      predicate,
      body,
    }));
  });

  private attachPoint(token: IToken): ast.AttachPoint {
    const { attachPoint, problems } = parseAttachPoint(token.image, token.startOffset);
    for (const { code, message, range, hint } of problems)
      this.report(code, message, range, ...(hint === undefined ? [] : [hint]));
    return attachPoint;
  }

  protected readonly predicate = this.RULE('predicate', (): ast.Expression | undefined => {
    this.CONSUME(t.PredicateStart);
    const inside = (): ast.Expression => {
      const condition = this.SUBRULE(this.expression);
      this.CONSUME(t.PredicateEnd);
      return condition;
    };
    if (this.RECORDING_PHASE) return inside();
    try {
      return inside();
    } catch (error) {
      if (!(error instanceof Error) || !isRecognitionException(error) || !this.skipPredicate())
        throw error;
      return undefined;
    }
  });

  /** Past the slash that ends this predicate; false if there is none. */
  private skipPredicate(): boolean {
    while (!this.next(EOF)) {
      const found = this.next(t.PredicateEnd);
      this.SKIP_TOKEN();
      if (found) return true;
      if (this.next(t.PredicateStart)) return false;
    }
    return false;
  }

  /**
   * Skips to behind the block or the `;` that ends the item begun at `start`, or to a word that begins one; in a list also
   * to the brace that closes it.
   */
  protected skipItem(start: IToken, isListed = false): void {
    let depth = this.openCurlies(start);
    for (; !this.next(EOF); this.SKIP_TOKEN()) {
      const token = this.LA(1);
      if (isListed && depth === 0 && this.next(t.RightCurly)) return;
      if (depth === 0 && token !== start && ITEM_WORDS.includes(token.tokenType)) return;
      if (this.next(t.LeftCurly)) depth += 1;
      else if (token.image === '}') depth = Math.max(depth - 1, 0);
      else if (token.image !== ';') continue;
      if (depth > 0) continue;
      this.SKIP_TOKEN();
      // As if it were a declaration.
      if (token.image === '}' && this.next(t.Semicolon)) this.SKIP_TOKEN();
      return;
    }
  }
}
