/** What a kernel made of a script, and the table of all of them. */
import { writeFileSync } from 'node:fs';
import type { GuestResult } from '../support/guest.ts';

export type Verdict =
  | { readonly is: 'right' }
  /** Not loaded, by a sentence that says why. */
  | { readonly is: 'refused'; readonly reason: string }
  | { readonly is: 'wrong'; readonly result: GuestResult };

/**
 * A refusal says what the kernel lacks or holds otherwise: `ERROR: ... this kernel ...`, which version brings it, or which
 * target is not there. What only quotes the verifier is none.
 */
const REASON =
  /^(?:\S+?:\d+(?::\d+(?:-\d+)?)?: )?ERROR: (.*\b(?:[Tt]his kernel|[Tt]his machine|here|lacks|brings)\b.*)$/m;
const STATUS_OF_REFUSAL = 3;
/** Of what cannot be attached to, which the script may have said to be no error. */
const MISSING =
  /^\S+?:\d+(?::\d+)?: ERROR: (No matches for \w+ \S+\.(?: The kernel's BTF has no such function .*)?|Cannot attach \S+: .*\bthis kernel\b.*)$/m;
const STATUS_OF_MISSING = 1;

export function verdictOf(result: GuestResult, isRight: (stdout: string) => boolean): Verdict {
  if (result.status === 0)
    return isRight(result.stdout) ? { is: 'right' } : { is: 'wrong', result };
  const reason = reasonOf(result);
  return reason !== undefined && result.stdout === ''
    ? { is: 'refused', reason }
    : { is: 'wrong', result };
}

function reasonOf({ status, stderr }: GuestResult): string | undefined {
  if (status === STATUS_OF_REFUSAL) return REASON.exec(stderr)?.[1];
  return status === STATUS_OF_MISSING ? MISSING.exec(stderr)?.[1] : undefined;
}

export type Column = ReadonlyMap<string, Verdict>;

/** Writes the page of what each series of kernels made of each script. */
export function writeMatrix(
  path: string,
  titles: readonly string[],
  columns: ReadonlyMap<string, Column>,
): void {
  const series = [...columns.keys()];
  const reasons: string[] = [];
  const note = (reason: string): number => {
    const known = reasons.indexOf(reason);
    return known < 0 ? reasons.push(reason) : known + 1;
  };
  const cell = (verdict: Verdict | undefined): string => {
    if (verdict?.is === 'refused') return `refused [${note(verdict.reason)}]`;
    return verdict?.is ?? 'not run';
  };
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rows = titles.map((title) =>
    row([title, ...series.map((each) => cell(columns.get(each)?.get(title)))]),
  );
  const counts = series.map((each) => {
    const verdicts = [...(columns.get(each)?.values() ?? [])];
    const count = (is: Verdict['is']): number =>
      verdicts.filter((verdict) => verdict.is === is).length;
    return `${count('right')} right, ${count('refused')} refused`;
  });
  const text = `# Scripts by kernels

Made by \`npm run matrix\`. Each script was built once, with the embedded description of Linux 6.12 (for arm64 with one of
its Linux 6.12), and run on all of these kernels. *right*: it printed what it has to, which is what an object prints that was built for that very kernel.
*refused*: it was not loaded, or for arm64 not compiled, for the reason below. There is no third answer: the command fails
on any other.

${row(['', ...series.map((each) => `Linux ${each}`)])}
${row(['---', ...series.map(() => '---')])}
${rows.join('\n')}
${row(['**all**', ...counts])}

## Reasons

${reasons.map((reason, index) => `${index + 1}. ${reason}`).join('\n')}
`;
  writeFileSync(path, text);
}
