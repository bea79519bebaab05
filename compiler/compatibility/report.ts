/** Findings as a table for people, as lines of JSON and as diagnostics. */
import type { Diagnostic } from '../source/diagnostics.ts';
import { printable } from '../source/render/printable.ts';
import type { Report } from '../source/render/report.ts';
import { createSources } from '../source/sources.ts';
import type { Compatibility } from './check.ts';
import { type Finding, isFault, type Verdict } from './finding.ts';
import type { ObjectView, ScriptPlace } from './object.ts';

/**
 * A row for each thing that the object asks for, a column for each kernel, whether the object loads, and then what is
 * adapted or left out, and how.
 */
export function renderTable(file: string, columns: readonly Compatibility[]): string {
  return printable(`${tableOf(file, columns)}${notesOf(columns)}`);
}

function tableOf(file: string, columns: readonly Compatibility[]): string {
  const rows = new Map<string, { readonly label: string; readonly verdicts: (Verdict | '-')[] }>();
  for (const [at, { findings }] of columns.entries())
    for (const { kind, name, verdict } of findings) {
      const label = `${kind} ${name}`;
      const row = rows.get(label) ?? { label, verdicts: columns.map(() => '-' as const) };
      row.verdicts[at] = verdict;
      rows.set(label, row);
    }
  const table = [
    [file, ...columns.map(({ release }) => release)],
    ...[...rows.values()].map(({ label, verdicts }) => [label, ...verdicts]),
    ['loads', ...columns.map(({ loads }) => (loads ? 'yes' : 'no'))],
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

/** Each reason once, with the kernels that it holds for. */
function notesOf(columns: readonly Compatibility[]): string {
  const notes = new Map<string, string[]>();
  for (const { release, findings } of columns)
    for (const { verdict, name, reason, place } of findings) {
      if (verdict !== 'adapted' && verdict !== 'left out') continue;
      const note = `${place ? `${textOfPlace(place)}: ` : ''}${name}: ${verdict}. ${reason ?? ''}`;
      notes.set(note, [...(notes.get(note) ?? []), release]);
    }
  return [...notes].map(([note, releases]) => `${note} (${releases.join(', ')})\n`).join('');
}

function textOfPlace({ file, line, column }: ScriptPlace): string {
  return column > 0 ? `${file}:${line}:${column}` : `${file}:${line}`;
}

/** One line for each kernel (docs/check.schema.json). */
export function renderLines(file: string, columns: readonly Compatibility[]): string {
  return columns
    .map(({ release, loads, findings }) => {
      const data = { object: file, kernel: release, loads, findings: findings.map(lineOf) };
      return `${JSON.stringify({ type: 'check', data })}\n`;
    })
    .join('');
}

function lineOf({ kind, name, verdict, reason, hint, place }: Finding) {
  return {
    kind,
    name,
    verdict,
    ...(reason === undefined ? {} : { reason }),
    ...(hint === undefined ? {} : { hint }),
    ...(place === undefined
      ? {}
      : {
          place: {
            file: place.file,
            line: place.line,
            ...(place.column > 0 ? { column: place.column } : {}),
          },
        }),
  };
}

/** Diagnostics of one object: errors for what does not load, warnings for what is not known. */
export function reportOf(object: ObjectView, columns: readonly Compatibility[]): readonly Report[] {
  const all = columns.flatMap(({ release, findings }) =>
    findings.map((finding) => ({ kernel: release, finding })),
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
          : verdict === 'refused'
            ? 'refused-by-kernel'
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
