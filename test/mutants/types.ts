/** Which faults the compiler of TypeScript notices. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { Fault } from './faults.ts';

const versions = new Map<string, { readonly text: string; readonly version: number }>();
let service: ts.LanguageService | undefined;

/** `declared but never read`, `unreachable`, and what never can be equal: a fault leaves them behind that a person would not. */
const LEFTOVERS = new Set([2367, 6133, 6138, 6192, 6196, 6198, 7027]);

function opened(): ts.LanguageService {
  const { config } = ts.readConfigFile('tsconfig.check.json', ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
  const files = fileNames.filter((file) =>
    /^(?:compiler|linker|stdlib)\//.test(file.slice(process.cwd().length + 1)),
  );
  return ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => files,
    getScriptVersion: (file) => `${versions.get(file)?.version ?? 0}`,
    getScriptSnapshot: (file) => {
      const text = versions.get(file)?.text ?? ts.sys.readFile(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => process.cwd(),
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: ts.sys.fileExists,
    readFile: ts.sys.readFile,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  });
}

/** Those of the faults that do not compile. One of each file is looked at at a time, as opening a program costs most. */
export function refusedByTypes(faults: readonly Fault[]): ReadonlySet<Fault> {
  const refused = new Set<Fault>();
  let left = [...faults];
  while (left.length > 0) {
    const round = new Map<string, Fault>();
    for (const fault of left) if (!round.has(fault.file)) round.set(fault.file, fault);
    for (const fault of round.values()) put(fault.file, withFault(fault));
    for (const fault of round.values()) if (hasErrors(fault.file)) refused.add(fault);
    for (const file of round.keys()) put(file, readFileSync(file, 'utf8'));
    left = left.filter((fault) => round.get(fault.file) !== fault);
  }
  return refused;
}

function put(file: string, text: string): void {
  const path = join(process.cwd(), file);
  versions.set(path, { text, version: (versions.get(path)?.version ?? 0) + 1 });
}

function withFault({ file, start, end, became }: Fault): string {
  const source = readFileSync(file, 'utf8');
  const lines = source.split('\n');
  const offset = ({ line, column }: Fault['start']) =>
    lines.slice(0, line).reduce((sum, text) => sum + text.length + 1, column);
  return `${source.slice(0, offset(start))}${became}${source.slice(offset(end))}`;
}

function hasErrors(file: string): boolean {
  service ??= opened();
  const path = join(process.cwd(), file);
  return [...service.getSyntacticDiagnostics(path), ...service.getSemanticDiagnostics(path)].some(
    ({ code }) => !LEFTOVERS.has(code),
  );
}
