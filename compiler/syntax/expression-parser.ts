/** Grammar of expressions. Ambiguities are settled by looking ahead, never by going back. */
import type * as ast from './ast.ts';
import { rangeOf, span, variable } from './base-parser.ts';
import { EMPTY_ALT, type IToken, type ParserMethod } from './chevrotain.ts';
import { foldBinary } from './precedence.ts';
import * as t from './tokens.ts';
import { TypeParser } from './type-parser.ts';
import { blockAsValue, ifAsValue } from './values.ts';

export abstract class ExpressionParser extends TypeParser {
  /** Statements that had a `;` of their own, so that they are no block's value. */
  protected readonly terminated = new WeakSet<ast.Statement>();

  protected abstract readonly block: ParserMethod<[], ast.Block>;

  // ---- operators ---------------------------------------------------------------------------------

  readonly expression: ParserMethod<[], ast.Expression> = this.RULE('expression', () => {
    const condition = this.SUBRULE(this.binary);
    let result = condition;
    this.OPTION(() => {
      this.CONSUME(t.Question);
      const then = this.OPTION1(() => this.SUBRULE(this.expression));
      this.CONSUME(t.Colon);
      const otherwise = this.SUBRULE1(this.expression);
      this.ACTION(() => {
        const range = span(condition, otherwise);
        result = { kind: 'ternary', range, condition, then, else: otherwise };
      });
    });
    return result;
  });

  /** All binary operators in one flat list, folded by precedence: one rule call where a ladder needs eleven. */
  protected readonly binary = this.RULE('binary', (): ast.Expression => {
    const operands: ast.Expression[] = [this.SUBRULE(this.unary)];
    const operators: IToken[] = [];
    this.MANY(() => {
      operators.push(this.CONSUME(t.BinaryOperator));
      operands.push(this.SUBRULE1(this.unary));
    });
    return this.ACTION(() => foldBinary(operands, operators));
  });

  protected readonly unary: ParserMethod<[], ast.Expression> = this.RULE('unary', () =>
    this.OR<ast.Expression>({
      DEF: [
        {
          ALT: () => {
            const operator = this.CONSUME(t.PrefixOperator);
            const operand = this.SUBRULE(this.unary);
            return this.ACTION(() => ({
              kind: 'unary',
              range: span(operator, operand),
              operator: operator.image as ast.Unary['operator'],
              operand,
            }));
          },
        },
        {
          ALT: () => {
            const operator = this.CONSUME(t.StepOperator);
            const target = this.SUBRULE1(this.unary);
            return this.ACTION(() => step(operator, target, true));
          },
        },
        {
          GATE: () => this.castAhead(),
          ALT: () => {
            const open = this.CONSUME(t.LeftParen);
            const type = this.SUBRULE(this.type);
            this.CONSUME(t.RightParen);
            const operand = this.SUBRULE2(this.unary);
            return this.ACTION(() => ({ kind: 'cast', range: span(open, operand), type, operand }));
          },
        },
        {
          GATE: () => this.beginsOperand(2) || this.next(t.LeftCurly, 2),
          ALT: () => {
            const word = this.CONSUME(t.Comptime);
            const operand = this.SUBRULE3(this.unary);
            return this.ACTION(() => ({ kind: 'comptime', range: span(word, operand), operand }));
          },
        },
        { ALT: () => this.SUBRULE(this.postfix) },
      ],
      ERR_MSG: 'an expression',
      IGNORE_AMBIGUITIES: true,
    }),
  );

  protected readonly postfix = this.RULE('postfix', (): ast.Expression => {
    let result = this.SUBRULE(this.primary);
    this.MANY(() => {
      const base = result;
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Dot);
            this.OR1({
              DEF: [
                {
                  ALT: () => {
                    const name = this.CONSUME(t.Identifier);
                    this.ACTION(() => {
                      result = fieldAccess(base, name, false);
                    });
                  },
                },
                {
                  ALT: () => {
                    const index = this.CONSUME(t.Integer);
                    this.ACTION(() => {
                      result = this.tupleAccess(base, index);
                    });
                  },
                },
              ],
              ERR_MSG: "the name of a field or the index of a tuple's element",
            });
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.Arrow);
            const name = this.CONSUME1(t.Identifier);
            this.ACTION(() => {
              result = fieldAccess(base, name, true);
            });
          },
        },
        {
          ALT: () => {
            const { indexes, close } = this.SUBRULE(this.brackets);
            this.ACTION(() => {
              result = { kind: 'index', range: span(base, close), base, indexes };
            });
          },
        },
        {
          ALT: () => {
            const operator = this.CONSUME(t.StepOperator);
            this.ACTION(() => {
              result = step(operator, base, false);
            });
          },
        },
      ]);
    });
    return result;
  });

  private tupleAccess(base: ast.Expression, index: IToken): ast.Expression {
    const range = span(base, index);
    if (base.kind === 'integer')
      this.report('invalid-literal', 'floating-point numbers are not part of the language', range);
    else if (!/^[0-9]{1,9}$/.test(index.image))
      this.report(
        'index-range',
        `'${index.image}' is no index of a tuple's element`,
        rangeOf(index),
      );
    return { kind: 'tuple-access', range, base, index: Number.parseInt(index.image, 10) };
  }

  protected readonly brackets = this.RULE('brackets', () => {
    this.CONSUME(t.LeftBracket);
    const indexes = this.SUBRULE(this.indexes);
    const close = this.CONSUME(t.RightBracket);
    return { indexes, close };
  });

  protected readonly indexes = this.RULE('indexes', (): ast.Expression[] => {
    const indexes = [this.SUBRULE(this.expression)];
    this.MANY(() => {
      this.CONSUME(t.Comma);
      indexes.push(this.SUBRULE1(this.expression));
    });
    return indexes;
  });

  // ---- primaries ---------------------------------------------------------------------------------

  protected readonly primary = this.RULE('primary', () =>
    this.OR<ast.Expression>({
      DEF: [
        {
          ALT: () => {
            const token = this.CONSUME(t.Integer);
            return this.ACTION(() => this.integerLiteral(token));
          },
        },
        {
          ALT: () => {
            const token = this.CONSUME(t.Quoted);
            return this.ACTION(() => this.stringLiteral(token));
          },
        },
        {
          ALT: () => {
            const token = this.CONSUME(t.Variable);
            return this.ACTION(() => variable(token));
          },
        },
        { ALT: () => this.SUBRULE(this.mapExpression) },
        {
          ALT: () => {
            const token = this.CONSUME(t.Positional);
            return this.ACTION(() => this.parameter(token));
          },
        },
        {
          ALT: () => {
            const token = this.CONSUME(t.ParameterCount);
            return this.ACTION(() => ({ kind: 'parameter-count', range: rangeOf(token) }));
          },
        },
        { ALT: () => this.SUBRULE(this.paren) },
        {
          ALT: () => {
            const block = this.SUBRULE(this.block);
            return this.ACTION(() => blockAsValue(block, this.terminated));
          },
        },
        {
          ALT: () => {
            const node = this.SUBRULE(this.ifExpression);
            return this.ACTION(() =>
              node.kind === 'if' ? ifAsValue(node, this.terminated) : node,
            );
          },
        },
        { GATE: () => this.next(t.LeftParen, 2), ALT: () => this.SUBRULE(this.typeQuery) },
        { GATE: () => this.next(t.LeftParen, 2), ALT: () => this.SUBRULE(this.offsetOf) },
        {
          ALT: () => {
            const token = this.CONSUME(t.True);
            return this.ACTION(() => ({ kind: 'bool', range: rangeOf(token), value: true }));
          },
        },
        {
          ALT: () => {
            const token = this.CONSUME(t.False);
            return this.ACTION(() => ({ kind: 'bool', range: rangeOf(token), value: false }));
          },
        },
        { ALT: () => this.SUBRULE(this.identifierOrCall) },
      ],
      ERR_MSG: 'an expression',
      IGNORE_AMBIGUITIES: true,
    }),
  );

  protected readonly mapExpression = this.RULE('mapExpression', (): ast.MapExpression => {
    const token = this.CONSUME(t.MapName);
    const subscript = this.OPTION(() => this.SUBRULE(this.brackets));
    return this.ACTION(() => ({
      kind: 'map',
      range: span(token, subscript?.close ?? token),
      name: token.image,
      keys: subscript?.indexes,
    }));
  });

  protected readonly identifierOrCall = this.RULE('identifierOrCall', (): ast.Expression => {
    const name = this.CONSUME(t.Identifier);
    let result: ast.Expression = { kind: 'identifier', range: rangeOf(name), name: name.image };
    this.OPTION(() => {
      this.CONSUME(t.LeftParen);
      const args = this.commaList(() => this.SUBRULE(this.argument), t.RightParen, "',' or ')'");
      const close = this.CONSUME(t.RightParen);
      const range = span(name, close);
      result = { kind: 'call', range, name: name.image, nameRange: rangeOf(name), args };
    });
    return result;
  });

  protected readonly argument = this.RULE('argument', () =>
    this.OR<ast.Expression | ast.TypeArgument>({
      DEF: [
        {
          GATE: () => this.next(t.LeftParen, 2),
          ALT: () => {
            const word = this.CONSUME(t.TypeOf);
            this.CONSUME(t.LeftParen);
            const type = this.SUBRULE(this.typeOrExpression);
            const close = this.CONSUME(t.RightParen);
            return this.ACTION(() => ({ kind: 'type-argument', range: span(word, close), type }));
          },
        },
        {
          GATE: () => [t.Struct, t.Union, t.Enum].some((type) => this.next(type, 1)),
          ALT: () => {
            const type = this.SUBRULE(this.type);
            return this.ACTION(() => ({ kind: 'type-argument', range: type.range, type }));
          },
        },
        { ALT: () => this.SUBRULE(this.expression) },
      ],
      ERR_MSG: 'an argument',
      IGNORE_AMBIGUITIES: true,
    }),
  );

  /** `()`, `(e)`, `(e,)`, `(a, b)`, `(x = 1, y = 2)`; casts went another way. */
  protected readonly paren = this.RULE('paren', (): ast.Expression => {
    const open = this.CONSUME(t.LeftParen);
    const content = this.OR<{
      fields?: ast.Record['fields'];
      elements?: ast.Expression[];
      tuple: boolean;
    }>({
      DEF: [
        {
          GATE: () => this.recordAhead(),
          ALT: () => ({ fields: this.SUBRULE(this.recordFields), tuple: false }),
        },
        { ALT: () => this.SUBRULE(this.elements) },
        { GATE: () => this.next(t.RightParen), ALT: EMPTY_ALT({ elements: [], tuple: true }) },
      ],
      ERR_MSG: 'an expression',
      IGNORE_AMBIGUITIES: true,
    });
    const close = this.CONSUME(t.RightParen);
    return this.ACTION(() => {
      const range = span(open, close);
      if (content.fields) return { kind: 'record', range, fields: content.fields };
      const elements = content.elements ?? [];
      const [only] = elements;
      return only && !content.tuple ? { ...only, range } : { kind: 'tuple', range, elements };
    });
  });

  protected readonly elements = this.RULE('elements', () => {
    const first = this.SUBRULE(this.expression);
    let rest: ast.Expression[] | undefined;
    this.OPTION(() => {
      this.CONSUME(t.Comma);
      const what = "',' or ')'";
      rest = this.commaList(() => this.SUBRULE1(this.expression), t.RightParen, what);
    });
    return { elements: [first, ...(rest ?? [])], tuple: rest !== undefined };
  });

  protected readonly recordFields = this.RULE('recordFields', () => {
    const fields = this.commaList(
      () => {
        const name = this.CONSUME(t.Identifier);
        this.CONSUME(t.Assign);
        const value = this.SUBRULE(this.expression);
        return this.ACTION(() => ({ range: span(name, value), nameToken: name, value }));
      },
      t.RightParen,
      "',' or ')'",
    );
    return this.ACTION(() => {
      const seen = new Set<string>();
      return fields.map(({ range, nameToken, value }) => {
        const name = nameToken.image;
        if (seen.has(name))
          this.report('duplicate-field', `duplicate record field '${name}'`, rangeOf(nameToken));
        seen.add(name);
        return { range, name, value };
      });
    });
  });

  /** Chains of `else if` are read one after the other, so that there may be thousands. */
  protected readonly ifExpression: ParserMethod<[], ast.If | ast.IfChain> = this.RULE(
    'ifExpression',
    (): ast.If | ast.IfChain => {
      const links = [this.SUBRULE(this.ifLink)];
      this.MANY({
        GATE: () => this.next(t.If, 2),
        DEF: () => {
          this.CONSUME(t.Else);
          const link = this.SUBRULE1(this.ifLink);
          this.ACTION(() => links.push(link));
        },
      });
      const otherwise = this.OPTION1(() => {
        this.CONSUME1(t.Else);
        return this.OR<ast.Block | undefined>({
          DEF: [
            { ALT: () => this.SUBRULE1(this.block) },
            // Has been read above: here for what the message says.
            { GATE: () => false, ALT: () => this.CONSUME(t.If) && undefined },
          ],
          ERR_MSG: "'{' or 'if'",
        });
      });
      return this.ACTION(() => chain(links, otherwise));
    },
  );

  private readonly ifLink: ParserMethod<[], ast.If> = this.RULE('ifLink', (): ast.If => {
    const word = this.CONSUME(t.If);
    const comptime = this.OPTION(() => this.CONSUME(t.Comptime)) !== undefined;
    const condition = this.SUBRULE(this.expression);
    const then = this.SUBRULE(this.block);
    return this.ACTION(() => ({
      ...{ kind: 'if', range: span(word, then), comptime, condition, then, else: undefined },
    }));
  });
}

/** More than that stand side by side. */
const MOST_IN_EACH_OTHER = 100;

/** `if` and its `else if`, each in the one before, with the last `else` in the last. */
function chain(links: readonly ast.If[], otherwise: ast.Block | undefined): ast.If | ast.IfChain {
  const [first] = links;
  if (!first) throw new Error('an if has a condition');
  const end = otherwise ?? links.at(-1) ?? first;
  if (links.length > MOST_IN_EACH_OTHER)
    return { kind: 'if-chain', range: span(first, end), links, else: otherwise };
  return links
    .slice(0, -1)
    .reduceRight<ast.If>((inner, link) => ({ ...link, range: span(link, end), else: inner }), {
      ...(links.at(-1) ?? first),
      range: span(links.at(-1) ?? first, end),
      else: otherwise,
    });
}

function fieldAccess(base: ast.Expression, name: IToken, arrow: boolean): ast.FieldAccess {
  const range = span(base, name);
  return { kind: 'field', range, base, field: name.image, fieldRange: rangeOf(name), arrow };
}

function step(operator: IToken, target: ast.Expression, prefix: boolean): ast.IncDec {
  const range = prefix ? span(operator, target) : span(target, operator);
  return { kind: 'inc-dec', range, operator: operator.image as '++' | '--', prefix, target };
}
