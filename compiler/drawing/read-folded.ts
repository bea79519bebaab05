/** Folded stacks: `FRAME;FRAME NUMBER`, a line for each. */
import { type Findings, gather, MOST_FRAMES, type Problem } from './findings.ts';
import { foldedFrame } from './frame-text.ts';

export function readFolded(lines: readonly string[]): Findings | Problem {
  const found = gather();
  found.begin('');
  for (const [index, text] of lines.entries()) {
    const line = index + 1;
    if (text.trim() === '') continue;
    const end = text.lastIndexOf(' ');
    const digits = text.slice(end + 1);
    if (end < 1 || !/^-?\d+$/.test(digits))
      return { line, problem: 'it is no stack with a number behind it, as in `main;work 12`' };
    const frames = text.slice(0, end).split(';');
    if (frames.length > MOST_FRAMES)
      return { line, problem: `the stack has more than ${MOST_FRAMES} frames` };
    found.stack({ frames: frames.map(foldedFrame), count: Number(digits), line });
  }
  return { maps: found.maps() };
}
