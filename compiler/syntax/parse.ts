/** From text to tree. chevrotain ends here: nothing outside this folder knows of it. */
import { type Advice, type Hint, inserting } from '../source/advice.ts';
import type { ErrorCode } from '../source/codes.ts';
import type { Diagnostics } from '../source/diagnostics.ts';
import { positionAt, type Range, type Source } from '../source/source.ts';
import { type Allowances, readAllowances } from './allow.ts';
import type * as ast from './ast.ts';
import { GrammarNeeded, rangeOf } from './base-parser.ts';
import { EOF, type IRecognitionException, type IToken, tokenMatcher } from './chevrotain.ts';
import { createLexer } from './lexer.ts';
import { describe } from './messages.ts';
import { type MetricComment, mayHaveMetrics, readMetricComments } from './metric-comments.ts';
import { adviceOnLine, adviceOnMistake, endOfBrackets, foreignText } from './mistakes.ts';
import { tooDeepNode } from './nesting.ts';
import { ProgramParser } from './program-parser.ts';
import * as t from './tokens.ts';

/**
 * Deepest nesting of brackets. This parser and the passes behind it recurse: of the forms that nest by brackets, tuples
 * and calls take the most of Node's stack, which ends at 154 of them.
 */
const MAX_NESTING = 144;

interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly range: Range;
  readonly hints: readonly Hint[];
  /** Nothing behind it on its line is what it was meant to be. */
  readonly hidesRest?: boolean;
}

// Built on first use: `--help` and most commands on objects never parse.
const lexer = lazy(createLexer);
const parser = lazy(() => new ProgramParser('ready'));
/** Of a script with errors: only it can say what the grammar misses. */
const analysed = lazy(() => new ProgramParser('analysed'));

/** The tree of a script, or undefined after at least one error. Messages begin with `syntax: `. */
export function parse(source: Source, diagnostics: Diagnostics): ast.Program | undefined {
  const lexed = lexer().tokenize(source.text);
  const { problems } = allowancesOf(source, lexed);
  for (const { code, message, range, hints } of problems)
    diagnostics.error(code, message, range, ...hints);
  return parseTokens(source, lexed, diagnostics);
}

/** What the comments of a script say of maps as metrics. */
export function readMetricsOf(source: Source): readonly MetricComment[] {
  if (!mayHaveMetrics(source)) return [];
  return readMetricComments(lexer().tokenize(source.text).groups.comments ?? []);
}

/** Which warnings the comments of a script silence. */
export function readAllowed(source: Source): Allowances['lines'] {
  return allowancesOf(source, lexer().tokenize(source.text)).lines;
}

function allowancesOf(source: Source, { tokens, groups }: Lexed): Allowances {
  return readAllowances(source, groups.comments ?? [], tokens);
}

/** A piece of the script's text that keeps its wording whatever its surroundings look like. */
export interface Piece {
  readonly text: string;
  readonly start: number;
}

/** A script with all that its tree leaves out but its text is made of. */
export interface ConcreteSyntax {
  readonly program: ast.Program;
  /** Without layout, comments and shebang. */
  readonly tokens: readonly Piece[];
  readonly comments: readonly Piece[];
}

/** As `parse`, with the tokens and comments beside the tree. */
export function parseConcrete(
  source: Source,
  diagnostics: Diagnostics,
): ConcreteSyntax | undefined {
  const lexed = lexer().tokenize(source.text);
  const program = parseTokens(source, lexed, diagnostics);
  const { tokens, groups } = lexed;
  return (
    program && { program, tokens: tokens.map(piece), comments: (groups.comments ?? []).map(piece) }
  );
}

function piece(token: IToken): Piece {
  return { text: token.image, start: token.startOffset };
}

type Lexed = ReturnType<ReturnType<typeof lexer>['tokenize']>;

function parseTokens(
  source: Source,
  { tokens, groups, errors }: Lexed,
  diagnostics: Diagnostics,
): ast.Program | undefined {
  const lexical: Problem[] = [];
  let quoted = 0;
  for (const { offset, length } of errors) {
    // What stands between curly quotes is no code.
    if (offset < quoted) continue;
    const text = foreignText(source.text, offset);
    quoted = text?.end ?? quoted;
    const range = { start: offset, end: offset + (text ? 1 : length) };
    lexical.push({
      code: text?.isClosed === false ? 'unterminated' : 'syntax-error',
      message: `unexpected ${quote(source.text, range)}`,
      range,
      hints: text ? [text.advice] : [],
      ...(text ? { hidesRest: true } : {}),
    });
  }
  for (const comment of groups.foreignComments ?? []) {
    const range = { start: comment.startOffset, end: comment.startOffset + 1 };
    const hints = adviceOnLine(comment.image, comment.startOffset);
    lexical.push({ code: 'syntax-error', message: "unexpected character '#'", range, hints });
  }
  for (const comment of groups.unterminatedComments ?? []) {
    const range = { start: comment.startOffset, end: comment.startOffset + 2 };
    lexical.push({ code: 'unterminated', message: 'unterminated comment', range, hints: [] });
  }
  const deep = nestedTooDeeply(tokens);
  if (deep) {
    add(diagnostics, [...lexical, deep]);
    return undefined;
  }

  const program = (instance: ProgramParser) => instance.program();
  const attempt = parseWith(parser(), tokens, program);
  const {
    result,
    built,
    errors: missing,
  } = attempt.errors?.length === 0 ? attempt : parseWith(analysed(), tokens, program);
  const range = result && tooDeepNode(result);
  if (range) built.push({ code: 'nesting-depth', message: TOO_DEEP, range, hints: [] });
  const problems = [
    ...lexical,
    ...built,
    ...grammarProblems(source, tokens, missing ?? [], [...lexical, ...built]),
  ];
  add(diagnostics, problems);
  return problems.length === 0 ? result : undefined;
}

interface Attempt<T> {
  readonly result: T | undefined;
  /** What building the nodes found. */
  readonly built: Problem[];
  /** Undefined for those that only the analysed parser can name. */
  readonly errors: readonly IRecognitionException[] | undefined;
}

function parseWith<T>(
  instance: ProgramParser,
  tokens: IToken[],
  rule: (instance: ProgramParser) => T,
): Attempt<T> {
  const built: Problem[] = [];
  instance.input = tokens;
  instance.report = (code, message, range, ...hints) => built.push({ code, message, range, hints });
  try {
    const result = rule(instance);
    return { result, built, errors: instance.errors };
  } catch (error) {
    if (error instanceof GrammarNeeded) return { result: undefined, built, errors: undefined };
    // Chains without brackets (`!!!!x`, `else if`) nest too. V8 says so with a RangeError.
    if (!(error instanceof RangeError)) throw error;
    return { result: undefined, built: [...built, tooDeep(deepest(tokens))], errors: [] };
  } finally {
    // It stays, and would keep them.
    instance.input = [];
  }
}

/** A text that is one expression, such as a macro's replacement; undefined if it is anything else. */
export function parseExpression(text: string): ast.Expression | undefined {
  const { tokens, groups, errors } = lexer().tokenize(text, 'code');
  if (errors.length > 0 || groups.unterminatedComments?.length || nestedTooDeeply(tokens))
    return undefined;
  const {
    result,
    built,
    errors: missing,
  } = parseWith(parser(), tokens, (instance) => instance.expression());
  return built.length === 0 && missing?.length === 0 ? result : undefined;
}

/** chevrotain's errors, without those that only follow from another problem. */
function grammarProblems(
  source: Source,
  tokens: readonly IToken[],
  errors: readonly IRecognitionException[],
  others: readonly Problem[],
): readonly Problem[] {
  // A text that lost its end swallows what the grammar then misses, on its line or to the end of the script.
  const unterminated = others.filter(({ code, hidesRest }) => code === 'unterminated' || hidesRest);
  const broken = Math.min(...unterminated.map(({ range }) => range.start));
  let understood = -1;
  const problems = errors
    .filter(({ token }) => unterminated.length === 0 || token.tokenType !== EOF)
    .filter(({ token }) => {
      if (token.startOffset <= understood) return false;
      understood = endOfBrackets(tokens, token);
      return true;
    })
    .map((error) => grammarProblem(error, source, tokens))
    .filter(({ range }) => range.start < broken);
  // Where braces do not balance, all that follows the first error is guesswork.
  return unclosedBraces(tokens).length === 0 ? problems : problems.slice(0, 1);
}

function add(diagnostics: Diagnostics, problems: readonly Problem[]): void {
  const sorted = problems.toSorted((a, b) => a.range.start - b.range.start);
  for (const { code, message, range, hints } of sorted)
    diagnostics.error(code, `syntax: ${message}`, range, ...hints);
}

function grammarProblem(
  error: IRecognitionException,
  source: Source,
  tokens: readonly IToken[],
): Problem {
  const code = 'syntax-error';
  const { token, previousToken } = error as IRecognitionException & { previousToken?: IToken };
  const message =
    error.name === 'NotAllInputParsedException'
      ? `expected a probe, found ${describe(token)}`
      : error.message;

  const last = previousToken?.tokenType === EOF ? tokens.at(-1) : (previousToken ?? tokens.at(-1));
  const range = last ? rangeOf(last) : { start: 0, end: 0 };
  const missing = missingToken(message, previousToken?.tokenType === EOF ? undefined : last);
  if (token.tokenType !== EOF) {
    const known = adviceOnMistake(tokens, token, message);
    const hints = known.length > 0 ? known : missing;
    return { code, message, range: rangeOf(token), hints };
  }
  const unclosed = unclosedBraces(tokens).at(-1);
  if (!unclosed) return { code, message, range, hints: missing };
  const { line, column } = positionAt(source, unclosed.startOffset);
  return {
    code,
    message,
    range,
    hints: [`The '{' at ${line}:${column} is not closed.`, ...missing],
  };
}

/** Puts in what has to stand behind the last token that was understood, if that is one mark. */
function missingToken(message: string, last: IToken | undefined): readonly Advice[] {
  const mark = /^expected (?:',' or )?'([;)\]}/])', found/.exec(message)?.[1];
  if (mark === undefined || !last) return [];
  const text = mark === '/' || mark === '}' ? ` ${mark}` : mark;
  return [inserting(undefined, rangeOf(last).end, text)];
}

/** Braces that have no partner at the end of the script, outermost first. */
function unclosedBraces(tokens: readonly IToken[]): readonly IToken[] {
  const open: IToken[] = [];
  for (const token of tokens) {
    if (tokenMatcher(token, t.LeftCurly)) open.push(token);
    else if (token.tokenType === t.RightCurly) open.pop();
  }
  return open;
}

/** The innermost bracket; the first token where there is none. */
function deepest(tokens: readonly IToken[]): IToken | undefined {
  let depth = 0;
  let most = 0;
  let [found] = tokens;
  for (const token of tokens) {
    if (t.OPENING.has(token.image)) depth += 1;
    else if (t.CLOSING.has(token.image)) depth -= 1;
    if (depth > most) {
      most = depth;
      found = token;
    }
  }
  return found;
}

function nestedTooDeeply(tokens: readonly IToken[]): Problem | undefined {
  let depth = 0;
  for (const token of tokens) {
    if (t.OPENING.has(token.image)) depth += 1;
    else if (t.CLOSING.has(token.image)) depth -= 1;
    if (depth > MAX_NESTING) return tooDeep(token);
  }
  return undefined;
}

const TOO_DEEP = 'the script nests too deeply';

function tooDeep(token: IToken | undefined): Problem {
  const range = token ? rangeOf(token) : { start: 0, end: 0 };
  return { code: 'nesting-depth', message: TOO_DEEP, range, hints: [] };
}

function quote(text: string, { start, end }: Range): string {
  const excerpt = text.slice(start, Math.min(end, start + 20));
  return [...excerpt].length === 1 ? `character '${excerpt}'` : `characters '${excerpt}'`;
}

function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** A token as `--emit tokens` shows it; line and column are 1-based. */
export interface ShownToken {
  readonly line: number;
  readonly column: number;
  readonly type: string;
  readonly text: string;
}

/** The tokens of a script, without layout and comments. Malformed text is left out: `parse` reports it. */
export function tokenize(source: Source): readonly ShownToken[] {
  return lexer()
    .tokenize(source.text)
    .tokens.map((token) => ({
      ...positionAt(source, token.startOffset),
      type: token.tokenType.name,
      text: token.image,
    }));
}
