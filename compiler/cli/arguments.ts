/** The words of `bpfscript run`, as bpftrace's: options anywhere, the script and its parameters by their place. */
import type { Option } from 'commander';
import { UserError } from './errors.ts';
import { EXIT } from './status.ts';

/**
 * The options, then `--`, the script (none with -e) and its parameters. `--` ends options. Behind the script, `--name`
 * and `--name=value` that are no options, numbers with a sign and --help belong to the script; what else begins with a
 * hyphen is an error there.
 */
export function arrangeRun(options: readonly Option[], words: readonly string[]): string[] {
  const own: string[] = [];
  const others: string[] = [];
  let hasScript = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') {
      others.push(...words.slice(at + 1));
      break;
    }
    if (hasScript && isOfScript(options, word)) {
      others.push(word === '-h' ? '--help' : word);
    } else if (!word.startsWith('-') || word === '-') {
      others.push(word);
      hasScript = true;
    } else {
      const reading = readOption(options, word);
      if (!reading && hasScript)
        throw new UserError(`unknown option ${word}`, {
          status: EXIT.usage,
          hint: 'A parameter of the script that begins with - stands behind --',
        });
      own.push(word);
      if (reading?.takesNext && at + 1 < words.length) {
        at += 1;
        own.push(words[at] ?? '');
      }
      hasScript ||= reading?.last.short === '-e';
    }
  }
  return [...own, '--', ...others];
}

function isOfScript(options: readonly Option[], word: string): boolean {
  if (/^-[0-9]/.test(word) || word === '-h' || word === '--help') return true;
  return word.startsWith('--') && !readOption(options, word);
}

interface Reading {
  /** The last option of a word such as `-qo`. */
  readonly last: Option;
  /** Its argument is the next word. */
  readonly takesNext: boolean;
}

/** undefined where a part of the word is no option. */
function readOption(options: readonly Option[], word: string): Reading | undefined {
  if (word.startsWith('--')) {
    const [name, value] = word.split('=', 2);
    const last = options.find(({ long }) => long === name);
    return last && { last, takesNext: last.required && value === undefined };
  }
  for (let at = 1; at < word.length; at += 1) {
    const last = options.find(({ short }) => short === `-${word[at]}`);
    if (!last) return undefined;
    if (last.required || at === word.length - 1)
      return { last, takesNext: last.required && at === word.length - 1 };
  }
  return undefined;
}
