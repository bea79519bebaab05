/** What people write who know C, awk, Python or another dialect, where the grammar expects something else. */
import { type Hint, inserting, replacing } from '../source/advice.ts';
import type * as ast from './ast.ts';
import { rangeOf } from './base-parser.ts';
import { type IToken, tokenMatcher } from './chevrotain.ts';
import { canNameType } from './names.ts';
import * as t from './tokens.ts';

/** Where the grammar gave up: the token that it did not expect, among its neighbours. */
interface Place {
  readonly found: IToken;
  readonly before: IToken | undefined;
  readonly beforeThat: IToken | undefined;
  /** What stands before it, back to the last end of a statement. */
  readonly statement: readonly IToken[];
  /** It, and what stands behind it. */
  readonly rest: readonly IToken[];
  /** As `expected '/', found '='`. */
  readonly message: string;
}

/** What to write instead, if the mistake is a known one. */
export function adviceOnMistake(
  tokens: readonly IToken[],
  found: IToken,
  message: string,
): readonly Hint[] {
  const index = tokens.indexOf(found);
  const ends = (each: IToken) => [';', '{', '}'].includes(each.image);
  const statement = tokens.slice(tokens.slice(0, index).findLastIndex(ends) + 1, index);
  const place = {
    statement,
    rest: tokens.slice(index),
    found,
    before: tokens[index - 1],
    beforeThat: tokens[index - 2],
    message,
  };
  for (const known of MISTAKES) {
    const hint = known(place);
    if (hint !== undefined) return [hint];
  }
  return [];
}

const MISTAKES: readonly ((place: Place) => Hint | undefined)[] = [
  /** `/pid = 1/`, `if (pid = 1)`. */
  ({ found, message }) =>
    found.tokenType === t.Assign && /^expected (?:',' or )?'[/)]'/.test(message)
      ? replacing("Values are compared with '=='.", rangeOf(found), '=', '==')
      : undefined,
  /** `for (i = 0; i < 5; i++)` */
  ({ statement, rest }) => {
    const start = statement.findLastIndex(({ tokenType }) => tokenType === t.For);
    const head = statement.slice(start);
    if (start < 0 || head[1]?.image !== '(') return undefined;
    head.push(
      ...rest.slice(
        0,
        rest.findIndex(({ image }) => image === '{'),
      ),
    );
    return adviceOnHeadOfC(head);
  },
  /** `int x = 5` */
  ({ found, before }) =>
    before && isTypeOfC(before.image) && tokenMatcher(found, t.Identifier)
      ? replacing(
          `Variables begin with '$' and take the type of their first value: $${found.image} = ...`,
          { start: before.startOffset, end: rangeOf(found).end },
          /^\w+\s+\w+$/,
          `$${found.image}`,
        )
      : undefined,
  /** `let x = 1`. */
  ({ found, message }) =>
    message.startsWith('expected a variable') && isWord(found)
      ? isTypeOfC(found.image)
        ? "Variables begin with '$' and take the type of their first value."
        : inserting("Variables begin with '$'.", found.startOffset, '$')
      : undefined,
  /** `BEGIN printf("hello");` */
  ({ found, message }) =>
    message.startsWith("expected ',', '/' or '{' after the probe") &&
    found.tokenType === t.AttachPoint &&
    found.image.includes('(')
      ? 'The statements of a probe stand in braces: begin { ... }'
      : undefined,
  /** `if comm == "x" then`, `elif`, `elseif`. */
  ({ statement }) =>
    statement.some(({ image }) => /^(?:elif|elseif|elsif)$/.test(image))
      ? "The other condition is written 'else if'."
      : undefined,
  /** `{a: 1}` */
  ({ found, before, beforeThat }) =>
    found.tokenType === t.Colon &&
    before?.tokenType === t.Identifier &&
    beforeThat &&
    tokenMatcher(beforeThat, t.LeftCurly)
      ? 'A record is written in parentheses, with equals signs: (name=value, other=value)'
      : undefined,
];

/** The head of a `for` as C has it, from `for` to `)`; nothing if it is none. */
function adviceOnHeadOfC(head: readonly IToken[]): Hint | undefined {
  const text = head.map(({ image }) => image).join(' ');
  if (!/;.*;/.test(text)) return undefined;
  const [, sign, name, from, comparison, to = ''] = COUNTING.exec(text) ?? [];
  const [first, last] = [head[0], head.at(-1)];
  if (name === undefined || first === undefined || last === undefined)
    return "A loop that goes on while something holds is written 'while (condition) { ... }'; one over numbers 'for ($i : 0..10) { ... }'.";
  const end = comparison === '<' ? to : /^\d+$/.test(to) ? `${Number(to) + 1}` : `(${to} + 1)`;
  const right = `for ($${name} : ${from}..${end})`;
  const hint = `A loop over numbers is written '${right}'; the last number is not in it.`;
  // Without the sign all uses of the name are to be changed, too.
  return sign === '$'
    ? replacing(
        hint,
        { start: first.startOffset, end: rangeOf(last).end },
        /^for\b[\s\S]*\)$/,
        right,
      )
    : hint;
}

const COUNTING =
  /^for \( (?:\w+ )*(\$?)(\w+) = (.+?) ; \$?\2 (<=?) (.+?) ; (?:\$?\2 \+\+|\+\+ \$?\2|\$?\2 \+= 1) \)$/;

/** Names of C's types, and words that stand before them. */
const OF_C =
  /^(?:auto|bool|char|const|double|float|int|long|short|signed|static|unsigned|var|void|u?int(?:8|16|32|64)(?:_t)?|[us](?:8|16|32|64)|(?:s?size|pid)_t)$/;

function isTypeOfC(word: string): boolean {
  return OF_C.test(word);
}

function isWord(token: IToken): boolean {
  return tokenMatcher(token, t.Identifier);
}

/** A text in quotes as word processors make them, up to the end of its line where they are not closed. */
export function foreignText(
  text: string,
  start: number,
): { readonly end: number; readonly isClosed: boolean; readonly advice: Hint } | undefined {
  const at = new RegExp(CURLY, 'y');
  at.lastIndex = start;
  const [image, inner = '', close] = at.exec(text) ?? [];
  if (image === undefined) return undefined;
  const end = start + image.length;
  const hint = 'Strings are written in straight quotes: "..."';
  return close === undefined
    ? { end, isClosed: false, advice: hint }
    : { end, isClosed: true, advice: replacing(hint, { start, end }, image, `"${inner}"`) };
}

// Escaped: the bundle is ASCII (scripts/build.sh), and esbuild leaves expressions as they are.
const CURLY =
  /[\u201c\u201d\u201e\u201f\u00ab\u2018\u2019\u201a\u2039]([^\u201c\u201d\u201e\u201f\u00bb\u2018\u2019\u201a\u203a"\n]*)([\u201c\u201d\u201e\u201f\u00bb\u2018\u2019\u203a"])?/;

/** `i++`, `x = 5`: a name that is none of the language's is meant to be a variable. */
export function adviceOnTarget(target: ast.Expression): readonly Hint[] {
  return target.kind === 'identifier' && canNameType(target.name)
    ? [inserting("Variables begin with '$'.", target.range.start, '$')]
    : [];
}

/** What to write instead of a line that begins with `#` and is none of the preprocessor's: nothing if it is one. */
export function adviceOnLine(text: string, start: number): readonly Hint[] {
  return DIRECTIVE.test(text)
    ? []
    : [replacing("Comments begin with '//'.", { start, end: start + 1 }, '#', '//')];
}

const DIRECTIVE =
  /^#\s*(?:define|undef|include|if|ifdef|ifndef|elif|else|endif|error|warning|pragma|line)\b/;

/**
 * Where the brackets end that are open around a token: what the grammar says of the tokens up to there only follows
 * from its giving up at that one.
 */
export function endOfBrackets(tokens: readonly IToken[], from: IToken): number {
  const index = tokens.indexOf(from);
  if (index < 0) return from.startOffset;
  const open: string[] = [];
  for (const { image } of tokens.slice(0, index)) {
    if (t.OPENING.has(image)) open.push(image);
    else if (t.CLOSING.has(image)) open.pop();
  }
  if (open.at(-1) === undefined || open.at(-1) === '{') return from.startOffset;
  let depth = 1;
  for (const token of tokens.slice(index)) {
    if (t.OPENING.has(token.image)) depth += 1;
    else if (t.CLOSING.has(token.image)) depth -= 1;
    if (depth === 0) return token.startOffset;
    if (token.image === '}') break;
  }
  return from.startOffset;
}
