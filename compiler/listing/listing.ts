/** Lists of probes: the table of listers, and the way from a search to its lines. */
import type { Btf } from '../../linker/btf/read.ts';
import { readBtf } from '../../linker/btf/read.ts';
import { createPrograms } from '../dwarf/programs.ts';
import { once } from '../kernel/description.ts';
import { isDescriptionError } from '../kernel/error.ts';
import type { KernelDescription } from '../kernel/types.ts';
import { longName } from '../probes/providers.ts';
import { parseAttachPoint } from '../syntax/attach-point.ts';
import { uprobes, uretprobes, usdt } from './binaries.ts';
import { kprobes, kretprobes } from './functions.ts';
import { iterators } from './iterators.ts';
import {
  type ListContext,
  type Listed,
  type Lister,
  ListingError,
  matcher,
  NOTHING,
} from './lister.ts';
import { hardware, software } from './perf-events.ts';
import { rawTracepoints } from './raw-tracepoints.ts';
import { intervals, profiles } from './timers.ts';
import { tracepoints } from './tracepoints.ts';
import { fentries, fexits } from './typed-functions.ts';
import { listTypes, readTypePattern } from './types.ts';

/** In the order of lists. */
const LISTERS: readonly Lister[] = [
  ...[fentries, fexits, hardware, intervals, iterators, kprobes, kretprobes],
  ...[profiles, rawTracepoints, software, tracepoints, uprobes, uretprobes, usdt],
];

export interface ListRequest {
  /** Patterns, separated by commas; all probes of the kernel, or of the files of `pid`, without any. */
  readonly search: string | undefined;
  readonly kernel: KernelDescription;
  readonly live: boolean;
  readonly pid?: number;
  /** Where separate debug files of programs are looked for. */
  readonly debugFolders?: readonly string[];
  /** With the arguments of each probe. */
  readonly verbose: boolean;
}

export interface Listing {
  readonly text: string;
  /** What could not be listed. */
  readonly notes: readonly string[];
}

/** Throws ListingError for a search that cannot be answered, KernelDescriptionError for what is not there. */
export function listProbes(request: ListRequest): Listing {
  const { context, notes } = createContext(request);
  const texts = splitSearch(request.search ?? '*');
  const types = texts.flatMap((text) => readTypePattern(text) ?? []);
  const listed = texts
    .filter((text) => readTypePattern(text) === undefined)
    .flatMap((text) => searches(text, request.pid))
    .flatMap((fields) => matching(fields, context));
  return {
    text:
      render(listed, request.verbose) +
      types.map((type) => listTypes(context.btf(), type, request.verbose)).join(''),
    notes,
  };
}

/**
 * The probes that attach points of a script stand for. What is no pattern, and has no list to look it up in, is
 * given as it stands.
 */
export function listAttachPoints(
  points: readonly (readonly string[])[],
  request: Omit<ListRequest, 'search'>,
): Listing {
  const { context, notes } = createContext(request);
  const listed = points.flatMap((fields) => {
    if (fields.some((field) => field.includes('*'))) return matching(fields, context);
    const provider = longName(fields[0] ?? '') ?? fields[0] ?? '';
    // A source line follows its file without a colon: `uprobe:/bin/tool@main.c:12`.
    const name = [provider, ...fields.slice(1)].join(':').replaceAll(':@', '@');
    return [{ provider, names: [name] }];
  });
  return { text: render(listed, request.verbose), notes };
}

function createContext(request: Omit<ListRequest, 'search'>): {
  readonly context: ListContext;
  readonly notes: readonly string[];
} {
  const notes: string[] = [];
  const btf: () => Btf = once(() => readBtf(request.kernel.btf));
  let opened: { readonly bytes: Uint8Array; readonly btf: Btf } | undefined;
  const joinedBtf = (): Btf => {
    const bytes = request.kernel.btf;
    if (opened?.bytes !== bytes) opened = { bytes, btf: readBtf(bytes) };
    return opened.btf;
  };
  const context: ListContext = {
    kernel: request.kernel,
    live: request.live,
    pid: request.pid,
    programs: once(() => createPrograms(request.debugFolders ?? [], request.pid)),
    btf,
    joinedBtf,
    note: (message) => {
      if (!notes.includes(message)) notes.push(message);
    },
  };
  return { context, notes };
}

/** What one provider found. */
type Found = Listed & { readonly provider: string };

/** By provider, in the order of the table, then by name. */
function render(listed: readonly Found[], verbose: boolean): string {
  const order = [...new Set([...LISTERS, ...listed].map(({ provider }) => provider))];
  return order
    .map((provider) =>
      group(
        listed.filter((one) => one.provider === provider),
        verbose,
      ),
    )
    .join('');
}

function group(listed: readonly Listed[], verbose: boolean): string {
  const names = ascending(listed.flatMap((one) => one.names));
  if (names.length === 0) return '';
  if (!verbose) return `${names.join('\n')}\n`;
  const owners = new Map(listed.flatMap((one) => one.names.map((name) => [name, one])));
  return names
    .flatMap((name) => [
      name,
      ...(owners.get(name)?.arguments?.(name) ?? []).map((line) => `    ${line}`),
    ])
    .map((line) => `${line}\n`)
    .join('');
}

/** Sorted, each once. Most lists are so already, and have tens of thousands of names. */
function ascending(names: readonly string[]): readonly string[] {
  const isAscending = names.every((name, index) => index === 0 || (names[index - 1] ?? '') < name);
  return isAscending ? names : [...new Set(names)].sort();
}

/** At commas outside of quotes and parentheses, which names of C++ hold. */
function splitSearch(search: string): readonly string[] {
  return (search.match(/(?:"(?:\\.|[^"\\])*"|\([^)]*\)|[^,])+/g) ?? []).map((text) => text.trim());
}

/** A pattern without a colon is one of any provider: of programs where there is a process, else of the kernel. */
function searches(text: string, pid: number | undefined): readonly (readonly string[])[] {
  const { attachPoint, problems } = parseAttachPoint(text, 0);
  const [problem] = problems;
  if (problem) throw new ListingError(`${text}: ${problem.message}`);
  const fields = attachPoint.fields.map((field) => field.text);
  if (fields.length > 1) return [fields];
  // The name of a provider alone stands for all that it has.
  if (text.length > 2 && longName(text) !== undefined) return [[text, '*']];
  if (pid === undefined) return [['*', ...fields]];
  return LISTERS.filter(({ group: kind }) => kind === 'programs').map(({ provider }) => [
    provider,
    '*',
    ...fields,
  ]);
}

function matching(
  [provider = '', ...rest]: readonly string[],
  context: ListContext,
): readonly Found[] {
  if (!provider.includes('*')) {
    const name = longName(provider);
    if (name === undefined) throw new ListingError(`Invalid provider: '${provider}'`);
    return LISTERS.filter((lister) => lister.provider === name).map((lister) => ({
      ...lister.list(rest, context),
      provider: name,
    }));
  }
  const group = rest[0]?.includes('/') ? 'programs' : 'kernel';
  const matches = matcher(provider.toLowerCase());
  return LISTERS.filter((lister) => lister.group === group && matches(lister.provider)).map(
    (lister) => ({ ...tolerant(lister, rest, context), provider: lister.provider }),
  );
}

/** One provider that cannot be listed does not keep the others from it. */
function tolerant(lister: Lister, fields: readonly string[], context: ListContext): Listed {
  try {
    return lister.list(fields, context);
  } catch (error) {
    if (!isDescriptionError(error) && !(error instanceof ListingError)) throw error;
    context.note(`no ${lister.provider} probes are listed: ${error.message}`);
    return NOTHING;
  }
}
