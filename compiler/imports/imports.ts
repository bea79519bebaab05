/**
 * Imports: other scripts become part of the program, before what stands behind their import; C headers and BPF
 * code are found for the passes that read them.
 */
import { existsSync, readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { packageRoot } from '../paths.ts';
import { Diagnostics } from '../source/diagnostics.ts';
import { scriptText, TextError } from '../source/script-text.ts';
import type { Range, Source } from '../source/source.ts';
import type { Sources } from '../source/sources.ts';
import type * as ast from '../syntax/ast.ts';
import { parse } from '../syntax/parse.ts';
import { moved } from '../syntax/rewrite.ts';
import { someNode } from '../syntax/walk.ts';

export interface ImportedFile {
  readonly path: string;
  /** Of the import. */
  readonly range: Range;
}

export interface Imported {
  /** The program with the items and C of imported scripts before its own, and without imports. */
  readonly program: ast.Program;
  /** `.h` */
  readonly headers: readonly ImportedFile[];
  /** `.bpf.o`, and `.bpf.c` to be compiled. */
  readonly objects: readonly ImportedFile[];
}

export interface ImportContext {
  readonly sources: Sources;
  readonly diagnostics: Diagnostics;
  /** Told of each file and folder that is imported. */
  readonly onFile?: (path: string) => void;
}

interface Run extends ImportContext {
  /** Real paths: a file is imported once, however often and by whatever name it is asked for. */
  readonly seen: Set<string>;
  readonly preamble: ast.CItem[];
  readonly items: ast.RootItem[];
  readonly headers: ImportedFile[];
  readonly objects: ImportedFile[];
}

/** A file or folder, and what diagnostics call it. */
interface Found {
  readonly path: string;
  readonly name: string;
  readonly stats: Stats;
}

type Kind = 'script' | 'header' | 'object';

const KINDS: readonly (readonly [suffix: string, kind: Kind])[] = [
  ['.bt', 'script'],
  ['.h', 'header'],
  ['.bpf.c', 'object'],
  ['.bpf.o', 'object'],
];

/** What the program imports; errors are in the context's diagnostics. */
export function resolveImports(program: ast.Program, context: ImportContext): Imported {
  const { main } = context.sources;
  if (importsOf(program, main).length === 0) return { program, headers: [], objects: [] };
  const run: Run = {
    ...context,
    seen: new Set(),
    preamble: [],
    items: [],
    headers: [],
    objects: [],
  };
  if (main.path !== undefined && existsSync(main.path)) run.seen.add(realpathSync(main.path));
  addScript(run, program, main);
  const { preamble, items, headers, objects } = run;
  return { program: { ...program, imports: [], preamble, items }, headers, objects };
}

type Import = ast.Import | ast.ImportStatement;

/** Those at the top of a script, then those inside of its blocks: they bring the same (analysis/unstable.ts allows them). */
function importsOf({ imports, items }: ast.Program, { text }: Source): readonly Import[] {
  const inside: ast.ImportStatement[] = [];
  // Few scripts have any, and trees are large.
  if (/\bimport\b/.test(text))
    someNode(items, (node) => {
      if (isImportStatement(node)) inside.push(node);
      return false;
    });
  return [...imports, ...inside];
}

function isImportStatement(node: object): node is ast.ImportStatement {
  return 'kind' in node && node.kind === 'import-statement';
}

function addScript(run: Run, program: ast.Program, source: Source): void {
  for (const item of importsOf(program, source)) addImport(run, item, source);
  run.preamble.push(...program.preamble);
  run.items.push(...program.items);
}

function addImport(run: Run, item: Import, importer: Source): void {
  try {
    addPath(run, item, importer);
  } catch (error) {
    // Only the file system's own errors are the user's.
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    run.diagnostics.error(
      'missing-import',
      `Cannot read import "${item.path}": ${error.message}`,
      item.range,
    );
  }
}

function addPath(run: Run, { path, range }: Import, importer: Source): void {
  const found = find(path, importer);
  if (!found) {
    run.diagnostics.error(
      'missing-import',
      `Cannot find import "${path}"`,
      range,
      'Imports are relative to the script that has them; "stdlib/..." is the standard library.',
    );
    return;
  }
  if (!found.stats.isDirectory()) {
    const kind = found.stats.isFile() ? kindOf(path) : undefined;
    if (kind) addFile(run, found, kind, range);
    else {
      const suffixes = KINDS.map(([suffix]) => suffix).join(', ');
      run.diagnostics.error(
        'import-kind',
        `Unknown import type: "${path}"`,
        range,
        `What can be imported: ${suffixes}, and folders of them.`,
      );
    }
    return;
  }
  if (refused(run, found, range)) return;
  run.onFile?.(found.path);
  for (const name of readdirSync(found.path).sort()) {
    const kind = kindOf(name);
    const child = kind && lookUp(join(found.path, name), join(found.name, name));
    if (kind && child?.stats.isFile()) addFile(run, child, kind, range);
  }
}

function addFile(run: Run, file: Found, kind: Kind, range: Range): void {
  if (refused(run, file, range)) return;
  const path = realpathSync(file.path);
  if (run.seen.has(path)) return;
  run.seen.add(path);
  run.onFile?.(path);
  // The library's macros are there without being asked for.
  if (kind === 'script' && dirname(path) === join(packageRoot(), 'stdlib')) return;
  if (kind === 'header') run.headers.push({ path, range });
  else if (kind === 'object') run.objects.push({ path, range });
  else addScriptFile(run, { ...file, path }, range);
}

function addScriptFile(run: Run, file: Found, range: Range): void {
  const text = textOf(run, file, range);
  if (text === undefined) return;
  const source: Source = { name: file.name, text, path: file.path };
  const base = run.sources.add(source);
  const own = new Diagnostics();
  const program = parse(source, own);
  run.diagnostics.addAll(moved(own.all, base));
  if (!program) return;
  const placed = moved(program, base);
  if (placed.config) {
    run.diagnostics.error(
      'misplaced-config',
      'config is not allowed within an import',
      placed.config.range,
      'Settings are those of the script that is compiled.',
    );
  }
  addScript(run, placed, source);
}

function textOf({ diagnostics }: Run, { path, name }: Found, range: Range): string | undefined {
  const bytes = readFileSync(path);
  try {
    return scriptText(bytes);
  } catch (error) {
    if (!(error instanceof TextError)) throw error;
    const message = `Cannot read import "${name}": ${error.message}`;
    diagnostics.error('missing-import', message, range, error.hint);
    return undefined;
  }
}

/** Whoever may write what is imported decides what is traced. */
function refused(run: Run, { name, stats }: Found, range: Range): boolean {
  if ((stats.mode & 0o002) === 0) return false;
  run.diagnostics.error(
    'world-writable-import',
    `Refusing to import world-writable ${stats.isDirectory() ? 'directory' : 'file'}: ${name}`,
    range,
    `chmod o-w ${name} lets it be imported.`,
  );
  return true;
}

function kindOf(path: string): Kind | undefined {
  const name = basename(path);
  return KINDS.find(([suffix]) => name.endsWith(suffix) && name !== suffix)?.[1];
}

/** Beside the importing script, then in the standard library. */
function find(path: string, importer: Source): Found | undefined {
  const name = isAbsolute(path) ? path : join(dirname(importer.name), path);
  const own = lookUp(resolve(dirname(importer.path ?? '.'), path), name);
  if (own || !path.startsWith('stdlib/')) return own;
  return lookUp(join(packageRoot(), path), path);
}

function lookUp(path: string, name: string): Found | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && { path, name, stats };
}
