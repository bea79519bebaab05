/** What a script became, side by side: what `bpfscript explore` shows, as data. */

/** A host may give millions of lines; a page that holds more than these is none. */
export const MOST_LINES = 200_000;

/** A line of a column. */
export interface ExploredLine {
  readonly text: string;
  /**
   * The line of the script that it is of, counted on through the files that it imports (`globalPosition` of
   * source/sources.ts); undefined where it is of none.
   */
  readonly line?: number | undefined;
  /** A heading within the column: a function, a probe. */
  readonly isHeading?: boolean;
}

export interface ExploredColumn {
  readonly title: string;
  readonly lines: readonly ExploredLine[];
}

/** What a line of the script takes; all of it is counted in the assembly. */
export interface LineCost {
  /** Of 8 bytes, as they stand there: those in a loop once. */
  readonly instructions: number;
  /** Calls of helpers, by name. */
  readonly helpers: ReadonlyMap<string, number>;
  /** The deepest byte of the stack that it uses; 0: none. */
  readonly stack: number;
}

/** A file of the script: itself, or what it imports. */
export interface ExploredSource {
  readonly name: string;
  /** Of its first line, in the count of all. */
  readonly firstLine: number;
  readonly lines: readonly string[];
}

/** A table below the columns. */
export interface ExploredTable {
  readonly title: string;
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Exploration {
  readonly name: string;
  readonly sources: readonly ExploredSource[];
  readonly costs: ReadonlyMap<number, LineCost>;
  /** Measured on a host, by the line that the probe begins in: a text. */
  readonly measured: ReadonlyMap<number, string>;
  readonly columns: readonly ExploredColumn[];
  readonly tables: readonly ExploredTable[];
}
