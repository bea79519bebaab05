/** The formatter: one layout for all scripts. It changes white space between tokens and nothing else. */
import type { Diagnostics } from '../source/diagnostics.ts';
import type { Source } from '../source/source.ts';
import { parseConcrete } from '../syntax/parse.ts';
import { createCursor } from './cursor.ts';
import { type Layout, printDoc } from './doc.ts';
import { formatProgram } from './program.ts';

/** A tab counts as many columns as diagnostics show for it. */
const LAYOUT: Layout = { width: 100, tab: 4 };

/** The script in the one layout; undefined after syntax errors, which are in the diagnostics. */
export function format(source: Source, diagnostics: Diagnostics): string | undefined {
  const script = { ...source, text: source.text.replaceAll('\r\n', '\n') };
  const syntax = parseConcrete(script, diagnostics);
  if (!syntax) return undefined;
  const cursor = createCursor(syntax, script.text);
  const shebang = /^#![^\n]*/.exec(script.text)?.[0].trimEnd();
  const blank = cursor.gap().blank;
  const body = printDoc(formatProgram(cursor, syntax.program), LAYOUT);
  const parts = [...(shebang ? [shebang, ...(blank ? [''] : [])] : []), ...(body ? [body] : [])];
  return parts.map((part) => `${part}\n`).join('');
}
