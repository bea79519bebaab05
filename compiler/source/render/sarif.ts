/** Diagnostics as one SARIF 2.1.0 log, which code-scanning services read. */
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DiagnosticCode } from '../codes.ts';
import type { Diagnostic } from '../diagnostics.ts';
import type { Sources } from '../sources.ts';
import { type Location, locationOf } from './location.ts';
import type { RenderOptions, Report } from './report.ts';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

export function renderSarif(reports: readonly Report[], { version }: RenderOptions): string {
  const results = reports.flatMap(({ diagnostics, sources }) =>
    diagnostics.map((diagnostic) => result(diagnostic, sources)),
  );
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'bpfscript', semanticVersion: version } },
        columnKind: 'unicodeCodePoints',
        results,
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

interface SarifLocation {
  readonly physicalLocation: {
    readonly artifactLocation: { readonly uri: string };
    readonly region: {
      readonly startLine: number;
      readonly startColumn: number;
      readonly endLine: number;
      readonly endColumn: number;
    };
  };
  readonly message?: { readonly text: string };
}

interface SarifResult {
  readonly ruleId: DiagnosticCode;
  readonly level: Diagnostic['severity'];
  readonly message: { readonly text: string };
  readonly locations: readonly SarifLocation[];
  readonly relatedLocations?: readonly SarifLocation[];
}

/** SARIF has no place for hints: they follow the message. */
function result(
  { severity, code, message, range, hints }: Diagnostic,
  sources: Sources,
): SarifResult {
  const text = [message, ...(hints ?? []).map((hint) => `HINT: ${hint}`)].join('\n');
  const uses = range ? sources.uses(range) : [];
  const related = uses.map((use) => ({
    ...physical(locationOf(sources, use)),
    message: { text: 'expanded from' },
  }));
  return {
    ruleId: code,
    level: severity,
    message: { text },
    locations: range ? [physical(locationOf(sources, range))] : [],
    ...(related.length > 0 ? { relatedLocations: related } : {}),
  };
}

function physical({ file, start, end }: Location): SarifLocation {
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(file) },
      region: {
        startLine: start.line,
        startColumn: start.column,
        endLine: end.line,
        endColumn: end.column,
      },
    },
  };
}

/** Relative names stay relative: the reader knows the folder that the compiler ran in. */
function uriOf(file: string): string {
  return isAbsolute(file)
    ? pathToFileURL(file).href
    : file.split('/').map(encodeURIComponent).join('/');
}
