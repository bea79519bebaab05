/** Grammar of statements and blocks, and recovery at the end of the statement that holds an error. */
import type * as ast from './ast.ts';
import { rangeOf, span, variable } from './base-parser.ts';
import {
  EMPTY_ALT,
  EOF,
  type IToken,
  isRecognitionException,
  type ParserMethod,
} from './chevrotain.ts';
import { ExpressionParser } from './expression-parser.ts';
import * as t from './tokens.ts';

export abstract class StatementParser extends ExpressionParser {
  protected readonly block: ParserMethod<[], ast.Block> = this.RULE('block', (): ast.Block => {
    const open = this.CONSUME(t.LeftCurly);
    const statements: ast.Statement[] = [];
    let tail: ast.Expression | undefined;
    const element = (): void => {
      const statement = this.SUBRULE(this.statement);
      const semicolon = this.SUBRULE(this.terminator);
      this.ACTION(() => {
        if (semicolon) this.terminated.add(statement);
        if (!semicolon && statement.kind === 'expression-statement' && this.next(t.RightCurly))
          tail = statement.expression;
        else statements.push(statement);
      });
    };
    // MANY would leave the loop at a token that begins no statement, and out of the reach of recovery.
    if (this.RECORDING_PHASE) this.MANY(element);
    else
      while (!this.next(t.RightCurly) && !this.next(EOF))
        this.recovering(element, (start) => this.skipStatement(start));
    const close = this.CONSUME(t.RightCurly);
    return this.ACTION(() => ({ kind: 'block', range: span(open, close), statements, tail }));
  });

  /**
   * `;`, or nothing before `}` and after a statement that ends in one. True for a `;`.
   * LA(0) is the last token of the statement.
   */
  protected readonly terminator = this.RULE('terminator', () =>
    this.OR<boolean>({
      DEF: [
        {
          ALT: () => {
            this.CONSUME(t.Semicolon);
            return true;
          },
        },
        {
          GATE: () => this.next(t.RightCurly) || this.next(t.RightCurly, 0),
          ALT: EMPTY_ALT(false),
        },
      ],
      ERR_MSG: "';'",
    }),
  );

  protected readonly statement = this.RULE('statement', () =>
    this.OR<ast.Statement>({
      DEF: [
        { ALT: () => this.SUBRULE(this.block) },
        { ALT: () => this.SUBRULE(this.ifExpression) },
        { ALT: () => this.SUBRULE(this.while) },
        { ALT: () => this.SUBRULE(this.unroll) },
        { ALT: () => this.SUBRULE(this.for) },
        { ALT: () => this.SUBRULE(this.let) },
        { ALT: () => this.SUBRULE(this.jump) },
        { GATE: () => this.next(t.Quoted, 2), ALT: () => this.SUBRULE(this.importStatement) },
        { ALT: () => this.SUBRULE(this.expressionStatement) },
      ],
      ERR_MSG: 'a statement',
      IGNORE_AMBIGUITIES: true,
    }),
  );

  protected readonly expressionStatement = this.RULE('expressionStatement', () => {
    const expression = this.SUBRULE(this.expression);
    let operator: IToken | undefined;
    let value: ast.Expression | undefined;
    this.OPTION(() => {
      operator = this.CONSUME(t.AssignmentOperator);
      value = this.SUBRULE1(this.expression);
    });
    return this.ACTION((): ast.Statement => {
      if (!operator || !value)
        return { kind: 'expression-statement', range: expression.range, expression };
      const range = span(expression, value);
      if (operator.image === '=' && expression.kind === 'identifier' && expression.name === '_')
        return { kind: 'discard', range, value };
      return {
        kind: 'assign',
        range,
        operator: operator.image as ast.AssignOperator,
        target: expression,
        value,
      };
    });
  });

  protected readonly let = this.RULE('let', (): ast.Let => {
    const word = this.CONSUME(t.Let);
    const name = this.CONSUME(t.Variable);
    const type = this.OPTION(() => {
      this.CONSUME(t.Colon);
      return this.SUBRULE(this.type);
    });
    const value = this.OPTION1(() => {
      this.CONSUME(t.Assign);
      return this.SUBRULE(this.expression);
    });
    return this.ACTION(() => ({
      kind: 'let',
      range: span(word, value ?? type ?? name),
      variable: variable(name),
      type,
      value,
    }));
  });

  protected readonly while = this.RULE('while', (): ast.While => {
    const word = this.CONSUME(t.While);
    const condition = this.SUBRULE(this.expression);
    const body = this.SUBRULE(this.block);
    return this.ACTION(() => ({ kind: 'while', range: span(word, body), condition, body }));
  });

  protected readonly unroll = this.RULE('unroll', (): ast.Unroll => {
    const word = this.CONSUME(t.Unroll);
    const count = this.SUBRULE(this.expression);
    const body = this.SUBRULE(this.block);
    return this.ACTION(() => ({ kind: 'unroll', range: span(word, body), count, body }));
  });

  protected readonly for = this.RULE('for', (): ast.For => {
    const word = this.CONSUME(t.For);
    const head = this.OR({
      DEF: [
        {
          ALT: () => {
            this.CONSUME(t.LeftParen);
            const inner = this.SUBRULE(this.forHead);
            this.CONSUME(t.RightParen);
            return inner;
          },
        },
        { ALT: () => this.SUBRULE1(this.forHead) },
      ],
      ERR_MSG: "'(' or a variable",
    });
    const body = this.SUBRULE(this.block);
    return this.ACTION(() => ({ kind: 'for', range: span(word, body), ...head, body }));
  });

  protected readonly forHead = this.RULE('forHead', () => {
    const name = this.CONSUME(t.Variable);
    this.CONSUME(t.Colon);
    const over = this.SUBRULE(this.forSource);
    return this.ACTION(() => ({ variable: variable(name), over }));
  });

  protected readonly forSource = this.RULE('forSource', (): ast.For['over'] => {
    const from = this.SUBRULE(this.expression);
    const to = this.OPTION(() => {
      this.CONSUME(t.DotDot);
      return this.SUBRULE1(this.expression);
    });
    return this.ACTION(() => {
      if (to) return { kind: 'range', range: span(from, to), from, to };
      if (from.kind === 'map') return from;
      this.report(
        'invalid-loop',
        'a for loop goes over a map or a range of integers',
        from.range,
        'for $i : 0..10 { ... }',
      );
      return { kind: 'map', range: from.range, name: '@', keys: undefined };
    });
  });

  protected readonly jump = this.RULE('jump', (): ast.Jump => {
    let value: ast.Expression | undefined;
    const word = this.OR([
      { ALT: () => this.CONSUME(t.Break) },
      { ALT: () => this.CONSUME(t.Continue) },
      {
        ALT: () => {
          const token = this.CONSUME(t.Return);
          value = this.OPTION(() => this.SUBRULE(this.expression));
          return token;
        },
      },
    ]);
    return this.ACTION(() => ({
      kind: 'jump',
      range: span(word, value ?? word),
      jump: word.image as ast.Jump['jump'],
      value,
    }));
  });

  protected readonly importStatement = this.RULE('importStatement', (): ast.ImportStatement => {
    const word = this.CONSUME(t.Import);
    const path = this.CONSUME(t.Quoted);
    return this.ACTION(() => ({
      kind: 'import-statement',
      range: { start: word.startOffset, end: rangeOf(path).end },
      path: this.stringValue(path),
    }));
  });

  // ---- recovery ----------------------------------------------------------------------------------

  /** Runs `element`; after a syntax error in it, skips what is left of it. chevrotain has noted the error. */
  protected recovering(element: () => void, skip: (start: IToken) => void): void {
    const start = this.LA(1);
    try {
      element();
    } catch (error) {
      if (!(error instanceof Error) || !isRecognitionException(error)) throw error;
      skip(start);
    }
  }

  /**
   * Skips to behind the `;` or the block that ends the statement begun at `start`, or to the `}` that ends
   * its block. Parentheses do not count: the one that is missing is often the error.
   */
  private skipStatement(start: IToken): void {
    let depth = this.openCurlies(start);
    for (; !this.next(EOF); this.SKIP_TOKEN()) {
      if (this.next(t.RightCurly)) {
        if (depth === 0) return;
        depth -= 1;
        if (depth === 0 && !this.next(t.Else, 2)) {
          this.SKIP_TOKEN();
          if (this.next(t.Semicolon)) this.SKIP_TOKEN();
          return;
        }
      } else if (this.next(t.LeftCurly)) depth += 1;
      else if (depth === 0 && this.next(t.Semicolon)) {
        this.SKIP_TOKEN();
        return;
      }
    }
  }

  /** Braces opened and not closed from `start` to the last token consumed. */
  protected openCurlies(start: IToken): number {
    if (this.LA(1) === start) return 0;
    let depth = 0;
    for (let at = 0; ; at -= 1) {
      if (this.next(t.LeftCurly, at)) depth += 1;
      else if (this.next(t.RightCurly, at)) depth -= 1;
      if (this.LA(at) === start || this.next(EOF, at)) return depth;
    }
  }
}
