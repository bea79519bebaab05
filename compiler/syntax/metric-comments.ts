/**
 * Comments that say what a map is as a metric: `// bpfscript: metric @reads reads_total "Reads." labels comm`. They
 * are read as text here; what they mean of a map is the analysis's (analysis/metrics.ts).
 */
import type { Range, Source } from '../source/source.ts';

/** A piece of such a comment: a word, a text without its quotes, or a comma. */
export interface MetricWord {
  readonly text: string;
  readonly quoted: boolean;
  /** In its source. */
  readonly range: Range;
}

export interface MetricComment {
  readonly words: readonly MetricWord[];
  readonly range: Range;
}

const METRIC = /^(?:\/\/|\/\*)\s*bpfscript:\s*metric\b/;
/** A quoted text, whose backslashes keep what follows; a comma; or what stands between blanks. */
const WORD = /"((?:[^"\\]|\\.)*)"|,|[^\s",]+|"/gy;

/** Whether it is worth to look for comments. */
export function mayHaveMetrics(source: Source): boolean {
  return source.text.includes('bpfscript:') && source.text.includes('metric');
}

export function readMetricComments(
  comments: readonly { readonly image: string; readonly startOffset: number }[],
): readonly MetricComment[] {
  return comments.flatMap(({ image, startOffset }) => {
    const begin = METRIC.exec(image)?.[0].length;
    if (begin === undefined) return [];
    const text = image.startsWith('/*') ? image.slice(0, -2) : image;
    const range = { start: startOffset, end: startOffset + text.trimEnd().length };
    return [{ words: wordsOf(text, begin, startOffset), range }];
  });
}

function wordsOf(text: string, begin: number, offset: number): readonly MetricWord[] {
  const words: MetricWord[] = [];
  for (let at = begin; at < text.length; ) {
    const blanks = /\s*/y;
    blanks.lastIndex = at;
    at += blanks.exec(text)?.[0].length ?? 0;
    WORD.lastIndex = at;
    const found = WORD.exec(text);
    if (!found) break;
    const [all, inside] = found;
    at += all.length;
    words.push({
      text: inside === undefined ? all : inside.replace(/\\(.)/g, '$1'),
      quoted: inside !== undefined,
      range: { start: offset + at - all.length, end: offset + at },
    });
  }
  return words;
}
