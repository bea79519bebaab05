/**
 * All text that a program is made of, as one space of offsets: the script, what it imports, and the bodies of
 * macros once more for each place that expands them. So a range stays two numbers, unique in the program,
 * and leads back to its file and to the uses of macros that it came through.
 */
import type { Position, Range, Source } from './source.ts';

/** A range in its own file. */
export interface Place {
  readonly source: Source;
  /** Offsets into the source's text. */
  readonly range: Range;
  readonly start: Position;
}

export interface Sources {
  readonly main: Source;
  /** Adds a file; its offset 0 stands at the result. */
  add(source: Source): number;
  /** Repeats a stretch of text for a use of it at `use`; gives what its offsets grow by. */
  expand(text: Range, use: Range): number;
  place(range: Range): Place;
  /** Where the text was used, innermost first; empty for text that stands for itself. */
  uses(range: Range): readonly Range[];
  /** Line and column in the file that the offset belongs to. */
  position(offset: number): Position;
  /** As `position`, with lines that count on from file to file, so that they name the file too. */
  globalPosition(offset: number): Position;
  /** The files in the order in which `globalPosition` counts their lines. */
  files(): readonly Source[];
}

interface Segment {
  /** In the space of all offsets. */
  readonly start: number;
  readonly length: number;
  readonly file: File;
  /** Where the segment begins in the file's text. */
  readonly offset: number;
  readonly use: Range | undefined;
}

interface File {
  readonly source: Source;
  /** Offsets of the beginnings of its lines. */
  readonly lines: readonly number[];
  /** Lines of the files before it. */
  readonly firstLine: number;
}

/** Index of the last element that is not greater than `value`. */
function lastNotAbove<T>(list: readonly T[], value: number, of: (element: T) => number): number {
  let low = 0;
  let high = list.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const element = list[middle];
    if (element !== undefined && of(element) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function positionIn(file: File, offset: number): Position {
  const index = lastNotAbove(file.lines, offset, (start) => start);
  return { line: index + 1, column: offset - (file.lines[index] ?? 0) + 1 };
}

/** The space of a script, at whose beginning the script's own text stands. */
export function createSources(main: Source): Sources {
  const segments: Segment[] = [];
  const files: File[] = [];
  let end = 0;

  // The offset behind a text's end belongs to it: what is missing there is reported there.
  function append(segment: Omit<Segment, 'start'>): number {
    const start = end;
    segments.push({ ...segment, start });
    end += segment.length + 1;
    return start;
  }

  function addFile(source: Source): Segment {
    const last = files.at(-1);
    const firstLine = last ? last.firstLine + last.lines.length : 0;
    const file = { source, lines: lineStarts(source.text), firstLine };
    files.push(file);
    const segment = { length: source.text.length, file, offset: 0, use: undefined };
    return { ...segment, start: append(segment) };
  }

  const first = addFile(main);

  function find(offset: number): Segment {
    return segments[lastNotAbove(segments, offset, ({ start }) => start)] ?? first;
  }

  return {
    main,
    add: (source) => addFile(source).start,
    expand(text, use) {
      const segment = find(text.start);
      const offset = segment.offset + (text.start - segment.start);
      const length = text.end - text.start;
      return append({ file: segment.file, offset, length, use }) - text.start;
    },
    place(range) {
      const segment = find(range.start);
      const moved = segment.offset - segment.start;
      const start = range.start + moved;
      const most = segment.offset + segment.length;
      // A range made of two texts ends with the first.
      const last = Math.max(start, Math.min(range.end + moved, most));
      return {
        source: segment.file.source,
        range: { start, end: last },
        start: positionIn(segment.file, start),
      };
    },
    uses(range) {
      const uses: Range[] = [];
      for (let { use } = find(range.start); use; { use } = find(use.start)) uses.push(use);
      return uses;
    },
    position(offset) {
      const segment = find(offset);
      return positionIn(segment.file, offset - segment.start + segment.offset);
    },
    globalPosition(offset) {
      const { file, start, offset: moved } = find(offset);
      const { line, column } = positionIn(file, offset - start + moved);
      return { line: file.firstLine + line, column };
    },
    files: () => files.map(({ source }) => source),
  };
}
