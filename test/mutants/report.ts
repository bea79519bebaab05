/** What became of mutants, as a table by folder, and those that no test noticed. */
export interface Outcome {
  /** As `linker/lines.ts:58`. */
  readonly place: string;
  readonly folder: string;
  /** What the mutant has there, in place of what was there. */
  readonly was: string;
  readonly became: string;
  /** Which tests noticed; none for a survivor. */
  readonly noticedBy: 'own' | 'other' | undefined;
}

const short = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 70 ? `${line.slice(0, 67)}...` : line;
};

export function report(outcomes: readonly Outcome[]): string {
  const rows = [['folder', 'mutants', 'own tests', 'other tests', 'survivors', 'noticed']];
  for (const folder of new Set(outcomes.map((outcome) => outcome.folder))) {
    const own = outcomes.filter((outcome) => outcome.folder === folder);
    const by = (who: Outcome['noticedBy']) => own.filter(({ noticedBy }) => noticedBy === who);
    const noticed = (own.length - by(undefined).length) / own.length;
    rows.push([
      folder,
      ...[own, by('own'), by('other'), by(undefined)].map(({ length }) => `${length}`),
      `${(noticed * 100).toFixed(0)} %`,
    ]);
  }
  const survivors = outcomes.filter(({ noticedBy }) => noticedBy === undefined);
  return [
    ...rows.map((row) => `| ${row.join(' | ')} |`).toSpliced(1, 0, '|---|---|---|---|---|---|'),
    ...survivors.map(
      ({ place, was, became }) => `survived: ${place}: ${short(was)}  ->  ${short(became)}`,
    ),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
