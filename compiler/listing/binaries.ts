/** uprobe, uretprobe and usdt: what programs and libraries hold. */
import { ElfError } from '../../linker/elf/elf.ts';
import { type ElfFile, openElfFile } from '../../linker/elf/file.ts';
import { type BinaryFile, findBinaries, mappedBinaries } from '../binary/paths.ts';
import { functionNames } from '../binary/symbols.ts';
import { type UsdtPoint, usdtPoints } from '../binary/usdt.ts';
import { reasonOf } from '../kernel/error.ts';
import { typeName } from '../types/names.ts';
import { type ListContext, type Lister, ListingError, matcher } from './lister.ts';

/** Parts of functions that compilers put elsewhere: patterns leave them out. */
const PART = /\.cold(\.\d+)?$/;

/** A name with line feeds would be several probes, and terminals obey others. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: files of strangers hold them.
const CONTROL = /[\x00-\x1f\x7f]/;

interface Place {
  readonly path: string;
  readonly function: string;
}

/** What the program's debug information says, without which nothing is said. */
function parameters(place: Place | undefined, context: ListContext): readonly string[] {
  const program = place && context.programs().open(place.path);
  if (!place || !program || 'reason' in program) return [];
  const list = program.arguments(place.function, context.kernel.arch);
  return 'reason' in list ? [] : list.map(({ name, type }) => `${typeName(type)} ${name}`);
}

function functions(provider: 'uprobe' | 'uretprobe'): Lister {
  return {
    provider,
    ...(provider === 'uprobe' ? { group: 'programs' } : {}),
    list(fields, context) {
      const { path, rest } = splitPath(fields, context);
      const pattern = rest.at(-1) ?? '*';
      const matches = matcher(pattern);
      const places = new Map<string, Place>();
      inFiles(path, context, (elf, file) => {
        for (const name of functionNames(elf))
          if (matches(name) && !CONTROL.test(name) && !(pattern.includes('*') && PART.test(name)))
            places.set(`${provider}:${file.shown}:${name}`, { path: file.path, function: name });
        return [];
      });
      return {
        names: [...places.keys()],
        // When a function returns, they are gone.
        arguments: (name) => (provider === 'uprobe' ? parameters(places.get(name), context) : []),
      };
    },
  };
}

export const uprobes = functions('uprobe');
export const uretprobes = functions('uretprobe');

export const usdt: Lister = {
  provider: 'usdt',
  group: 'programs',
  list(fields, context) {
    const { path, rest } = splitPath(fields, context);
    const namespace = matcher(rest.length > 1 ? (rest[0] ?? '*') : '*');
    const matches = matcher(rest.at(-1) ?? '*');
    const places = new Map<string, readonly UsdtPoint[]>();
    inFiles(path, context, (elf, file) => {
      for (const point of usdtPoints(elf)) {
        if (!namespace(point.provider) || !matches(point.name)) continue;
        if (CONTROL.test([point.provider, point.name, ...point.operands].join(''))) continue;
        const name = `usdt:${file.shown}:${point.provider}:${point.name}`;
        places.set(name, [...(places.get(name) ?? []), point]);
      }
      return [];
    });
    return {
      names: [...places.keys()],
      arguments: (name) => describe(places.get(name) ?? []),
    };
  },
};

/** Arguments, then how often the point is there, what switches it on, and each of its places, as comments. */
function describe(points: readonly UsdtPoint[]): readonly string[] {
  const [first] = points;
  if (!first) return [];
  const facts = [
    ...(points.length > 1 ? [`${points.length} places`] : []),
    ...(first.semaphore === 0n ? [] : [`semaphore 0x${first.semaphore.toString(16)}`]),
  ];
  const places = [...points].sort((one, other) => (one.address < other.address ? -1 : 1));
  return [
    ...first.arguments.map((type, index) => `${type} arg${index}`),
    ...(facts.length === 0 ? [] : [`// ${facts.join(', ')}`]),
    ...places.map(
      ({ address, operands }) =>
        `// at 0x${address.toString(16)}${operands.length === 0 ? '' : `: ${operands.join(' ')}`}`,
    ),
  ];
}

/** With a process, a single field without a slash is a name in all of its files. */
function splitPath(
  fields: readonly string[],
  { pid }: ListContext,
): { readonly path: string; readonly rest: readonly string[] } {
  const [first = '', ...rest] = fields;
  const nameOnly = pid !== undefined && rest.length === 0 && !first.includes('/');
  return nameOnly ? { path: '', rest: [first] } : { path: first, rest };
}

function inFiles(
  path: string,
  context: ListContext,
  list: (elf: ElfFile, file: BinaryFile) => readonly string[],
): readonly string[] {
  const files = filesOf(path, context);
  if (files.length === 0 && !path.includes('*') && path !== '')
    throw new ListingError(`there is no file ${path}`);
  return files.flatMap((file) => {
    // Who names such a file wants it.
    if (CONTROL.test(file.shown) && file.shown !== path) return [];
    try {
      return list(openElfFile(file.path), file);
    } catch (error) {
      if (files.length === 1)
        throw new ListingError(`cannot read ${file.shown}: ${reasonOf(error)}`);
      // A pattern of files meets scripts and data, which have no functions.
      if (!(error instanceof ElfError))
        context.note(`cannot read ${file.shown}: ${reasonOf(error)}`);
      return [];
    }
  });
}

function filesOf(path: string, { pid }: ListContext): readonly BinaryFile[] {
  const everywhere = path === '' || path === '*';
  if (pid === undefined) {
    if (everywhere)
      throw new ListingError(
        'which file? Name its path, as in uprobe:/bin/bash:*, or a process with -p PID',
      );
    return findBinaries(path);
  }
  let mapped: readonly BinaryFile[];
  try {
    mapped = mappedBinaries(pid);
  } catch (error) {
    throw new ListingError(
      `cannot look at process ${pid}: ${reasonOf(error)}`,
      // man 5 proc: maps are for those who may trace the process.
      isDenied(error) ? 'CAP_SYS_PTRACE' : undefined,
    );
  }
  if (everywhere) return mapped;
  const matches = matcher(path);
  const own = mapped.filter(({ shown }) => matches(shown));
  return own.length > 0 ? own : findBinaries(path, pid);
}

function isDenied(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EACCES';
}
