/** A traced program: its functions with typed arguments, and its types by name. */
import { ELF_MACHINES } from '../../linker/elf/elf.ts';
import type { ElfFile } from '../../linker/elf/file.ts';
import type { Member } from '../kernel/types.ts';
import type { EnumType, StructType, Type } from '../types/type.ts';
import { locateArguments } from './calling-convention.ts';
import { AT, TAG } from './constants.ts';
import { unlessDamaged } from './damage.ts';
import { createEntries, type Entries, type Entry } from './entries.ts';
import { functionAt, isC, isExternal, parametersOf, resultOf } from './functions.ts';
import { otherFiles } from './other-files.ts';
import { sectionsOf } from './sections.ts';
import { findSymbols, isFunction, offsetsOf } from './symbols.ts';
import { describe, enumerators, members, type Numbering, typeOf } from './types.ts';

export interface ProgramArgument {
  readonly name: string;
  readonly type: Type;
  /** Number of the `argN` that holds it; */
  readonly register?: number;
  /** or why none does, as a sentence goes on behind "is". */
  readonly reason?: string;
}

/** Types by the names that the program's source has for them. */
export interface NamedTypes {
  struct(aggregate: 'struct' | 'union', name: string): StructType | undefined;
  enum(name: string): EnumType | undefined;
  typedef(name: string): Type | undefined;
  enumerator(name: string): { readonly value: bigint; readonly type: Type } | undefined;
}

export interface TracedProgram {
  readonly path: string;
  readonly types: NamedTypes;
  /** Names of functions by a pattern with `*`, each place once, sorted. */
  functions(pattern: string): readonly string[];
  /** The arguments of a function of C, or why they are not known. */
  arguments(name: string, arch: string): readonly ProgramArgument[] | { readonly reason: string };
  /** Of a type of this program, by the place of its entry. */
  members(offset: number): readonly Member[];
  enumerators(offset: number): readonly (readonly [string, bigint])[];
}

export interface ProgramFiles {
  readonly file: ElfFile;
  /** With the debug information: the same, or a separate one. */
  readonly debug: ElfFile;
  readonly folders: readonly string[];
}

/** Names of clones whose parameters are not those of the source: GCC's ipa-sra and ipa-cp, parts of functions. */
const CLONE = /\.(isra|constprop|part|cold)\b/;

/** `folders`: where files are looked for that `debug` refers to. */
export function createProgram(
  { file, debug, folders }: ProgramFiles,
  number: Numbering,
): TracedProgram {
  const entries = createEntries(sectionsOf(debug), otherFiles(file, debug, folders));
  const symbols = (name: string) => {
    const own = findSymbols(file, name).filter(isFunction);
    return own.length > 0 || debug === file ? own : findSymbols(debug, name).filter(isFunction);
  };
  return {
    path: file.path,
    types: namedTypes(entries, number),
    functions(pattern) {
      const found = unlessDamaged(
        () => symbols(pattern),
        () => [],
      );
      const places = new Map(
        found.filter(({ name }) => !CLONE.test(name)).map(({ name, address }) => [address, name]),
      );
      return [...places.values()].sort();
    },
    arguments: (name, arch) =>
      unlessDamaged(
        () => argumentsOf(name, arch),
        (reason) => ({ reason: `${debug.path}: ${reason}` }),
      ),
    members: (offset) =>
      unlessDamaged(
        () => [...members(entries, entries.at(offset), number)],
        () => [],
      ),
    enumerators: (offset) =>
      unlessDamaged(
        () => enumerators(entries, entries.at(offset)),
        () => [],
      ),
  };

  function argumentsOf(name: string, arch: string): ReturnType<TracedProgram['arguments']> {
    const [symbol] = symbols(name);
    if (!symbol) {
      const [clone] = symbols(`${name}.*`);
      const made = clone ? `; the compiler has made '${clone.name}' of it` : '';
      return { reason: `${file.path} has no function '${name}'${made}` };
    }
    const machine = ELF_MACHINES.get(file.machine);
    if (machine !== arch)
      return { reason: `${file.path} is not for ${arch}, as the kernel description is` };
    if (CLONE.test(name))
      return { reason: `'${name}' is a copy for which the compiler has changed the arguments` };
    return argumentsAt(entries, { name, address: symbol.address, arch }, number);
  }
}

function argumentsAt(
  entries: Entries,
  {
    name,
    address,
    arch,
  }: { readonly name: string; readonly address: number; readonly arch: string },
  number: Numbering,
): readonly ProgramArgument[] | { readonly reason: string } {
  const found = functionAt(entries, address);
  if (!found) return { reason: `the debug information does not describe the function '${name}'` };
  if (!isC(entries, found.root)) return { reason: `'${name}' is not a function of C` };
  const parameters = parametersOf(entries, found);
  const types = parameters.map(({ type }) => type);
  const locations = locateArguments(entries, arch, types, resultOf(entries, found));
  const isLocal = !isExternal(entries, found);
  const gone = parameters.findIndex(({ exists }) => !exists);
  return parameters.map((parameter, index) => {
    const type = typeOf(entries, parameter.typed, number);
    const location = locations[index] ?? { reason: 'not known' };
    // What the callers of a local function do not pass may leave its register to the next.
    const uncertain = !parameter.exists || (isLocal && gone !== -1 && index > gone);
    if ('register' in location && uncertain)
      return { name: parameter.name, type, reason: OPTIMISED };
    return { name: parameter.name, type, ...location };
  });
}

const OPTIMISED = 'optimised away by the compiler, or behind an argument that is';

const NAMED: ReadonlyMap<number, string> = new Map([
  [TAG.structureType, 'struct'],
  [TAG.unionType, 'union'],
  [TAG.enumerationType, 'enum'],
  [TAG.typedef, 'typedef'],
]);

/** What a unit defines: the entries of its types by `struct NAME`, and those of enums by `enumerator NAME`. */
type UnitIndex = ReadonlyMap<string, Entry>;

function namedTypes(entries: Entries, number: Numbering): NamedTypes {
  const indexes = new Map<number, UnitIndex>();
  const indexOf = (unit: number, root: Entry): UnitIndex => {
    const known = indexes.get(unit);
    if (known) return known;
    const index = readIndex(entries, root);
    indexes.set(unit, index);
    return index;
  };
  const found = new Map<string, Entry | undefined>();
  const find = (kind: string, name: string): Entry | undefined => {
    const key = `${kind} ${name}`;
    if (found.has(key)) return found.get(key);
    const entry = unlessDamaged(
      () => (isMentioned(entries, name) ? search(key) : undefined),
      () => undefined,
    );
    found.set(key, entry);
    return entry;
  };
  const search = (key: string): Entry | undefined => {
    for (const [number_, unit] of entries.units.entries()) {
      const root = entries.root(unit);
      if (!root || !isC(entries, root)) continue;
      const entry = indexOf(number_, root).get(key);
      if (entry) return entry;
    }
    return undefined;
  };
  const typed = (entry: Entry | undefined): Type | undefined =>
    entry && describe(entries, entry, number);
  return {
    struct(aggregate, name) {
      const type = typed(find(aggregate, name));
      return type?.kind === 'struct' ? type : undefined;
    },
    enum(name) {
      const type = typed(find('enum', name));
      return type?.kind === 'enum' ? type : undefined;
    },
    typedef: (name) => typed(find('typedef', name)),
    enumerator(name) {
      const entry = find('enumerator', name);
      const type = typed(entry);
      if (!entry || !type) return undefined;
      const value = enumerators(entries, entry).find(([each]) => each === name)?.[1];
      return value === undefined ? undefined : { value, type };
    },
  };
}

/** Saves a walk through all of the debug information for names that do not stand in it. */
function isMentioned({ parts, info }: Entries, name: string): boolean {
  return (
    parts.some(({ sections }) => offsetsOf(sections.str, name).size > 0) ||
    offsetsOf(info, name).size > 0
  );
}

function readIndex(entries: Entries, root: Entry): UnitIndex {
  const index = new Map<string, Entry>();
  const add = (key: string, entry: Entry): void => {
    if (!index.has(key)) index.set(key, entry);
  };
  for (const entry of entries.children(root)) {
    const kind = NAMED.get(entry.tag);
    if (kind === undefined || entry.attributes.has(AT.declaration)) continue;
    const name = entries.text(entry, AT.name);
    if (name !== undefined) add(`${kind} ${name}`, entry);
    if (entry.tag === TAG.enumerationType)
      for (const [enumerator] of enumerators(entries, entry))
        add(`enumerator ${enumerator}`, entry);
  }
  return index;
}
