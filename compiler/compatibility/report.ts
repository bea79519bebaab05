/** Findings as a table for people and as diagnostics. */
import type { Diagnostic } from '../source/diagnostics.ts';
import type { Report } from '../source/render/report.ts';
import { createSources } from '../source/sources.ts';
import { type Finding, isFault, type Verdict } from './finding.ts';
import type { ObjectView, ScriptPlace } from './object.ts';

/** What one object is on one kernel. */
export interface KernelFindings {
  /** The kernel's release. */
  readonly kernel: string;
  readonly findings: readonly Finding[];
}

export function loads({ findings }: KernelFindings): boolean {
  return !findings.some(isFault);
}

/** A row for each thing that the object asks for, a column for each kernel, and below whether the object loads. */
export function renderTable(script: string, columns: readonly KernelFindings[]): string {
  const rows = new Map<string, { readonly label: string; readonly verdicts: (Verdict | '')[] }>();
  for (const [at, { findings }] of columns.entries())
    for (const { kind, name, verdict } of findings) {
      const label = `${kind} ${name}`;
      const row = rows.get(label) ?? { label, verdicts: columns.map(() => '' as const) };
      row.verdicts[at] = verdict;
      rows.set(label, row);
    }
  const table = [
    [script, ...columns.map(({ kernel }) => kernel)],
    ...[...rows.values()].map(({ label, verdicts }) => [label, ...verdicts]),
    ['loads', ...columns.map((column) => (loads(column) ? 'yes' : 'no'))],
  ];
  const widths = (table[0] ?? []).map((_, at) =>
    Math.max(...table.map((row) => row[at]?.length ?? 0)),
  );
  return table
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** Diagnostics of one object: errors for what does not load, warnings for what is not known. */
export function reportOf(
  object: ObjectView,
  columns: readonly KernelFindings[],
): readonly Report[] {
  const all = columns.flatMap(({ kernel, findings }) =>
    findings.map((finding) => ({ kernel, finding })),
  );
  const files = new Map<string, { readonly kernel: string; readonly finding: Finding }[]>();
  for (const each of all.filter(
    ({ finding }) => isFault(finding) || finding.verdict === 'unknown',
  )) {
    const file = each.finding.place?.file ?? object.script;
    files.set(file, [...(files.get(file) ?? []), each]);
  }
  return [...files].map(([file, list]) => {
    const text = textOf(
      object,
      file,
      list.map(({ finding }) => finding.place),
    );
    return {
      sources: createSources({ name: file, text }),
      diagnostics: list.map(({ kernel, finding }) => diagnosticOf(kernel, finding, text)),
    };
  });
}

/** The lines that the object has of a script, each where it stood. */
function textOf(
  object: ObjectView,
  file: string,
  places: readonly (ScriptPlace | undefined)[],
): string {
  // An object says what it likes: a line beyond all scripts is not padded up to.
  const wanted = places.flatMap((place) => (place && place.line < 100_000 ? place.line : []));
  return Array.from(
    { length: Math.max(0, ...wanted) },
    (_, index) => object.lineOf(file, index + 1) ?? '',
  ).join('\n');
}

function diagnosticOf(kernel: string, finding: Finding, text: string): Diagnostic {
  const { verdict, reason = `${finding.name} is ${verdict}.`, hint, place } = finding;
  const range = place && rangeOf(place, text);
  return {
    severity: isFault(finding) ? 'error' : 'warning',
    code:
      verdict === 'missing'
        ? 'missing-on-kernel'
        : verdict === 'other layout'
          ? 'other-layout-on-kernel'
          : 'not-known-of-kernel',
    message: `Linux ${kernel}: ${reason}`,
    ...(range ? { range } : {}),
    ...(hint === undefined ? {} : { hints: [hint] }),
  };
}

function rangeOf({ line, column }: ScriptPlace, text: string): Diagnostic['range'] {
  const lines = text.split('\n');
  const own = lines[line - 1];
  if (own === undefined) return undefined;
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  if (column === 0 || column > own.length) return { start, end: start + own.length };
  const word = /^[@$]?[\w.]*(?:->[\w.]+)*/.exec(own.slice(column - 1))?.[0] ?? '';
  return { start: start + column - 1, end: start + column - 1 + Math.max(1, word.length) };
}
