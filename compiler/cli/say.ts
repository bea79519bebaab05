/** What a command says on stderr. Names of files and what others wrote stand in it, which terminals would obey. */
import { printable } from '../source/render/printable.ts';

/** Some lines: the first with its level, others as they are. */
export function say(level: 'ERROR' | 'WARNING' | 'HINT', text: string): void {
  process.stderr.write(`${printable(`${level}: ${text}`)}\n`);
}

/** What ended a command, and what to do about it where that is known. */
export function sayError(error: {
  readonly message: string;
  readonly hint?: string | undefined;
}): void {
  say('ERROR', error.message);
  if (error.hint) say('HINT', error.hint);
}
