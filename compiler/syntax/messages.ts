/** Parse errors in the words of the language rather than of the grammar. */
import {
  EOF,
  type IParserErrorMessageProvider,
  type IToken,
  type TokenType,
} from './chevrotain.ts';

const LONGEST_EXCERPT = 40;

/** How a message names a token that it did not expect. */
export function describe(token: IToken): string {
  if (token.tokenType === EOF) return 'the end of the script';
  const line = token.image.split('\n', 1)[0] ?? '';
  return line.length > LONGEST_EXCERPT || line.length < token.image.length
    ? `'${line.slice(0, LONGEST_EXCERPT)}...'`
    : `'${line}'`;
}

export function label(type: TokenType): string {
  return type.LABEL ?? type.name;
}

function expected(what: string, actual: IToken | undefined): string {
  return actual === undefined ? `expected ${what}` : `expected ${what}, found ${describe(actual)}`;
}

export const MESSAGES: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected: type, actual }) => expected(label(type), actual),
  buildNotAllInputParsedMessage: ({ firstRedundant }) => `unexpected ${describe(firstRedundant)}`,
  buildNoViableAltMessage: ({ actual, customUserDescription, expectedPathsPerAlt }) =>
    expected(customUserDescription ?? alternatives(expectedPathsPerAlt), actual[0]),
  buildEarlyExitMessage: ({ actual, customUserDescription }) =>
    expected(customUserDescription ?? 'something else', actual[0]),
};

function alternatives(paths: readonly TokenType[][][]): string {
  const labels = new Set(paths.flat().flatMap(([first]) => (first ? [label(first)] : [])));
  return [...labels].join(' or ');
}
