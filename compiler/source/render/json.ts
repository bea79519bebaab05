/** Diagnostics as JSON, one object a line (docs/diagnostics.schema.json). */
import type { DiagnosticCode } from '../codes.ts';
import type { Diagnostic } from '../diagnostics.ts';
import type { Sources } from '../sources.ts';
import { fixesOf, type Location, locationOf, type PlacedFix } from './location.ts';
import type { Report } from './report.ts';

export function renderJson(reports: readonly Report[]): string {
  return reports
    .flatMap(({ diagnostics, sources }) =>
      diagnostics.map((diagnostic) => `${JSON.stringify(line(diagnostic, sources))}\n`),
    )
    .join('');
}

interface JsonLine {
  readonly type: 'diagnostic';
  readonly data: {
    readonly severity: Diagnostic['severity'];
    readonly code: DiagnosticCode;
    readonly message: string;
    readonly location?: Location;
    readonly hints: readonly string[];
    readonly fixes: readonly PlacedFix[];
    /** The uses of macros that led to the location, innermost first. */
    readonly expanded_from: readonly Location[];
  };
}

function line(diagnostic: Diagnostic, sources: Sources): JsonLine {
  const { severity, code, message, range, hints } = diagnostic;
  return {
    type: 'diagnostic',
    data: {
      severity,
      code,
      message,
      ...(range ? { location: locationOf(sources, range) } : {}),
      hints: hints ?? [],
      fixes: fixesOf(diagnostic, sources),
      expanded_from: range ? sources.uses(range).map((use) => locationOf(sources, use)) : [],
    },
  };
}
