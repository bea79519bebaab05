/**
 * The only door to chevrotain. Its package entry is a tree of several hundred small modules (lodash-es), which
 * costs Node 220 ms to load; the same code bundled into one file, which the package also ships, costs 10 ms.
 * `exports` of the package does not name that file, so it is found beside the entry.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Chevrotain from 'chevrotain';

const entry = createRequire(import.meta.url).resolve('chevrotain');
const bundle = join(dirname(entry), '..', 'chevrotain.min.mjs');

export const {
  createToken,
  EmbeddedActionsParser,
  EMPTY_ALT,
  EOF,
  isRecognitionException,
  Lexer,
  tokenMatcher,
} = (await import(pathToFileURL(bundle).href)) as typeof Chevrotain;

export type {
  IParserErrorMessageProvider,
  IRecognitionException,
  IToken,
  ParserMethod,
  TokenType,
} from 'chevrotain';
