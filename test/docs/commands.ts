/** The lines of fenced blocks that call one of the project's commands, as words of the shell. */
import { fences } from './pages.ts';

export interface ShownCommand {
  readonly name: 'bpfscript' | 'bpfload';
  readonly line: string;
  readonly words: readonly string[];
}

const CALL = /^(?:\$ )?(?:npx --no-install |dist\/|loader\/build\/)?(bpfscript|bpfload) /;

/** A quote that is open goes on in the next line. */
function joined(lines: readonly string[]): readonly string[] {
  const whole: string[] = [];
  for (const line of lines) {
    const last = whole.at(-1);
    const open = last !== undefined && CALL.test(last) && (last.match(/'/g) ?? []).length % 2 === 1;
    if (open) whole[whole.length - 1] = `${last}\n${line}`;
    else whole.push(line);
  }
  return whole;
}

/** Up to a pipe, a redirection, a comment, or the next command. */
function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  for (const [token, , single, double] of line.matchAll(
    /((?:'([^']*)'|"((?:\\.|[^"])*)"|[^\s'"])+)/g,
  )) {
    if (/^(\||\d?>|&&|;|&|#|<)/.test(token)) break;
    words.push(single !== undefined ? single : (double ?? token));
  }
  return words;
}

export function commandsOf(page: string): readonly ShownCommand[] {
  return (
    fences(page)
      // Of `sh fails` the mistake is what is shown.
      .filter(({ language }) => !language.startsWith('bt') && language !== 'sh fails')
      .flatMap(({ lines }) =>
        joined(lines).flatMap((line) => {
          const name = CALL.exec(line)?.[1];
          if (name !== 'bpfscript' && name !== 'bpfload') return [];
          return [{ name, line, words: wordsOf(line.replace(CALL, '')) } as const];
        }),
      )
  );
}
