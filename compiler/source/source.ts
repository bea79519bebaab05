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

/** Line and column of an offset. Linear in the text: call it for what is shown, not for what is passed on. */
export function positionAt(source: Source, offset: number): Position {
  let line = 1;
  let lineStart = 0;
  for (;;) {
    const next = source.text.indexOf('\n', lineStart);
    if (next === -1 || next >= offset) break;
    line += 1;
    lineStart = next + 1;
  }
  return { line, column: offset - lineStart + 1 };
}
