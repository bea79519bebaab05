/** What became of mutants, as a table by folder, and those that no test noticed. */
export interface Outcome {
  /** As `linker/lines.ts:58`. */
  readonly place: string;
  readonly folder: string;
  /** What the mutant has there, in place of what was there. */
  readonly was: string;
  readonly became: string;
  /** Which tests noticed; none for a survivor. */
  readonly noticedBy?: 'own' | 'other' | 'types' | undefined;
  /** It was noticed because a test did not end. */
  readonly hangs?: boolean;
  /** It changes nothing that anybody could see. */
  readonly isEquivalent?: boolean;
  /** Whether a test ran it at all; unset where that is not known. */
  readonly isMet?: boolean;
}

const HEADER = [
  'folder',
  'mutants',
  'own tests',
  'other tests',
  'types alone',
  'of these by not ending',
  'survivors',
  'the same, left out',
  'noticed',
];

const short = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 70 ? `${line.slice(0, 67)}...` : line;
};

export const survivors = (outcomes: readonly Outcome[]): readonly Outcome[] =>
  outcomes.filter(
    ({ noticedBy, isEquivalent }) => noticedBy === undefined && isEquivalent !== true,
  );

export function report(outcomes: readonly Outcome[]): string {
  const rows = [HEADER];
  for (const folder of new Set(outcomes.map((outcome) => outcome.folder))) {
    const all = outcomes.filter((outcome) => outcome.folder === folder);
    const own = all.filter(({ isEquivalent }) => isEquivalent !== true);
    const by = (who: Outcome['noticedBy']) => own.filter(({ noticedBy }) => noticedBy === who);
    const hangs = own.filter((outcome) => outcome.hangs === true);
    const noticed = (own.length - by(undefined).length) / own.length;
    rows.push([
      folder,
      ...[own, by('own'), by('other'), by('types'), hangs, by(undefined)].map(
        ({ length }) => `${length}`,
      ),
      `${all.length - own.length}`,
      `${(noticed * 100).toFixed(0)} %`,
    ]);
  }
  return [
    ...rows
      .map((row) => `| ${row.join(' | ')} |`)
      .toSpliced(1, 0, `|${'---|'.repeat(HEADER.length)}`),
    ...survivors(outcomes).map(
      ({ place, was, became, isMet }) =>
        `${isMet === false ? 'met by no test' : 'survived'}: ${place}: ${short(was)}  ->  ${short(became)}`,
    ),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
