/** The formatter: one layout for all scripts. It changes white space between tokens and nothing else. */
import type { Diagnostics } from '../source/diagnostics.ts';
import type { Source } from '../source/source.ts';
import { parseConcrete } from '../syntax/parse.ts';
import { createCursor } from './cursor.ts';
import { type Layout, printDoc } from './doc.ts';
import { formatProgram } from './program.ts';

/** A tab counts as many columns as diagnostics show for it. */
const LAYOUT: Layout = { width: 100, tab: 4 };

/** Comments in the midst of an expression may take as many rounds to find their place. */
const MOST_ROUNDS = 16;

/** The script in the one layout; undefined after syntax errors, which are in the diagnostics. */
export function format(source: Source, diagnostics: Diagnostics): string | undefined {
  let before: string | undefined;
  let text: string | undefined = source.text.replaceAll('\r\n', '\n');
  // A comment that moved, for want of a line of its own, belongs to another token from then on. Formatting
  // what came out settles that, so that nobody's second run finds anything to change.
  for (let round = 0; round < MOST_ROUNDS && text !== before; round += 1) {
    before = text;
    text = layOut({ ...source, text }, diagnostics);
    if (text === undefined) return undefined;
  }
  return text;
}

function layOut(source: Source, diagnostics: Diagnostics): string | undefined {
  const syntax = parseConcrete(source, diagnostics);
  if (!syntax) return undefined;
  const cursor = createCursor(syntax, source.text);
  const shebang = /^#![^\n]*/.exec(source.text)?.[0].trimEnd();
  const blank = cursor.gap().blank;
  const body = printDoc(formatProgram(cursor, syntax.program), LAYOUT);
  const parts = [...(shebang ? [shebang, ...(blank ? [''] : [])] : []), ...(body ? [body] : [])];
  return parts.map((part) => `${part}\n`).join('');
}
