/**
 * Comments that silence warnings: `// bpfscript: allow(CODE, ...)` behind a statement is for its line, and on a line of
 * its own for the next one that holds more than comments.
 */
import { type Hint, replacing } from '../source/advice.ts';
import { closest, meaning } from '../source/closest.ts';
import { CODES, type DiagnosticCode, isDiagnosticCode, WARNING_CODES } from '../source/codes.ts';
import { positionAt, type Range, type Source } from '../source/source.ts';
import type { IToken } from './chevrotain.ts';

export interface AllowProblem {
  readonly code: 'invalid-allow';
  readonly message: string;
  readonly range: Range;
  readonly hints: readonly Hint[];
}

export interface Allowances {
  /** By line, from 1. */
  readonly lines: ReadonlyMap<number, ReadonlySet<DiagnosticCode>>;
  readonly problems: readonly AllowProblem[];
}

const NONE: Allowances = { lines: new Map(), problems: [] };

const ALLOW = /^(?:\/\/|\/\*)\s*bpfscript:\s*allow\(([^)]*)\)/;

export function readAllowances(
  source: Source,
  comments: readonly IToken[],
  tokens: readonly IToken[],
): Allowances {
  if (!comments.some(({ image }) => ALLOW.test(image))) return NONE;
  const lines = new Map<number, Set<DiagnosticCode>>();
  const problems: AllowProblem[] = [];
  for (const comment of comments) {
    const found = ALLOW.exec(comment.image);
    if (!found) continue;
    const [all, list = ''] = found;
    const line = lineFor(source, comment, tokens);
    const codes = lines.get(line) ?? new Set();
    lines.set(line, codes);
    // Behind the list stands the closing parenthesis.
    let at = comment.startOffset + all.length - 1 - list.length;
    for (const part of list.split(',')) {
      const start = at + part.length - part.trimStart().length;
      const text = part.trim();
      at += part.length + 1;
      if (isDiagnosticCode(text) && CODES[text].severity === 'warning') codes.add(text);
      else problems.push(problem(text, { start, end: start + text.length }));
    }
  }
  return { lines, problems };
}

function lineFor(source: Source, comment: IToken, tokens: readonly IToken[]): number {
  const { line, column } = positionAt(source, comment.startOffset);
  const before = source.text.slice(comment.startOffset - (column - 1), comment.startOffset);
  if (before.trim() !== '') return line;
  const end = comment.startOffset + comment.image.length;
  const next = tokens.find(({ startOffset }) => startOffset >= end);
  return next ? positionAt(source, next.startOffset).line : line;
}

function problem(text: string, range: Range): AllowProblem {
  const { message, near } = unknownWarning(text);
  const hints = near.length === 0 ? [] : [replacing(meaning(near), range, text, ...near)];
  return { code: 'invalid-allow', message, range, hints };
}

/** Why a text is no code that can be silenced, and codes that may have been meant. */
export function unknownWarning(text: string): {
  readonly message: string;
  readonly near: readonly string[];
} {
  if (isDiagnosticCode(text))
    return { message: `'${text}' is an error, which cannot be silenced`, near: [] };
  return { message: `'${text}' is not the code of a warning`, near: closest(text, WARNING_CODES) };
}
