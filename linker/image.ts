/** What of LLVM's object stays: code, and data merged into `.rodata` and `.bss`. */
import { type ElfObject, type ElfSection, type ElfSymbol, SHF, SHT, STB, STT } from './elf/elf.ts';
import { alignUp } from './elf/write.ts';

export interface CodeSection {
  /** Its index in LLVM's object. */
  readonly input: number;
  /** Tells libbpf the program type; several programs can stand in one. `.text` holds what they call. */
  readonly name: string;
  /** A copy, which relocation changes. */
  readonly data: Uint8Array;
}

/** `.data` comes from imported objects only: a script's variables begin as zeros or are constant. */
export type DataSectionName = '.rodata' | '.data' | '.bss';

export interface DataSection {
  readonly name: DataSectionName;
  readonly align: number;
  /** Zeros for `.bss`. */
  readonly data: Uint8Array;
}

export interface ImageFunction {
  readonly name: string;
  /** Index into `code`. */
  readonly section: number;
  readonly offset: number;
  readonly size: number;
  readonly global: boolean;
}

export interface DataPlace {
  readonly section: DataSectionName;
  readonly offset: number;
}

export interface Image {
  readonly code: readonly CodeSection[];
  readonly data: readonly DataSection[];
  /** By section and offset. */
  readonly functions: readonly ImageFunction[];
  /** Where a place in a section of LLVM's object went; undefined for what is not data. */
  placeOf(section: number, offset: number): DataPlace | undefined;
  /** Place of a named variable. Throws if there is none. */
  variable(symbol: string): DataPlace;
}

/**
 * Sorts LLVM's sections out. LLVM splits constants by their size and kind (`.rodata.cst16`,
 * `.rodata.str1.1`); libbpf would make a map of each, so they follow the variables in one `.rodata`.
 */
export function imageOf(elf: ElfObject): Image {
  const code: CodeSection[] = [];
  const parts: Record<DataSectionName, { input: number; section: ElfSection }[]> = {
    '.rodata': [],
    '.data': [],
    '.bss': [],
  };
  elf.sections.forEach((section, input) => {
    if (section.size === 0 || !(section.flags & SHF.alloc)) return;
    if (section.flags & SHF.exec)
      code.push({ input, name: section.name, data: Uint8Array.from(section.data) });
    else if (section.name === '.bss') parts['.bss'].push({ input, section });
    else if (section.name === '.rodata') parts['.rodata'].unshift({ input, section });
    else if (section.name === '.data.import') parts['.data'].push({ input, section });
    else if (section.name.startsWith('.rodata.')) parts['.rodata'].push({ input, section });
    // The linker writes these two itself; the third belongs to exceptions, which BPF has not.
    else if (!['.maps', 'license', '.eh_frame'].includes(section.name))
      throw new Error(`the compiler's object has a section ${section.name} that no loader knows`);
  });

  const bases = new Map<number, DataPlace>();
  const data = (['.rodata', '.data', '.bss'] as const)
    .filter((name) => parts[name].length > 0)
    .map((name) => mergeData(name, parts[name], bases));

  const placeOf = (section: number, offset: number): DataPlace | undefined => {
    const base = bases.get(section);
    return base && { section: base.section, offset: base.offset + offset };
  };
  // Of symbols with one name the first counts.
  const objects = new Map(
    elf.symbols
      .filter(({ type }) => type === STT.object)
      .reverse()
      .map((symbol) => [symbol.name, symbol]),
  );
  return {
    code,
    data,
    functions: functionsOf(elf, code),
    placeOf,
    variable(name) {
      const symbol = objects.get(name);
      const place = symbol && placeOf(symbol.section, symbol.value);
      if (!place) throw new Error(`variable ${name} is missing from the compiler's object`);
      return place;
    },
  };
}

function mergeData(
  name: DataSectionName,
  parts: readonly { readonly input: number; readonly section: ElfSection }[],
  bases: Map<number, DataPlace>,
): DataSection {
  let end = 0;
  for (const { input, section } of parts) {
    if (name === '.bss' && section.type !== SHT.nobits && section.data.some((byte) => byte !== 0))
      throw new Error('a variable in .bss has an initial value');
    const offset = alignUp(end, section.align);
    bases.set(input, { section: name, offset });
    end = offset + section.size;
  }
  const data = new Uint8Array(end);
  for (const { input, section } of parts) data.set(section.data, bases.get(input)?.offset ?? 0);
  return { name, align: Math.max(...parts.map(({ section }) => section.align)), data };
}

function functionsOf(elf: ElfObject, code: readonly CodeSection[]): readonly ImageFunction[] {
  const sections = new Map(code.map((section, index) => [section.input, index]));
  return elf.symbols
    .filter((symbol) => symbol.type === STT.func)
    .map((symbol: ElfSymbol) => {
      const section = sections.get(symbol.section);
      if (section === undefined) throw new Error(`function ${symbol.name} is not defined`);
      return {
        name: symbol.name,
        section,
        offset: symbol.value,
        size: symbol.size,
        global: symbol.bind !== STB.local,
      };
    })
    .sort((left, right) => left.section - right.section || left.offset - right.offset);
}
