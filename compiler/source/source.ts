/** A script's text with the name that diagnostics show for it. */
export interface Source {
  /** As given on the command line; `stdin` for `-e` programs. */
  readonly name: string;
  /** The file that the text was read from, which imports are relative to; absent for text of its own. */
  readonly path?: string;
  /** Of the standard library: what it might be warned of is not the user's to change. */
  readonly library?: boolean;
  readonly text: string;
}

/** A half-open range of UTF-16 offsets into a `Source`'s text. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface Position {
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
}

/** Offsets at which the lines of texts begin: a script with many warnings is asked for many places. */
const lineStarts = new WeakMap<Source, readonly number[]>();

function startsOf(source: Source): readonly number[] {
  const known = lineStarts.get(source);
  if (known) return known;
  const starts = [0];
  for (let at = source.text.indexOf('\n'); at !== -1; at = source.text.indexOf('\n', at + 1))
    starts.push(at + 1);
  lineStarts.set(source, starts);
  return starts;
}

/** Line and column of an offset; a line feed is the last character of its line. */
export function positionAt(source: Source, offset: number): Position {
  const starts = startsOf(source);
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}

/** The text of a line, from 1, without its end; empty behind the last one. */
export function lineAt(source: Source, line: number): string {
  const starts = startsOf(source);
  const start = starts[line - 1];
  if (start === undefined) return '';
  return source.text.slice(start, (starts[line] ?? source.text.length + 1) - 1).replace(/\r$/, '');
}
