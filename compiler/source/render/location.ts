/** Where a diagnostic points, for readers that are programs. */
import { applies } from '../advice.ts';
import type { Diagnostic } from '../diagnostics.ts';
import { type Position, positionAt, type Range } from '../source.ts';
import type { Sources } from '../sources.ts';

export interface Location {
  /** As given on the command line; `stdin` for a script without a file. */
  readonly file: string;
  /** Lines and columns count from 1, columns in characters (code points). */
  readonly start: Position;
  /** Behind the last character. */
  readonly end: Position;
}

export function locationOf(sources: Sources, range: Range): Location {
  const { source, range: own } = sources.place(range);
  const position = (offset: number): Position => {
    const { line, column } = positionAt(source, offset);
    const before = source.text.slice(offset - (column - 1), offset);
    return { line, column: [...before].length + 1 };
  };
  return { file: source.name, start: position(own.start), end: position(own.end) };
}

/** Text to put in the place of other text; of several each is enough. */
export interface PlacedFix {
  readonly location: Location;
  readonly text: string;
}

export function fixesOf({ fixes }: Diagnostic, sources: Sources): readonly PlacedFix[] {
  return (fixes ?? [])
    .filter((fix) => applies(fix, sources))
    .map(({ range, text }) => ({ location: locationOf(sources, range), text }));
}
