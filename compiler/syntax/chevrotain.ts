/**
 * The only door to chevrotain. Its package entry is a tree of several hundred small modules (lodash-es), which costs
 * Node 220 ms to load: the bundle holds them (scripts/build.sh), and tests take the one file that the package also
 * ships (vitest.config.ts).
 */

export type {
  ILookaheadStrategy,
  IParserErrorMessageProvider,
  IRecognitionException,
  IToken,
  LookaheadProductionType,
  ParserMethod,
  TokenType,
} from 'chevrotain';
export {
  createToken,
  EMPTY_ALT,
  EmbeddedActionsParser,
  EOF,
  getLookaheadPaths,
  isRecognitionException,
  Lexer,
  tokenMatcher,
} from 'chevrotain';
