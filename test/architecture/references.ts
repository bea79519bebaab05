/** What the sources name in imports (TypeScript) and includes (C), with the line that does. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

export interface Reference {
  /** From the project's folder, as `to` where it is one of the project's files. */
  readonly from: string;
  readonly line: number;
  /** A file of the project, or a package or header of others as it is written. */
  readonly to: string;
}

const IMPORTS: readonly RegExp[] = [
  /^(?:import|export|\}).* from '([^']+)';$/,
  /^import '([^']+)';$/,
  /\bimport\('([^']+)'\)/,
  /\bcreateRequire\(import\.meta\.url\)(?:\.resolve)?\('([^']+)'\)/,
];
const INCLUDES: readonly RegExp[] = [/^#\s*include ["<]([^">]+)[">]/];

/** Files below a folder whose names end so, in order. */
export function filesOf(folder: string, ...ends: readonly string[]): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => ends.some((end) => file.endsWith(end)))
    .filter((file) => !/(^|\/)(build|node_modules)\//.test(file))
    .map((file) => join(folder, file))
    .sort();
}

export function linesOf(file: string): readonly string[] {
  return readFileSync(join(ROOT, file), 'utf8').split('\n');
}

function referencesOf(
  file: string,
  patterns: readonly RegExp[],
  resolve: (name: string) => string,
): readonly Reference[] {
  return linesOf(file).flatMap((text, index) => {
    const name = patterns.map((pattern) => pattern.exec(text)?.[1]).find(Boolean);
    return name === undefined ? [] : [{ from: file, line: index + 1, to: resolve(name) }];
  });
}

export function importsOf(file: string): readonly Reference[] {
  return referencesOf(file, IMPORTS, (name) =>
    name.startsWith('.') ? normalize(join(file, '..', name)) : name,
  );
}

/** Headers are looked up as the C compiler does: beside the file, then from `root`. */
export function includesOf(file: string, root: string): readonly Reference[] {
  return referencesOf(file, INCLUDES, (name) => {
    const candidates = [join(file, '..', name), join(root, name)].map(normalize);
    return candidates.find((candidate) => existsSync(join(ROOT, candidate))) ?? name;
  });
}
