/** Grammar of types, and of the operators that take one. */
import type * as ast from './ast.ts';
import { BaseParser, rangeOf, span } from './base-parser.ts';
import type { IToken, ParserMethod } from './chevrotain.ts';
import * as t from './tokens.ts';

type TypeBase = ast.TypeRef['base'];
type TypeSuffix = ast.TypeRef['suffixes'][number];

export abstract class TypeParser extends BaseParser {
  abstract readonly expression: ParserMethod<[], ast.Expression>;

  protected readonly typeQuery = this.RULE('typeQuery', (): ast.TypeQuery => {
    const word = this.OR([
      { ALT: () => this.CONSUME(t.SizeOf) },
      { ALT: () => this.CONSUME(t.TypeInfo) },
    ]);
    this.CONSUME(t.LeftParen);
    const of = this.SUBRULE(this.typeOrExpression);
    const close = this.CONSUME(t.RightParen);
    return this.ACTION(() => ({
      kind: word.tokenType === t.SizeOf ? 'sizeof' : 'typeinfo',
      range: span(word, close),
      of,
    }));
  });

  protected readonly offsetOf = this.RULE('offsetOf', (): ast.OffsetOf => {
    const word = this.CONSUME(t.OffsetOf);
    this.CONSUME(t.LeftParen);
    const of = this.SUBRULE(this.typeOrExpression);
    this.CONSUME(t.Comma);
    const path = [this.CONSUME(t.Identifier).image];
    this.MANY(() => {
      this.CONSUME(t.Dot);
      path.push(this.CONSUME1(t.Identifier).image);
    });
    const close = this.CONSUME(t.RightParen);
    return this.ACTION(() => ({ kind: 'offsetof', range: span(word, close), of, path }));
  });

  protected readonly typeOrExpression: ParserMethod<[], ast.TypeRef | ast.Expression> = this.RULE(
    'typeOrExpression',
    () =>
      this.OR<ast.TypeRef | ast.Expression>({
        DEF: [
          { GATE: () => this.typeAhead(), ALT: () => this.SUBRULE(this.type) },
          { ALT: () => this.SUBRULE(this.expression) },
        ],
        ERR_MSG: 'a type or an expression',
        IGNORE_AMBIGUITIES: true,
      }),
  );

  protected readonly type: ParserMethod<[], ast.TypeRef> = this.RULE('type', (): ast.TypeRef => {
    const first = this.LA(1);
    const base = this.OR<TypeBase>({
      DEF: [
        {
          GATE: () => this.next(t.Identifier, 2),
          ALT: () => this.SUBRULE(this.aggregateType),
        },
        {
          GATE: () => this.next(t.LeftParen, 2),
          ALT: () => {
            this.CONSUME(t.TypeOf);
            this.CONSUME(t.LeftParen);
            const of = this.SUBRULE(this.typeOrExpression);
            this.CONSUME(t.RightParen);
            return { kind: 'typeof', of };
          },
        },
        { ALT: () => ({ kind: 'name', name: this.CONSUME(t.Identifier).image }) },
      ],
      ERR_MSG: 'a type',
      IGNORE_AMBIGUITIES: true,
    });
    const suffixes: TypeSuffix[] = [];
    this.MANY(() => {
      this.OR1([
        {
          ALT: () => {
            this.CONSUME(t.Star);
            suffixes.push({ kind: 'pointer' });
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.LeftBracket);
            const size = this.OPTION(() => this.CONSUME(t.Integer));
            this.CONSUME(t.RightBracket);
            this.ACTION(() => suffixes.push({ kind: 'array', size: size && this.arraySize(size) }));
          },
        },
      ]);
    });
    return this.ACTION(() => ({ kind: 'type', range: span(first, this.LA(0)), base, suffixes }));
  });

  private arraySize(token: IToken): number {
    const value = this.integerValue(token);
    if (value <= 0x7fff_ffffn) return Number(value);
    this.report('invalid-type', `array size ${token.image} is out of range`, rangeOf(token));
    return 0;
  }

  protected readonly aggregateType = this.RULE('aggregateType', (): TypeBase => {
    const word = this.OR([
      { ALT: () => this.CONSUME(t.Struct) },
      { ALT: () => this.CONSUME(t.Union) },
      { ALT: () => this.CONSUME(t.Enum) },
    ]);
    const name = this.CONSUME(t.Identifier);
    return this.ACTION(() => ({
      kind: word.image as 'struct' | 'union' | 'enum',
      name: name.image,
    }));
  });
}
