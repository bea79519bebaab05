/** What `list`, `-l` and `build --expand` print. */

import { existsSync, statSync } from 'node:fs';
import { resolveImports } from '../imports/imports.ts';
import { hintOf, isDescriptionError } from '../kernel/error.ts';
import { ListingError } from '../listing/lister.ts';
import { type Listing, listAttachPoints, listProbes } from '../listing/listing.ts';
import { readTypePattern } from '../listing/types.ts';
import { expandLists } from '../macros/lists.ts';
import { longName } from '../probes/providers.ts';
import { Diagnostics } from '../source/diagnostics.ts';
import type { Source } from '../source/source.ts';
import { createSources } from '../source/sources.ts';
import { parse } from '../syntax/parse.ts';
import { UserError } from './errors.ts';
import { hostOrDefault } from './host-or-default.ts';
import { readKernel } from './kernel.ts';
import { say } from './say.ts';
import {
  debugFolders,
  readPid,
  readScript,
  renderDiagnostics,
  type ScriptOptions,
} from './script.ts';
import { EXIT } from './status.ts';

export interface ListOptions extends Pick<ScriptOptions, 'e' | 'diagnostics' | 'warnings'> {
  readonly kernel?: readonly string[];
  readonly arch?: string;
  readonly verbose?: boolean;
  readonly pid?: string;
  /** Folders of separate debug files. */
  readonly debuginfo?: string;
}

/** Blocks that wait for no event of the system. */
const OWN_EVENTS: ReadonlySet<string> = new Set(['begin', 'end', 'self', 'test', 'bench']);

/** Lists what searches find, or the attach points of a script, and gives the exit status. */
export function printList(words: readonly string[], options: ListOptions): number {
  const [first] = words;
  const isScript = options.e !== undefined || (first !== undefined && namesScript(first));
  // What stands behind a script are its parameters.
  if (isScript) return printScript(readScript(first, options), options);
  const search = searchOf(words);
  return print(options, (request) => listProbes({ ...request, search }));
}

/** Several words are several searches, but `struct NAME` without quotes is one. */
function searchOf(words: readonly string[]): string | undefined {
  if (words.length === 0) return undefined;
  return words.join(',').replaceAll(/(^|,)(struct|union|enum),(?=[^,])/g, '$1$2 ');
}

function namesScript(search: string): boolean {
  if (search.endsWith('.bt') || search === '-') return true;
  if (search.includes(':') || readTypePattern(search) !== undefined) return false;
  // `struct pid` where a folder is called `struct`.
  return existsSync(search) && !statSync(search).isDirectory();
}

/** Lists the probes that a script's attach points stand for. */
export function printScript(source: Source, options: ListOptions): number {
  const diagnostics = new Diagnostics();
  const sources = createSources(source);
  const program = parse(source, diagnostics);
  const imported = program && resolveImports(program, { sources, diagnostics }).program;
  const whole = imported && expandLists(imported, { sources, diagnostics });
  if (!whole || diagnostics.hasErrors) {
    const report = { sources, diagnostics: diagnostics.all };
    process.stderr.write(renderDiagnostics([report], options.diagnostics));
    return EXIT.script;
  }
  const points = whole.items
    .flatMap((item) => (item.kind === 'probe' ? item.attachPoints : []))
    .map(({ fields }) => fields.map(({ text }) => text))
    .filter(([provider = '']) => !OWN_EVENTS.has(longName(provider) ?? ''));
  return print(options, (request) => listAttachPoints(points, request));
}

function print(
  { kernel, arch, pid, verbose, warnings, debuginfo }: ListOptions,
  list: (request: Parameters<typeof listAttachPoints>[1]) => Listing,
): number {
  const which = kernel ?? [hostOrDefault()];
  let listing: Listing;
  try {
    listing = list({
      kernel: readKernel(which, arch),
      live: which[0] === 'host',
      verbose: verbose ?? false,
      debugFolders: debugFolders(debuginfo === undefined ? {} : { debuginfo }),
      ...(pid === undefined ? {} : { pid: readPid(pid) }),
    });
  } catch (error) {
    if (error instanceof ListingError)
      throw new UserError(error.message, { status: error.missing ? EXIT.permission : EXIT.script });
    if (isDescriptionError(error)) throw new UserError(error.message, { hint: hintOf(error) });
    throw error;
  }
  process.stdout.write(listing.text);
  // Where nothing matches, nothing is said, unless somebody asks.
  if (warnings && (listing.text !== '' || verbose))
    for (const note of listing.notes) say('WARNING', note);
  return EXIT.ok;
}
