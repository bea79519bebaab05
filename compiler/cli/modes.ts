/**
 * The status flags that standard input, output and error had when the command began. Node makes pipes, which others share,
 * return at once when they are full, as soon as something asks for the stream: this is evaluated before that.
 */
import { readFileSync } from 'node:fs';

export const MODES: readonly number[] = [0, 1, 2].map(statusFlags);

/** Octal, as /proc/PID/fdinfo gives them; -1 for what is closed. */
function statusFlags(descriptor: number): number {
  try {
    const text = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1');
    return Number.parseInt(/^flags:\s*([0-7]+)/m.exec(text)?.[1] ?? '-1', 8);
  } catch {
    return -1;
  }
}
