/** Runs examples of the pages, and compares what they print in kind: no numbers, no lengths of bars. */
import { run } from './run.ts';

/** A script with what `bpfscript` is given for it. */
export interface Example {
  readonly script: string;
  readonly flags?: readonly string[];
}

/** What it wrote on standard output, then on standard error, without what frames every run. */
export async function outputOf({ script, flags = [] }: Example): Promise<string> {
  const result = await run(script, {
    signal: 'none',
    unsafe: flags.some((flag) => flag === '--unsafe' || flag === '--allow-run'),
    flags,
  });
  const told = result.stderr.replace(/^Attached \d+ probes?\n/m, '');
  return `${result.stdout.trim()}\n${told.trim()}`.trim();
}

const DAY = /\b(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\b/g;
const MONTH =
  /\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b/g;

/** The kinds of lines of an output: each once, sorted. */
export function kindsOf(output: string): readonly string[] {
  const kinds = output.split('\n').map((line) =>
    line
      .replaceAll(/\|[@ ]*\|$/g, '|bar|')
      .replaceAll(DAY, 'DAY')
      .replaceAll(MONTH, 'MONTH')
      .replaceAll(/\b[AaPp][Mm]\b/g, 'NOON')
      .replaceAll(/0x[0-9a-f]+/g, '0xN')
      .replaceAll(/-?\d+/g, 'N')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
  return [...new Set(kinds)].sort();
}
