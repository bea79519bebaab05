/** Diagnostics as text: place, message, the source with a marker, hints, the uses of macros that led there. */
import type { Diagnostic } from '../diagnostics.ts';
import { lineAt, positionAt, type Range } from '../source.ts';
import type { Sources } from '../sources.ts';
import { printable } from './printable.ts';
import type { Report } from './report.ts';

export function renderText(
  reports: readonly Report[],
  { color, codes = false }: PrintOptions,
): string {
  return reports
    .flatMap(({ diagnostics, sources }) =>
      diagnostics.map((diagnostic) => printDiagnostic(diagnostic, sources, { color, codes })),
    )
    .join('');
}

export interface PrintOptions {
  /** First line in red (errors) or yellow (warnings). */
  readonly color: boolean;
  /** Names the code behind the message. */
  readonly codes?: boolean;
}

const TAB = '    ';
const COLORS = { error: '\u001b[31m', warning: '\u001b[33m' } as const;
const RESET = '\u001b[0m';

/** One diagnostic, with a line feed at its end. Columns count characters from 1, the last is exclusive. */
export function printDiagnostic(
  diagnostic: Diagnostic,
  sources: Sources,
  { color, codes = false }: PrintOptions,
): string {
  const { message, severity, code } = diagnostic;
  const place = diagnostic.range && locate(sources, diagnostic.range);
  const head = `${place ? `${place.name}: ` : ''}${severity.toUpperCase()}: ${message}${codes ? ` [${code}]` : ''}`;
  const lines = [
    ...(place?.excerpt ?? []),
    ...(diagnostic.hints ?? []).map((hint) => `HINT: ${hint}`),
    ...(diagnostic.range ? sources.uses(diagnostic.range) : []).flatMap((use) => {
      const { name, excerpt } = locate(sources, use);
      return [`${name}: expanded from`, ...excerpt];
    }),
  ];
  const first = color ? `${COLORS[severity]}${printable(head)}${RESET}` : printable(head);
  return [first, ...lines.map(printable)].map((line) => `${line}\n`).join('');
}

/** A message about a place that is no diagnostic: as its head and the source with a marker. */
export function printPlace(sources: Sources, range: Range, message: string): readonly string[] {
  const { name, excerpt } = locate(sources, range);
  return [`${name}: ${message}`, ...excerpt].map(printable);
}

/** `FILE:LINE:COL1-COL2` and the marked line, or `FILE:L1-L2` and all the lines. */
function locate(
  sources: Sources,
  at: Range,
): { readonly name: string; readonly excerpt: readonly string[] } {
  const { source, range } = sources.place(at);
  const start = positionAt(source, range.start);
  // The last character counts, not the one behind it, which may stand on the next line.
  const last = positionAt(source, Math.max(range.start, range.end - 1));
  if (start.line !== last.line)
    return {
      name: `${source.name}:${start.line}-${last.line}`,
      excerpt: Array.from(
        { length: last.line - start.line + 1 },
        (_, index) => clipped(lineAt(source, start.line + index), 0, 0).text,
      ),
    };

  const line = lineAt(source, start.line);
  const from = start.column - 1;
  const before = line.slice(0, from);
  const marked = line.slice(from, from + Math.max(range.end - range.start, 1));
  const column = characters(before) + 1;
  const width = Math.max(characters(marked), 1);
  const shown = clipped(line, column - 1, column - 1 + width);
  return {
    name: `${source.name}:${start.line}:${column}-${column + width}`,
    excerpt: [shown.text.replaceAll('\t', TAB), ...(marked === '' ? [] : [shown.marker])],
  };
}

/** Characters of a line that are shown, and those of them before the mark where more stand there. */
const MOST_SHOWN = 240;
const MOST_BEFORE = 80;
const CUT = '...';

/** A line with a mark from one character to before another: of a long line, what stands around the mark. */
function clipped(
  line: string,
  from: number,
  to: number,
): { readonly text: string; readonly marker: string } {
  const all = [...line];
  const isLong = all.length > MOST_SHOWN;
  const begin = isLong ? Math.max(0, from - MOST_BEFORE) : 0;
  const end = isLong ? Math.min(all.length, begin + MOST_SHOWN) : all.length;
  const [head, tail] = [begin > 0 ? CUT : '', end < all.length ? CUT : ''];
  const part = (first: number, last: number): string => all.slice(first, last).join('');
  return {
    text: `${head}${part(begin, end)}${tail}`,
    marker:
      ' '.repeat(head.length) +
      blank(part(begin, from), ' ') +
      blank(part(from, Math.min(to, end)), '~'),
  };
}

function characters(text: string): number {
  return [...text].length;
}

/** A text as wide as `text` is shown. */
function blank(text: string, fill: string): string {
  return [...text].map((character) => (character === '\t' ? fill.repeat(4) : fill)).join('');
}
