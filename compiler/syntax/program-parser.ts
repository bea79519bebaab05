/** Grammar of what stands outside blocks: C preamble, header, map declarations, macros, functions; probes are in probe-parser.ts. */
import type { Hint } from '../source/advice.ts';
import type * as ast from './ast.ts';
import { type Analysis, GrammarNeeded, rangeOf, span, variable } from './base-parser.ts';
import { EMPTY_ALT, EOF, type IToken } from './chevrotain.ts';
import { takeChoices } from './lookahead.ts';
import { adviceOnLine } from './mistakes.ts';
import { ProbeParser } from './probe-parser.ts';
import * as t from './tokens.ts';
import { blockAsValue } from './values.ts';

type Item = ast.CItem | ast.ConfigBlock | ast.Import | ast.RootItem;
type MacroParameter = ast.Macro['parameters'][number];

export class ProgramParser extends ProbeParser {
  private readonly analysis: Analysis;

  constructor(analysis: Analysis) {
    super(analysis);
    this.analysis = analysis;
    if (analysis === 'ready') takeChoices(this);
    else this.performSelfAnalysis();
  }

  /** Messages are made of it. */
  override getGAstProductions(): ReturnType<ProbeParser['getGAstProductions']> {
    if (this.analysis === 'ready') throw new GrammarNeeded();
    return super.getGAstProductions();
  }

  readonly program = this.RULE('program', (): ast.Program => {
    const items: Item[] = [];
    const element = (): void => {
      items.push(this.SUBRULE(this.item));
    };
    // As in blocks: MANY would leave the loop at what begins no item.
    if (this.RECORDING_PHASE) this.MANY(element);
    else while (!this.next(EOF)) this.recovering(element, (start) => this.skipItem(start));
    return this.ACTION(() => this.assemble(items));
  });

  protected readonly item = this.RULE('item', () =>
    this.OR<Item>({
      DEF: [
        { ALT: () => this.SUBRULE(this.cItem) },
        { ALT: () => this.SUBRULE(this.config) },
        { ALT: () => this.SUBRULE(this.rootImport) },
        { ALT: () => this.SUBRULE(this.mapDeclaration) },
        { ALT: () => this.SUBRULE(this.macro) },
        { ALT: () => this.SUBRULE(this.fn) },
        { ALT: () => this.SUBRULE(this.probeList) },
        { ALT: () => this.SUBRULE(this.probe) },
      ],
      ERR_MSG: 'a probe',
    }),
  );

  /** Sorts items into their sections; reports those that stand in the wrong place. */
  private assemble(items: readonly Item[]): ast.Program {
    const preamble: ast.CItem[] = [];
    const imports: ast.Import[] = [];
    const root: ast.RootItem[] = [];
    let config: ast.ConfigBlock | undefined;
    const early = (what: string, item: Item, ...hints: readonly Hint[]): void => {
      const message = `${what} must appear before probes and functions`;
      if (root.length > 0) this.report('misplaced-item', message, item.range, ...hints);
    };
    for (const item of items) {
      if ('text' in item) {
        const isLine = item.kind === 'c-line';
        const hints = isLine ? adviceOnLine(item.text, item.range.start) : [];
        early('C definitions', item, ...hints);
        preamble.push(item);
      } else if (item.kind === 'config') {
        early('config', item);
        if (config) this.report('duplicate-config', 'only one config block is allowed', item.range);
        config = item;
      } else if (item.kind === 'import') {
        early('root imports', item);
        imports.push(item);
      } else root.push(item);
    }
    const [first] = items;
    const last = items.at(-1);
    const range = first && last ? span(first, last) : { start: 0, end: 0 };
    return { kind: 'program', range, preamble, config, imports, items: root };
  }

  // ---- preamble and header -----------------------------------------------------------------------

  protected readonly cItem = this.RULE('cItem', (): ast.CItem => {
    const token = this.OR([
      { ALT: () => this.CONSUME(t.PreprocessorLine) },
      { ALT: () => this.CONSUME(t.Definition) },
    ]);
    return this.ACTION(() => ({
      kind: token.tokenType === t.Definition ? 'c-definition' : 'c-line',
      range: rangeOf(token),
      text: token.image,
    }));
  });

  protected readonly config = this.RULE('config', (): ast.ConfigBlock => {
    const word = this.CONSUME(t.ConfigStart);
    this.CONSUME(t.Assign);
    this.CONSUME(t.LeftCurly);
    const entries: ast.ConfigEntry[] = [];
    this.MANY(() => {
      entries.push(this.SUBRULE(this.configEntry));
      this.OR({
        DEF: [
          { ALT: () => this.CONSUME(t.Semicolon) },
          { GATE: () => this.next(t.RightCurly), ALT: EMPTY_ALT() },
        ],
        ERR_MSG: "';' or '}'",
      });
    });
    const close = this.CONSUME(t.RightCurly);
    return this.ACTION(() => ({ kind: 'config', range: span(word, close), entries }));
  });

  protected readonly configEntry = this.RULE('configEntry', (): ast.ConfigEntry => {
    const key = this.CONSUME(t.Identifier);
    this.CONSUME(t.Assign);
    const token = this.OR({
      DEF: [
        { ALT: () => this.CONSUME(t.Quoted) },
        { ALT: () => this.CONSUME(t.Integer) },
        { ALT: () => this.CONSUME1(t.Identifier) },
      ],
      ERR_MSG: 'a string, an integer, true, false or a word',
    });
    return this.ACTION(() => ({
      range: span(key, token),
      key: key.image,
      keyRange: rangeOf(key),
      value: this.configValue(token),
    }));
  });

  private configValue(token: IToken): ast.ConfigEntry['value'] {
    if (token.tokenType === t.Integer) return { kind: 'int', value: this.integerValue(token) };
    if (token.tokenType === t.True || token.tokenType === t.False)
      return { kind: 'bool', value: token.tokenType === t.True };
    return t.isQuoted(token)
      ? { kind: 'string', value: this.stringValue(token) }
      : { kind: 'word', value: token.image };
  }

  protected readonly rootImport = this.RULE('rootImport', (): ast.Import => {
    const word = this.CONSUME(t.ImportStart);
    const path = this.CONSUME(t.Quoted);
    this.CONSUME(t.Semicolon);
    return this.ACTION(() => ({
      kind: 'import',
      range: span(word, path),
      path: this.stringValue(path),
    }));
  });

  // ---- root items --------------------------------------------------------------------------------

  protected readonly mapDeclaration = this.RULE('mapDeclaration', (): ast.MapDeclaration => {
    const word = this.CONSUME(t.DeclarationStart);
    const map = this.CONSUME(t.MapName, {
      ERR_MSG: 'root-level let statements need to be map declarations, such as: let @a = hash(5);',
    });
    this.CONSUME(t.Assign);
    const kind = this.CONSUME(t.Identifier);
    this.CONSUME(t.LeftParen);
    const size = this.CONSUME(t.Integer);
    const close = this.CONSUME(t.RightParen);
    this.OPTION(() => this.CONSUME(t.Semicolon));
    return this.ACTION(() => ({
      kind: 'map-declaration',
      range: span(word, close),
      map: map.image,
      mapKind: kind.image,
      mapKindRange: rangeOf(kind),
      maxEntries: this.integerValue(size),
    }));
  });

  protected readonly macro = this.RULE('macro', (): ast.Macro => {
    const word = this.CONSUME(t.MacroStart);
    const name = this.CONSUME(t.Identifier);
    this.CONSUME(t.LeftParen);
    const item = (): MacroParameter => this.SUBRULE(this.macroParameter);
    const parameters = this.commaList(item, t.RightParen, "',' or ')'");
    this.CONSUME(t.RightParen);
    const body = this.SUBRULE(this.block);
    return this.ACTION(() => ({
      kind: 'macro',
      range: span(word, body),
      name: name.image,
      parameters,
      body: blockAsValue(body, this.terminated),
    }));
  });

  protected readonly macroParameter = this.RULE('macroParameter', () =>
    this.OR<MacroParameter>({
      DEF: [
        {
          ALT: () => {
            const token = this.CONSUME(t.Variable);
            return this.ACTION(() => variable(token));
          },
        },
        {
          ALT: () => {
            const token = this.CONSUME(t.MapName);
            return this.ACTION(() => ({ kind: 'map', range: rangeOf(token), name: token.image }));
          },
        },
        {
          ALT: () => {
            const token = this.CONSUME(t.Identifier);
            return this.ACTION(() => ({
              kind: 'expression',
              range: rangeOf(token),
              name: this.newName(token, 'a macro parameter'),
            }));
          },
        },
      ],
      ERR_MSG: 'a macro parameter ($variable, @map or name)',
    }),
  );

  protected readonly fn = this.RULE('fn', (): ast.Fn => {
    const word = this.CONSUME(t.FnStart);
    const name = this.CONSUME(t.Identifier);
    this.CONSUME(t.LeftParen);
    const parameters = this.commaList(
      () => {
        const parameter = this.CONSUME(t.Variable);
        this.CONSUME(t.Colon);
        const type = this.SUBRULE(this.type);
        return this.ACTION(() => ({ range: span(parameter, type), name: parameter.image, type }));
      },
      t.RightParen,
      "',' or ')'",
    );
    this.CONSUME(t.RightParen);
    this.CONSUME1(t.Colon);
    const returns = this.SUBRULE1(this.type);
    const body = this.SUBRULE(this.block);
    return this.ACTION(() => ({
      kind: 'fn',
      range: span(word, body),
      name: name.image,
      parameters,
      returns,
      body,
    }));
  });
}
