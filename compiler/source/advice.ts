/** What to do about a diagnostic: a sentence, and where that can be written down exactly, the change of the text. */
import type { Range } from './source.ts';
import type { Sources } from './sources.ts';

/** Text to put in the place of other text. */
export interface Fix {
  readonly range: Range;
  readonly text: string;
  /**
   * What stands there. Parts of a C macro's replacement have the range of the whole use, whose text is another one and
   * must stay.
   */
  readonly old: string | RegExp;
}

export interface Advice {
  /** Absent where the message says it already. */
  readonly hint?: string;
  /** Each is enough by itself. */
  readonly fixes: readonly Fix[];
}

export type Hint = string | Advice;

/** `old`, which is the text at `range`, becomes one of `texts`. */
export function replacing(
  hint: string | undefined,
  range: Range,
  old: Fix['old'],
  ...texts: readonly string[]
): Advice {
  const fixes = texts.map((text) => ({ range, text, old }));
  return { ...(hint === undefined ? {} : { hint }), fixes };
}

export function inserting(hint: string | undefined, at: number, text: string): Advice {
  return replacing(hint, { start: at, end: at }, '', text);
}

/** Whether the fix can be made in a text of the user's. */
export function applies({ range, old }: Fix, sources: Sources): boolean {
  const { source, range: own } = sources.place(range);
  const there = source.text.slice(own.start, own.end);
  return (
    source.library !== true &&
    range.end - range.start === there.length &&
    (typeof old === 'string' ? there === old : old.test(there))
  );
}
