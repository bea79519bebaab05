/**
 * The C part of a script. Plain `#define`s and conditionals are read here; definitions and headers are given to
 * clang, whose BTF becomes a layer of types before the kernel's.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { KernelDescription } from '../kernel/types.ts';
import type { Diagnostics } from '../source/diagnostics.ts';
import type { Range } from '../source/source.ts';
import type { Sources } from '../source/sources.ts';
import type * as ast from '../syntax/ast.ts';
import {
  itemOfFile,
  MISSING_HEADER,
  OWN_FILE,
  sourceOf,
  withOwnHeader,
  withoutTrailing,
} from './c-source.ts';
import { compileTypes } from './c-types.ts';
import { type ClangMessage, findClang } from './clang.ts';
import { type HeaderConstants, headerConstants } from './constants.ts';
import { PREDEFINED, readDirectives, readLine } from './directives.ts';
import { archIncludes, headerFinder } from './headers.ts';
import { type CMacros, createMacros, NO_MACROS } from './macros.ts';
import { withScriptTypes } from './script-types.ts';

export interface Header {
  readonly path: string;
  /** Of its import. */
  readonly range?: Range;
}

export interface PreambleContext {
  readonly kernel: KernelDescription;
  readonly sources: Sources;
  /** `-I`, searched before the system's. */
  readonly includeFolders: readonly string[];
  /** Headers that are read before the preamble: `--include`, and imports of `.h`. */
  readonly headers: readonly Header[];
  /** Told of each header that is read. */
  readonly onFile?: (path: string) => void;
  readonly diagnostics: Diagnostics;
}

export interface Preamble {
  /** The description with the preamble's types before its own. */
  readonly kernel: KernelDescription;
  readonly macros: CMacros;
  /** What of its C can be another on another architecture. */
  readonly ties: readonly { readonly reason: string; readonly range: Range | undefined }[];
  /** What headers that may not be installed define. */
  readonly constants: HeaderConstants;
}

/** Errors are in the context's diagnostics; what is given then knows no more than the kernel. */
export function readPreamble(written: readonly ast.CItem[], context: PreambleContext): Preamble {
  const { kernel, diagnostics, headers } = context;
  const items = written.map((given) => {
    const { item, trailing } = withoutTrailing(given);
    if (trailing !== undefined)
      diagnostics.warning(
        'c-warning',
        `extra tokens at end of #include directive: ${trailing}`,
        given.range,
      );
    return withOwnHeader(item, folderOf(item, context.sources));
  });
  const includeFolders = context.includeFolders.map((folder) => resolve(folder));
  const isInstalled = headerFinder(includeFolders, kernel.arch);
  const includes = headers.length > 0 || items.some(isInclude);
  const constants = headerConstants(kernel.arch, includes);
  const directives = readDirectives(items, isInstalled, constants, diagnostics);
  if (!directives.needsCompiler && headers.length === 0) {
    for (const item of directives.missing) warnOfHeader(item, diagnostics);
    const isConstant = (name: string) => kernel.types.enumerator(name) !== undefined;
    return { kernel, macros: createMacros(directives.macros, isConstant), constants, ties: [] };
  }

  const nothing: Preamble = { kernel, macros: NO_MACROS, constants, ties: [] };
  const clang = findClang();
  if (!clang) {
    diagnostics.error(
      'missing-clang',
      'C definitions and headers need clang, which is not installed',
      directives.needsCompiler?.range,
      'Install it, for instance with: apt-get install clang',
    );
    return nothing;
  }
  const { types, messages, files } = compileTypes(
    clang,
    [
      ...[...PREDEFINED].map(([name, value]) => `-D${name}=${value}`),
      // The C library's headers ask which machine they are for; to them BPF is none.
      `-D__${kernel.arch}__=1`,
      ...includeFolders.map((folder) => `-I${folder}`),
      '-idirafter',
      archIncludes(kernel.arch),
      ...headers.flatMap(({ path }) => ['-include', locateHeader(path)]),
    ],
    sourceOf(items),
    { kernel: kernel.types, constants },
  );
  for (const file of files) context.onFile?.(file);
  for (const message of messages) report(message, items, headers, diagnostics);
  if (!types) return nothing;
  const layered = withScriptTypes(kernel, types);
  const isConstant = (name: string) => layered.types.enumerator(name) !== undefined;
  return {
    kernel: layered,
    macros: createMacros(types.macros, isConstant),
    constants,
    ties: tiesOf(items, headers, kernel.arch),
  };
}

/**
 * Headers, and what asks which machine it is for. Definitions are the same everywhere: clang lays them out for BPF, where
 * char has a sign.
 */
function tiesOf(
  items: readonly ast.CItem[],
  headers: readonly Header[],
  arch: string,
): Preamble['ties'] {
  const written = items.flatMap((item) => {
    if (item.kind !== 'c-line') return [];
    const { directive, rest } = readLine(item.text);
    if (!['include', 'if', 'ifdef', 'ifndef', 'elif'].includes(directive)) return [];
    const what = directive === 'include' ? basename(rest.replace(/["<>]/g, '')) : `#${directive}`;
    return [{ reason: `${what} is read as for ${arch}`, range: item.range }];
  });
  return [
    ...headers.map(({ path, range }) => ({
      reason: `${basename(path)} is read as for ${arch}`,
      range,
    })),
    ...written,
  ];
}

function isInclude(item: ast.CItem): boolean {
  return item.kind !== 'c-definition' && readLine(item.text).directive === 'include';
}

function warnOfHeader(item: ast.CItem, diagnostics: Diagnostics): void {
  diagnostics.warning(
    'missing-header',
    `The header of '${item.text.trim()}' is not installed`,
    item.range,
    'Types of the kernel, and constants of most headers, are known without them.',
  );
}

function report(
  message: ClangMessage,
  items: readonly ast.CItem[],
  headers: readonly Header[],
  diagnostics: Diagnostics,
): void {
  if (message.severity === 'note' || message.file === OWN_FILE) return;
  const own = placeIn(items, message.file, message.line);
  if (own && message.text.includes(MISSING_HEADER)) {
    warnOfHeader(own.item, diagnostics);
    return;
  }
  // The last semicolon of a struct is as optional as the one behind it.
  if (message.text.startsWith("expected ';' at end of declaration list")) return;
  // What headers say of themselves is nothing that a script could change.
  if (message.severity === 'warning' && !own) return;
  const including = message.includedFrom
    .map(([file, line]) => placeIn(items, file, line))
    .findLast((place) => place !== undefined);
  const place = own ?? including;
  const range = own
    ? tokenAt(own, message.column)
    : (place?.item.range ??
      headers.find(({ path }) => isNamed(message, locateHeader(path)))?.range);
  const where = own || message.file === '' ? '' : `${message.file}:${message.line}: `;
  const text = `${where}${message.text.replace(/ \[-W[^\]]*\]$/, '')}`;
  if (message.severity === 'error') diagnostics.error('c-error', text, range, ...hintOf(message));
  else diagnostics.warning('c-warning', text, range);
}

/** What C calls a type that only the script's own code calls so: `int64`, which is `s64`. */
function hintOf({ text }: ClangMessage): readonly string[] {
  const [, name, unsigned, bits] = /^unknown type name '((u?)int(8|16|32|64))'/.exec(text) ?? [];
  if (name === undefined) return [];
  return [`Structs and unions are C, where '${name}' is '${unsigned ? 'u' : 's'}${bits}'.`];
}

/** A header of `--include` is a file, or else looked for in the folders of -I, by clang. */
function locateHeader(path: string): string {
  const file = resolve(path);
  return existsSync(file) ? file : path;
}

function isNamed({ file, includedFrom }: ClangMessage, header: string): boolean {
  return file === header || includedFrom.some(([from]) => from === header);
}

/** Where a script stands that an item is from; that of `-e` programs is the current one. */
function folderOf(item: ast.CItem, sources: Sources): string {
  const { path } = sources.place(item.range).source;
  return path === undefined ? process.cwd() : dirname(resolve(path));
}

interface ItemLine {
  readonly item: ast.CItem;
  /** Offset of the line in the item's text. */
  readonly start: number;
  readonly text: string;
}

function placeIn(items: readonly ast.CItem[], file: string, line: number): ItemLine | undefined {
  const index = itemOfFile(file);
  const item = index === undefined ? undefined : items[index];
  if (!item) return undefined;
  const lines = item.text.split('\n');
  // Behind the text stands the semicolon that it may lack.
  const number = Math.min(line, lines.length);
  const start = lines.slice(0, number - 1).reduce((sum, text) => sum + text.length + 1, 0);
  return { item, start, text: lines[number - 1] ?? '' };
}

/** The word, or the character, at a column. Columns of clang count bytes. */
function tokenAt({ item, start, text }: ItemLine, column: number): Range {
  const before = Buffer.from(text, 'utf8')
    .subarray(0, column - 1)
    .toString('utf8').length;
  const at = Math.min(before, text.length);
  const word = /^(?:\w+|.)/.exec(text.slice(at))?.[0] ?? '';
  const offset = item.range.start + start + at;
  return { start: offset, end: offset + Math.max(1, word.length) };
}
