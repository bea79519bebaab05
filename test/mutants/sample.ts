/** Lines of code, picked at random. */
import { readFileSync } from 'node:fs';
import type { Random } from '../support/random.ts';

export interface Line {
  readonly file: string;
  /** Begins at 1. */
  readonly line: number;
  readonly text: string;
}

/** Blank lines, comments, imports, and lines of closing brackets have nothing to change. */
const NOTHING = /^\s*(?:$|\/[/*]|\*|#|import |\} from |export type |[\])};,]+$)/;

/** `count` lines of the files, or all if they have fewer; each once, in the order of the files. */
export function sampled(files: readonly string[], count: number, random: Random): readonly Line[] {
  const lines = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .map((text, index) => ({ file, line: index + 1, text }))
      .filter(({ text }) => !NOTHING.test(text)),
  );
  while (lines.length > count) lines.splice(random.below(lines.length), 1);
  return lines;
}
