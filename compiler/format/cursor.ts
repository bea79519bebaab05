/**
 * The script's tokens in their order, each with the comments around it. The formatter walks the tree and
 * takes token after token, so that nothing is lost and nothing added: it changes white space only.
 */
import type { ConcreteSyntax, Piece } from '../syntax/parse.ts';
import { type CommentDoc, concat, type Doc, text } from './doc.ts';

export interface Cursor {
  /** The text of the token `ahead` of the next one; '' at the end. */
  peek(ahead?: number): string;
  /** Where that token starts. */
  start(ahead?: number): number;
  /** The next token with its comments. A token that is not the expected one is an error of ours. */
  take(expected?: string): Doc;
  /** The comments before the next token, taken off it: they end a block or the script. */
  comments(): readonly Doc[];
  /** What separates the next token, with the comments before it, from what was before. */
  gap(): { readonly newLine: boolean; readonly blank: boolean };
  /** Whether comments stand before the next token. */
  hasComments(): boolean;
}

/** A token with its comments. */
interface Placed {
  readonly token: Piece;
  readonly leading: readonly Doc[];
  readonly trailing: readonly Doc[];
  /** Line feeds before the first of it. */
  readonly lineFeeds: number;
}

/** Tokens that a comment before them on their line does not belong to, but to what is before it. */
const CLOSERS: ReadonlySet<string> = new Set([')', ']', ',', ';', '{']);

/** `script` is the text that the tokens' places point into. */
export function createCursor(syntax: ConcreteSyntax, script: string): Cursor {
  const tokens = place(syntax, script);
  let at = 0;
  let commentsTaken = false;
  const end = tokens.at(-1);
  const placed = (ahead: number): Placed => {
    const found = tokens[at + ahead] ?? end;
    if (!found) throw new Error('a script without an end');
    return found;
  };
  return {
    peek: (ahead = 0) => placed(ahead).token.text,
    start: (ahead = 0) => placed(ahead).token.start,
    take(expected) {
      const { token, leading, trailing } = placed(0);
      if (token.text === '' || (expected !== undefined && token.text !== expected))
        throw new Error(`the formatter is at '${token.text}', not at '${expected ?? 'a token'}'`);
      const before = commentsTaken ? [] : leading;
      at += 1;
      commentsTaken = false;
      return concat(...before, text(token.text), ...trailing);
    },
    comments() {
      const { leading } = placed(0);
      const before = commentsTaken ? [] : leading;
      commentsTaken = true;
      return before;
    },
    gap() {
      const { lineFeeds } = placed(0);
      return { newLine: lineFeeds > 0, blank: lineFeeds > 1 };
    },
    hasComments: () => !commentsTaken && placed(0).leading.length > 0,
  };
}

/** Gives every comment to the token before or behind it; the last entry is the end of the script. */
function place({ tokens, comments }: ConcreteSyntax, script: string): readonly Placed[] {
  const ends: readonly Piece[] = [...tokens, { text: '', start: script.length }];
  const result: Placed[] = [];
  const trailings: Doc[][] = ends.map(() => []);
  let next = 0;
  let from = /^#![^\n]*/.exec(script)?.[0].length ?? 0;
  ends.forEach((token, index) => {
    const first = next;
    while ((comments[next]?.start ?? token.start) < token.start) next += 1;
    const between = comments.slice(first, next);
    const feeds = lineFeedsBetween(from, [...between, token], script);
    const same = trailingCount(index, between, feeds);
    const last = feeds[same] === undefined || feeds[same] > 0 || token.text === '';
    const trailing = last || CLOSERS.has(token.text) ? between.slice(0, same) : [];
    trailings[index - 1]?.push(
      ...trailing.map((piece) => (last ? comment(piece, false, false) : text(` ${piece.text}`))),
    );
    const leading = between.slice(trailing.length).map((piece, position, pieces) => {
      const behind = feeds[trailing.length + position + 1] ?? 0;
      // What stands on a line with nothing but comments has no token to stand before.
      const rest = feeds.slice(trailing.length + position + 1).some((count) => count > 0);
      const alone = rest || token.text === '' || pieces.at(-1)?.text.startsWith('//') === true;
      return alone ? comment(piece, true, behind > 1) : text(`${piece.text} `);
    });
    result.push({
      token,
      leading,
      trailing: trailings[index] ?? [],
      lineFeeds: feeds[trailing.length] ?? 0,
    });
    from = token.start + token.text.length;
  });
  return result;
}

/** Line feeds before each of the pieces. */
function lineFeedsBetween(
  from: number,
  pieces: readonly Piece[],
  script: string,
): readonly number[] {
  let end = from;
  return pieces.map(({ text: content, start }) => {
    const count = script.slice(end, start).split('\n').length - 1;
    end = start + content.length;
    return count;
  });
}

/** How many of the comments begin on the line on which the token before them ends. */
function trailingCount(
  index: number,
  comments: readonly Piece[],
  feeds: readonly number[],
): number {
  if (index === 0) return 0;
  const first = comments.findIndex((_piece, position) => (feeds[position] ?? 0) > 0);
  return first === -1 ? comments.length : first;
}

function comment(piece: Piece, ownLine: boolean, blankAfter: boolean): CommentDoc {
  const [first = '', ...rest] = piece.text.split('\n').map((line) => line.trimEnd());
  const aligned = rest.every((line) => line.trimStart().startsWith('*'));
  const lines = [first, ...(aligned ? rest.map((line) => ` ${line.trimStart()}`) : rest)];
  return { kind: 'comment', lines, aligned, ownLine, blankAfter, breaks: true };
}
