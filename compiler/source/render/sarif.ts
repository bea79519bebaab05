/** Diagnostics as one SARIF 2.1.0 log, which code-scanning services read. */
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CODES, DIAGNOSTIC_CODES, type DiagnosticCode } from '../codes.ts';
import type { Diagnostic } from '../diagnostics.ts';
import { explainCode } from '../explanation.ts';
import type { Position } from '../source.ts';
import type { Sources } from '../sources.ts';
import { fixesOf, type Location, locationOf, type PlacedFix } from './location.ts';
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
        tool: {
          driver: { name: 'bpfscript', semanticVersion: version, rules: rulesOf(results) },
        },
        columnKind: 'unicodeCodePoints',
        results,
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

interface SarifArtifact {
  readonly uri: string;
}

interface SarifRegion {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

interface SarifFix {
  readonly artifactChanges: readonly {
    readonly artifactLocation: SarifArtifact;
    readonly replacements: readonly {
      readonly deletedRegion: SarifRegion;
      readonly insertedContent: { readonly text: string };
    }[];
  }[];
}

interface SarifRule {
  readonly id: DiagnosticCode;
  readonly shortDescription: { readonly text: string };
  readonly help: { readonly text: string };
  readonly defaultConfiguration: { readonly level: Diagnostic['severity'] };
}

interface SarifLocation {
  readonly physicalLocation: {
    readonly artifactLocation: SarifArtifact;
    readonly region: SarifRegion;
  };
  readonly message?: { readonly text: string };
}

interface SarifResult {
  readonly ruleId: DiagnosticCode;
  readonly level: Diagnostic['severity'];
  readonly message: { readonly text: string };
  readonly locations: readonly SarifLocation[];
  readonly relatedLocations?: readonly SarifLocation[];
  readonly fixes?: readonly SarifFix[];
}

/** SARIF has no place for hints: they follow the message. */
function result(diagnostic: Diagnostic, sources: Sources): SarifResult {
  const { severity, code, message, range, hints } = diagnostic;
  const text = [message, ...(hints ?? []).map((hint) => `HINT: ${hint}`)].join('\n');
  const fixes = fixesOf(diagnostic, sources);
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
    ...(fixes.length > 0 ? { fixes: fixes.map(change) } : {}),
  };
}

function physical({ file, start, end }: Location): SarifLocation {
  return {
    physicalLocation: { artifactLocation: artifact(file), region: region(start, end) },
  };
}

function artifact(file: string): SarifArtifact {
  return { uri: uriOf(file) };
}

function region(start: Position, end: Position): SarifRegion {
  return {
    startLine: start.line,
    startColumn: start.column,
    endLine: end.line,
    endColumn: end.column,
  };
}

function change({ location: { file, start, end }, text }: PlacedFix): SarifFix {
  const replacement = { deletedRegion: region(start, end), insertedContent: { text } };
  return { artifactChanges: [{ artifactLocation: artifact(file), replacements: [replacement] }] };
}

/** The kinds that occur, in the order of the table. */
function rulesOf(results: readonly SarifResult[]): readonly SarifRule[] {
  const used = new Set(results.map(({ ruleId }) => ruleId));
  return DIAGNOSTIC_CODES.filter((code) => used.has(code)).map((code) => {
    const { severity, explanation } = CODES[code];
    return {
      id: code,
      shortDescription: { text: explanation },
      help: { text: explainCode(code) },
      defaultConfiguration: { level: severity },
    };
  });
}

/** Relative names stay relative: the reader knows the folder that the compiler ran in. */
function uriOf(file: string): string {
  return isAbsolute(file)
    ? pathToFileURL(file).href
    : file.split('/').map(encodeURIComponent).join('/');
}
