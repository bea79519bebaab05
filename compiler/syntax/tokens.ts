/**
 * The vocabulary and the lexer. There are no reserved words: every keyword is also an `Identifier`, and the
 * grammar says where it means more.
 *
 * Modes, because the text outside blocks is read differently:
 * - `root`: attach points raw, C preamble verbatim; the start of an item
 * - `code`: inside braces
 * - `predicate`: between slashes; a `/` before `{` ends it
 * - `item`: the head of a config block, macro or function, up to its brace
 * - `declaration`: a map declaration, up to its `)` or `;`
 * - `list`: the head of a list of probes, up to its brace, and `listed`: the probes in its braces
 */
import { createToken, Lexer, type TokenType } from './chevrotain.ts';
import { attachPointEnd, definitionEnd } from './scan.ts';

type TokenOptions = Parameters<typeof createToken>[0];

/** `label` is how messages name the token. */
function token(
  name: string,
  pattern: TokenOptions['pattern'],
  options: Partial<TokenOptions> = {},
): TokenType {
  return createToken({ name, ...(pattern === undefined ? {} : { pattern }), ...options });
}

/** What a pattern can begin with, which the lexer is told and does not find out (lexer.ts). */
function beginning(...characters: readonly string[]): Pick<TokenOptions, 'start_chars_hint'> {
  return { start_chars_hint: characters.flatMap((each) => [...each]) };
}

function symbol(name: string, text: string, options: Partial<TokenOptions> = {}): TokenType {
  return token(name, text, { label: `'${text}'`, ...options });
}

const DIGITS = '0123456789';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_';

// ---- layout --------------------------------------------------------------------------------------

const LAYOUT = '(?:[ \\t\\r\\n\\v\\f]|\\/\\/[^\\n]*\\n|\\/\\*(?:[^*]|\\*(?!\\/))*\\*\\/)*';

const WhiteSpace = token('WhiteSpace', /[ \t\r\n\v\f]+/, {
  group: Lexer.SKIPPED,
  ...beginning(' \t\r\n\v\f'),
});
/** Comments are no part of the token stream; the formatter asks for their group. */
const comments = { group: 'comments', ...beginning('/') };
const LineComment = token('LineComment', /\/\/[^\n]*/, comments);
const BlockComment = token('BlockComment', /\/\*(?:[^*]|\*(?!\/))*\*\//, comments);
/** Not in the token stream: a group of its own. */
const UnterminatedComment = token('UnterminatedComment', /\/\*[\s\S]*/, {
  group: 'unterminatedComments',
  ...beginning('/'),
});
/** As in shell and Python; the parser reports them. At the root it would be a line for the preprocessor. */
const ForeignComment = token('ForeignComment', /#[^\n]*/, {
  group: 'foreignComments',
  start_chars_hint: ['#'],
});
const Shebang = token(
  'Shebang',
  (text: string, offset: number): [string] | null =>
    offset === 0 && text.startsWith('#!') ? [/^[^\n]*/.exec(text)?.[0] ?? text] : null,
  { group: Lexer.SKIPPED, start_chars_hint: ['#'] },
);
const layout = [WhiteSpace, LineComment, BlockComment, UnterminatedComment];

// ---- words, values -------------------------------------------------------------------------------

export const Identifier = token('Identifier', /[A-Za-z_][A-Za-z0-9_]*/, {
  label: 'a name',
  ...beginning(LETTERS),
});

function keyword(name: string, text: string): TokenType {
  return symbol(name, text, { longer_alt: Identifier, categories: Identifier });
}

export const Break = keyword('Break', 'break');
export const Comptime = keyword('Comptime', 'comptime');
export const Continue = keyword('Continue', 'continue');
export const Else = keyword('Else', 'else');
export const Enum = keyword('Enum', 'enum');
export const False = keyword('False', 'false');
export const For = keyword('For', 'for');
export const If = keyword('If', 'if');
export const Import = keyword('Import', 'import');
export const Let = keyword('Let', 'let');
export const OffsetOf = keyword('OffsetOf', 'offsetof');
export const Return = keyword('Return', 'return');
export const SizeOf = keyword('SizeOf', 'sizeof');
export const Struct = keyword('Struct', 'struct');
export const True = keyword('True', 'true');
export const TypeInfo = keyword('TypeInfo', 'typeinfo');
export const TypeOf = keyword('TypeOf', 'typeof');
export const Union = keyword('Union', 'union');
export const Unroll = keyword('Unroll', 'unroll');
export const While = keyword('While', 'while');

const keywords = [
  ...[Break, Comptime, Continue, Else, Enum, False, For, If, Import, Let, OffsetOf, Return],
  ...[SizeOf, Struct, True, TypeInfo, TypeOf, Union, Unroll, While],
];

export const Variable = token('Variable', /\$[A-Za-z_][A-Za-z0-9_]*/, {
  label: 'a variable',
  ...beginning('$'),
});
export const Positional = token('Positional', /\$[0-9]+/, {
  label: 'a positional parameter',
  ...beginning('$'),
});
export const ParameterCount = token('ParameterCount', '$#', { label: "'$#'" });
export const MapName = token('MapName', /@(?:[A-Za-z_][A-Za-z0-9_]*)?/, {
  label: 'a map',
  ...beginning('@'),
});
/** Suffixes and wrong ones included: literals.ts judges them. */
export const Integer = token('Integer', /[0-9][A-Za-z0-9_]*/, {
  label: 'a number',
  ...beginning(DIGITS),
});

/** Every quoted text, also the malformed ones, which the parser reports when it builds them. */
export const Quoted = token('Quoted', Lexer.NA, { label: 'a string' });
export const StringText = token('String', /"(?:[^"\\\n]|\\[^\n])*"/, {
  label: 'a string',
  categories: Quoted,
  ...beginning('"'),
});
export const UnterminatedString = token('UnterminatedString', /"(?:[^"\\\n]|\\[^\n])*\\?/, {
  label: 'an unterminated string',
  categories: Quoted,
  ...beginning('"'),
});
export const CharacterText = token('Character', /'(?:[^'\\\n]|\\[^\n])*'/, {
  label: 'a character literal',
  categories: Quoted,
  ...beginning("'"),
});
const quoted = [StringText, UnterminatedString, CharacterText];

export function isQuoted(token: { readonly tokenType: TokenType }): boolean {
  return quoted.includes(token.tokenType);
}

// ---- operators -----------------------------------------------------------------------------------

export const AssignmentOperator = token('AssignmentOperator', Lexer.NA, { label: "'='" });
export const BinaryOperator = token('BinaryOperator', Lexer.NA, { label: 'an operator' });
export const PrefixOperator = token('PrefixOperator', Lexer.NA, { label: 'an operator' });
export const StepOperator = token('StepOperator', Lexer.NA, { label: "'++' or '--'" });
const assigns = { categories: AssignmentOperator };
const binary = { categories: BinaryOperator };
const both = { categories: [BinaryOperator, PrefixOperator] };

export const Assign = symbol('Assign', '=', assigns);
const compounds = [
  symbol('ShiftLeftAssign', '<<=', assigns),
  symbol('ShiftRightAssign', '>>=', assigns),
  symbol('AddAssign', '+=', assigns),
  symbol('SubtractAssign', '-=', assigns),
  symbol('MultiplyAssign', '*=', assigns),
  symbol('DivideAssign', '/=', assigns),
  symbol('ModuloAssign', '%=', assigns),
  symbol('AndAssign', '&=', assigns),
  symbol('OrAssign', '|=', assigns),
  symbol('XorAssign', '^=', assigns),
];

export const Increment = symbol('Increment', '++', { categories: StepOperator });
export const Decrement = symbol('Decrement', '--', { categories: StepOperator });
export const Star = symbol('Star', '*', both);
export const Minus = symbol('Minus', '-', both);
export const Ampersand = symbol('Ampersand', '&', both);
export const Slash = symbol('Slash', '/', binary);
export const Not = symbol('Not', '!', { categories: PrefixOperator });
export const Tilde = symbol('Tilde', '~', { categories: PrefixOperator });
const binaries = [
  symbol('LogicalAnd', '&&', binary),
  symbol('LogicalOr', '||', binary),
  symbol('Equal', '==', binary),
  symbol('NotEqual', '!=', binary),
  symbol('ShiftLeft', '<<', binary),
  symbol('ShiftRight', '>>', binary),
  symbol('LessEqual', '<=', binary),
  symbol('GreaterEqual', '>=', binary),
  symbol('Less', '<', binary),
  symbol('Greater', '>', binary),
  symbol('Plus', '+', binary),
  Minus,
  Star,
  symbol('Percent', '%', binary),
  Ampersand,
  symbol('Pipe', '|', binary),
  symbol('Caret', '^', binary),
];

const BEFORE_BRACE = new RegExp(`\\/(?=${LAYOUT}\\{)`);
/** A slash before a brace ends the expression: in a predicate it is the closing one, */
export const PredicateEnd = token('PredicateEnd', BEFORE_BRACE, {
  label: "'/'",
  pop_mode: true,
  ...beginning('/'),
});
/** and elsewhere nothing that the grammar knows. */
const SlashBeforeBrace = token('SlashBeforeBrace', BEFORE_BRACE, {
  label: "'/' before '{'",
  ...beginning('/'),
});

// ---- punctuation ---------------------------------------------------------------------------------

export const LeftParen = symbol('LeftParen', '(');
export const RightParen = symbol('RightParen', ')');
const DeclarationRightParen = symbol('DeclarationRightParen', ')', {
  categories: RightParen,
  pop_mode: true,
});
export const LeftBracket = symbol('LeftBracket', '[');
export const RightBracket = symbol('RightBracket', ']');
export const Comma = symbol('Comma', ',');
export const Semicolon = symbol('Semicolon', ';');
const DeclarationSemicolon = symbol('DeclarationSemicolon', ';', {
  categories: Semicolon,
  pop_mode: true,
});
export const Colon = symbol('Colon', ':');
export const Question = symbol('Question', '?');
export const Dot = symbol('Dot', '.');
export const DotDot = symbol('DotDot', '..');
export const Arrow = symbol('Arrow', '->');
export const LeftCurly = symbol('LeftCurly', '{', { push_mode: 'code' });
/** Leaves the mode of the item's head, so that the body's end is back at the root. */
const ItemLeftCurly = symbol('ItemLeftCurly', '{', {
  categories: LeftCurly,
  pop_mode: true,
  push_mode: 'code',
});
/** Behind it are probes. */
const ListLeftCurly = symbol('ListLeftCurly', '{', {
  categories: LeftCurly,
  pop_mode: true,
  push_mode: 'listed',
});
export const RightCurly = symbol('RightCurly', '}', { pop_mode: true });
const StrayRightCurly = symbol('StrayRightCurly', '}');

/** Texts of brackets, whatever the mode that they are read in. */
export const OPENING: ReadonlySet<string> = new Set(['(', '[', '{']);
export const CLOSING: ReadonlySet<string> = new Set([')', ']', '}']);

// ---- root ----------------------------------------------------------------------------------------

export const PreprocessorLine = token('PreprocessorLine', /#(?:\\\r?\n|[^\n])*/, {
  label: 'a preprocessor line',
});
export const Definition = token(
  'Definition',
  (text: string, offset: number): [string] | null => {
    const end = definitionEnd(text, offset);
    return end === undefined ? null : [text.slice(offset, end)];
  },
  { label: 'a C definition', start_chars_hint: ['s', 'u', 'e'] },
);
export const ConfigStart = token('Config', new RegExp(`config(?=${LAYOUT}=${LAYOUT}\\{)`), {
  label: "'config'",
  push_mode: 'item',
});
export const ImportStart = token('RootImport', new RegExp(`import(?=${LAYOUT}")`), {
  label: "'import'",
});
export const DeclarationStart = token('RootLet', /let(?=[ \t\r\n\v\f@$]|\/[/*])/, {
  label: "'let'",
  push_mode: 'declaration',
});
/** A word with layout and then a name behind it; else it may be a probe. */
function beforeName(word: string): RegExp {
  return new RegExp(`${word}(?![A-Za-z0-9_])(?=${LAYOUT}[A-Za-z_])`);
}
export const MacroStart = token('Macro', beforeName('macro'), {
  label: "'macro'",
  push_mode: 'item',
});
export const FnStart = token('Fn', beforeName('fn'), {
  label: "'fn'",
  push_mode: 'item',
});
export const ListStart = token('RootFor', new RegExp(`for(?![A-Za-z0-9_])(?=${LAYOUT}[$(])`), {
  label: "'for'",
  push_mode: 'list',
});
export const PredicateStart = token('PredicateStart', '/', {
  label: "'/'",
  push_mode: 'predicate',
});
export const AttachPoint = token(
  'AttachPoint',
  (text: string, offset: number): [string] | null => {
    const end = attachPointEnd(text, offset);
    return end === offset ? null : [text.slice(offset, end)];
  },
  { label: 'a probe', line_breaks: false },
);

/** What has no place in the head of an item or a declaration. */
const Other = token('Other', /[^ \t\r\n\v\f]/);

// ---- modes ---------------------------------------------------------------------------------------

/** Tokens that are the same in all code; longer operators before their prefixes. */
const common = [
  ...[Arrow, ...compounds, Increment, Decrement, ...binaries, Assign, Not, Tilde],
  ...[LeftParen, LeftBracket, RightBracket, Comma, Colon, Question, DotDot, Dot],
  ...[ParameterCount, Positional, Variable, MapName, Integer, ...quoted, ...keywords, Identifier],
];

/** What items begin with. */
const items = [
  ...[PreprocessorLine, Definition, ConfigStart, ImportStart, DeclarationStart],
  ...[MacroStart, FnStart, ListStart],
];
/** The head of an item, up to its brace. */
const head = (brace: TokenType): TokenType[] => [
  ...[...layout, ForeignComment, brace, StrayRightCurly, RightParen, Semicolon],
  // Types of parameters can be those of expressions.
  ...[...common, Slash, Other],
];

export const MODES = {
  root: [
    ...[...layout, Shebang, ...items, ...quoted],
    ...[Comma, Semicolon, PredicateStart, LeftCurly, StrayRightCurly, AttachPoint],
  ],
  listed: [
    ...[...layout, ...items, ...quoted],
    ...[Comma, Semicolon, PredicateStart, LeftCurly, RightCurly, AttachPoint],
  ],
  code: [
    ...[
      ...layout,
      ForeignComment,
      LeftCurly,
      RightCurly,
      RightParen,
      Semicolon,
      ...common,
      SlashBeforeBrace,
      Slash,
    ],
  ],
  predicate: [
    ...[...layout, ForeignComment, LeftCurly, StrayRightCurly, RightParen, Semicolon, ...common],
    ...[PredicateEnd, Slash],
  ],
  item: head(ItemLeftCurly),
  list: head(ListLeftCurly),
  declaration: [
    // Of a block, which no declaration has: what comes behind it is a probe again.
    ...[...layout, ItemLeftCurly, StrayRightCurly, LeftParen, DeclarationRightParen],
    ...[DeclarationSemicolon, Assign, Integer, Variable, MapName, Identifier, Other],
  ],
} satisfies Readonly<Record<string, readonly TokenType[]>>;

/** Everything that the parser may name, categories included. */
export const VOCABULARY: readonly TokenType[] = [
  ...new Set([
    ...Object.values(MODES).flat(),
    ...[Quoted, AssignmentOperator, BinaryOperator, PrefixOperator, StepOperator],
  ]),
];
