/**
 * BPF objects that scripts import: pre-compiled C functions with their maps and variables. Reading one checks
 * that it holds nothing but what can be linked; merge.ts puts it into the script's object.
 */
import { BTF_KIND } from './btf/btf.ts';
import { type Extension, readExtension } from './btf/extension.ts';
import { isPinned, MAP_MEMBERS, mapDefinitions } from './btf/map-definitions.ts';
import { type Btf, type BtfType, readBtf } from './btf/read.ts';
import { type ElfObject, type ElfSymbol, SHF, SHN_LORESERVE, SHT, STB, STT } from './elf/elf.ts';
import { readElf } from './elf/read.ts';

/** What is wrong with an imported object, in words for its user. */
export class ImportError extends Error {}

export interface ImportedFunction {
  readonly name: string;
  /** Its FUNC_PROTO. */
  readonly prototype: BtfType;
}

export interface ImportedObject {
  /** File name without its folder. */
  readonly name: string;
  readonly elf: ElfObject;
  readonly btf: Btf;
  readonly extension: Extension;
  /** What scripts can call: the global functions of `.text`. */
  readonly functions: readonly ImportedFunction[];
  /** Maps that a loader pins, or takes from where they are pinned. */
  readonly pinnedMaps: readonly string[];
}

/** What an alloc section becomes in the script's object. */
export type ImportedSection = 'code' | 'rodata' | 'data' | 'bss' | 'maps';

export function importedSection(name: string): ImportedSection | undefined {
  if (name === '.text') return 'code';
  if (name === '.maps') return 'maps';
  if (name === '.bss' || name.startsWith('.bss.')) return 'bss';
  if (name === '.data' || name.startsWith('.data.')) return 'data';
  if (name === '.rodata' || name.startsWith('.rodata.')) return 'rodata';
  return undefined;
}

/** Sections that say something about the whole object, of which the script's has its own. */
const DROPPED: ReadonlySet<string> = new Set(['license', 'version', '.eh_frame']);

/** Throws ImportError for what is no BPF object, or holds what cannot be linked. */
export function readImported(name: string, bytes: Uint8Array): ImportedObject {
  const elf = guarded(name, () => readElf(bytes));
  checkSections(name, elf);
  const section = (wanted: string): Uint8Array => {
    const found = elf.sections.find((candidate) => candidate.name === wanted);
    if (!found) {
      throw new ImportError(`${name} has no ${wanted} section: compile it with clang's option -g`);
    }
    return found.data;
  };
  return guarded(name, () => {
    const btf = readBtf(section('.BTF'));
    const maps = mapDefinitions(btf);
    for (const { name: map, members } of maps) {
      const unknown = [...members.keys()].find((member) => !MAP_MEMBERS.has(member));
      if (unknown !== undefined)
        throw new ImportError(`${name} has a map ${map} with an unknown member: ${unknown}`);
    }
    return {
      name,
      elf,
      btf,
      extension: readExtension(section('.BTF.ext')),
      functions: elf.symbols.filter(isGlobalFunction).map((symbol) => {
        const prototype = functionPrototype(btf, symbol.name);
        if (!prototype) throw new ImportError(`${name} has no BTF of its function ${symbol.name}`);
        return { name: symbol.name, prototype };
      }),
      pinnedMaps: maps.filter(isPinned).map((map) => map.name),
    };
  });
}

/** Errors of the readers are about the file. */
function guarded<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ImportError || !(error instanceof Error)) throw error;
    throw new ImportError(`${name}: ${error.message}`, { cause: error });
  }
}

function checkSections(name: string, elf: ElfObject): void {
  elf.sections.forEach((section, index) => {
    if (!(section.flags & SHF.alloc) || section.size === 0) return;
    if (DROPPED.has(section.name)) return;
    if (section.flags & SHF.exec && section.name !== '.text') {
      const program = elf.symbols.find(
        (symbol) => symbol.section === index && symbol.type === STT.func,
      );
      throw new ImportError(
        `${name} has a program of its own (${program?.name ?? 'without a name'} in section ${section.name}): only functions can be imported`,
      );
    }
    const kind = importedSection(section.name);
    if (!kind) throw new ImportError(`${name} has a section ${section.name} that cannot be linked`);
    if (kind !== 'code' && elf.relocations.has(index)) {
      throw new ImportError(
        kind === 'maps'
          ? `${name} has maps that are initialised, which cannot be linked`
          : `${name} has addresses as initial values in ${section.name}, which BPF does not know`,
      );
    }
    const local = elf.symbols.find(
      (symbol) =>
        kind === 'maps' &&
        symbol.section === index &&
        symbol.type === STT.object &&
        symbol.bind === STB.local,
    );
    if (local) {
      throw new ImportError(
        `${name} has a static map, ${local.name}: maps that are imported have to be global`,
      );
    }
    if (kind === 'bss' && section.type !== SHT.nobits) {
      throw new ImportError(`${name} has initial values in ${section.name}`);
    }
  });
}

export function isGlobalFunction(symbol: ElfSymbol): boolean {
  return symbol.type === STT.func && symbol.bind !== STB.local && isDefined(symbol);
}

/** A global name: functions, maps, variables. */
export function isGlobalName(symbol: ElfSymbol): boolean {
  return (
    symbol.bind !== STB.local &&
    (symbol.type === STT.func || symbol.type === STT.object) &&
    isDefined(symbol)
  );
}

function isDefined(symbol: ElfSymbol): boolean {
  return symbol.section !== 0 && symbol.section < SHN_LORESERVE;
}

function functionPrototype(btf: Btf, name: string): BtfType | undefined {
  for (let id = 1; id < btf.count; id += 1) {
    const type = btf.type(id);
    if (type.kind === BTF_KIND.function && type.name === name) return btf.type(type.sizeOrType);
  }
  return undefined;
}

/**
 * What speaks against linking these objects with each other and with a script: names that are taken, and
 * names that nobody defines.
 */
export function conflictsOf(
  objects: readonly ImportedObject[],
  taken: (name: string) => boolean,
): readonly { readonly object: ImportedObject; readonly message: string }[] {
  const problems: { object: ImportedObject; message: string }[] = [];
  const owners = new Map<string, ImportedObject>();
  for (const object of objects) {
    for (const symbol of object.elf.symbols) {
      // Every object has a license of its own, whatever its variable is called.
      const section = object.elf.sections[symbol.section]?.name ?? '';
      if (!isGlobalName(symbol) || DROPPED.has(section)) continue;
      const owner = owners.get(symbol.name);
      if (owner) {
        problems.push({
          object,
          message: `${symbol.name} is defined in ${owner.name} and in ${object.name}`,
        });
      } else if (taken(symbol.name)) {
        problems.push({
          object,
          message: `${object.name} defines ${symbol.name}, a name that is taken already`,
        });
      }
      owners.set(symbol.name, owner ?? object);
    }
  }
  for (const object of objects) {
    for (const name of undefinedNames(object)) {
      if (owners.has(name)) continue;
      problems.push({
        object,
        message: `${object.name} refers to ${name}, which no imported object defines`,
      });
    }
  }
  return problems;
}

/** Names that the code of an object uses and does not define. */
function undefinedNames(object: ImportedObject): ReadonlySet<string> {
  const { elf } = object;
  const text = elf.sections.findIndex((section) => section.name === '.text');
  const names = new Set<string>();
  for (const { symbol: index } of elf.relocations.get(text) ?? []) {
    const symbol = elf.symbols[index];
    if (symbol && !isDefined(symbol)) names.add(symbol.name);
  }
  return names;
}
