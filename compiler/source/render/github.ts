/** Diagnostics as workflow commands, which GitHub Actions turns into annotations of the lines. */
import type { Diagnostic } from '../diagnostics.ts';
import type { Sources } from '../sources.ts';
import { type Location, locationOf } from './location.ts';
import type { Report } from './report.ts';

export function renderGithub(reports: readonly Report[]): string {
  return reports
    .flatMap(({ diagnostics, sources }) =>
      diagnostics.map((diagnostic) => `${command(diagnostic, sources)}\n`),
    )
    .join('');
}

function command({ severity, code, message, range, hints }: Diagnostic, sources: Sources): string {
  const uses = range ? sources.uses(range).map((use) => locationOf(sources, use)) : [];
  const text = [
    message,
    ...(hints ?? []).map((hint) => `HINT: ${hint}`),
    ...uses.map(({ file, start }) => `expanded from ${file}:${start.line}:${start.column}`),
  ].join('\n');
  const place = range ? propertiesOf(locationOf(sources, range)) : [];
  const properties = [...place, `title=${code}`].join(',');
  return `::${severity} ${properties}::${escapeData(text)}`;
}

function propertiesOf({ file, start, end }: Location): readonly string[] {
  const properties: readonly (readonly [string, string | number])[] = [
    ['file', file],
    ['line', start.line],
    ['endLine', end.line],
    // Annotations have columns only on one line, and the last is inclusive.
    ...(start.line === end.line
      ? ([
          ['col', start.column],
          ['endColumn', Math.max(start.column, end.column - 1)],
        ] as const)
      : []),
  ];
  return properties.map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
}

/** A line feed would end the command, and `%` begins an escape. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
