/**
 * Puts imported objects into the compiler's, at the level of ELF: their code behind its `.text`, their data as
 * further sections, their symbols behind its symbols. What link.ts does with sections and relocations then
 * holds for all of them.
 */
import {
  type ElfObject,
  type ElfRelocation,
  type ElfSection,
  type ElfSymbol,
  SHF,
  SHT,
  STB,
  STT,
} from './elf/elf.ts';
import { alignUp } from './elf/write.ts';
import { type ImportedObject, importedSection, isGlobalName } from './imported.ts';

/** Where an imported object went. */
export interface MergedObject {
  readonly object: ImportedObject;
  /** Its code in `.text`. */
  readonly text: { readonly start: number; readonly end: number };
  /** Section of the merged object by its own section. */
  readonly sections: ReadonlyMap<number, number>;
}

export interface Merged {
  readonly elf: ElfObject;
  readonly objects: readonly MergedObject[];
}

/** Names of data sections that imports bring: image.ts merges them into those that loaders know. */
const NAMES = { rodata: '.rodata.import', data: '.data.import', bss: '.bss' } as const;

export function mergeObjects(elf: ElfObject, imports: readonly ImportedObject[]): Merged {
  if (imports.length === 0) return { elf, objects: [] };
  const sections: ElfSection[] = [...elf.sections];
  const symbols: ElfSymbol[] = [...elf.symbols];
  const text = sectionNamed(sections, '.text', SHF.alloc | SHF.exec);
  const maps = sectionNamed(sections, '.maps', SHF.alloc | SHF.write);
  const codeRelocations: ElfRelocation[] = [...(elf.relocations.get(text) ?? [])];
  const parts: Uint8Array[] = [sections[text]?.data ?? new Uint8Array()];
  let end = sections[text]?.size ?? 0;

  const objects = imports.map((object): MergedObject => {
    const firstSymbol = symbols.length;
    const places = new Map<number, number>();
    let start = end;
    object.elf.sections.forEach((section, index) => {
      const kind = importedSection(section.name);
      if (!kind || section.size === 0 || !(section.flags & SHF.alloc)) return;
      if (kind === 'maps') {
        places.set(index, maps);
      } else if (kind === 'code') {
        start = alignUp(end, section.align);
        parts.push(new Uint8Array(start - end), section.data);
        end = start + section.size;
        places.set(index, text);
        for (const relocation of object.elf.relocations.get(index) ?? []) {
          codeRelocations.push({
            ...relocation,
            offset: relocation.offset + start,
            symbol: relocation.symbol + firstSymbol,
          });
        }
      } else {
        places.set(index, sections.length);
        sections.push({ ...section, name: NAMES[kind] });
      }
    });
    for (const symbol of object.elf.symbols) symbols.push(moved(symbol, places, text, start));
    return { object, text: { start, end }, sections: places };
  });

  const code = sections[text];
  if (code) {
    const align = Math.max(code.align, 8);
    sections[text] = { ...code, align, size: end, data: Buffer.concat(parts) };
  }
  const relocations = new Map(elf.relocations);
  relocations.set(text, codeRelocations);
  return { elf: { sections, symbols: resolved(symbols), relocations }, objects };
}

/** Index of a section, which is made if there is none. */
function sectionNamed(sections: ElfSection[], name: string, flags: number): number {
  const found = sections.findIndex((section) => section.name === name);
  if (found !== -1) return found;
  sections.push({
    name,
    type: SHT.progbits,
    flags,
    size: 0,
    align: 8,
    link: 0,
    info: 0,
    data: new Uint8Array(),
  });
  return sections.length - 1;
}

/**
 * Functions become local ones: the kernel then checks each call with what the caller knows, as for a script's
 * own, and not once for arguments of any value.
 */
function moved(
  symbol: ElfSymbol,
  places: ReadonlyMap<number, number>,
  text: number,
  start: number,
): ElfSymbol {
  const section = places.get(symbol.section);
  // An undefined name keeps it, until some object is found that defines it.
  if (section === undefined) {
    const name = symbol.section === 0 ? symbol.name : '';
    return { ...symbol, name, section: 0, type: STT.notype };
  }
  if (section !== text) return { ...symbol, section };
  return { ...symbol, section, value: symbol.value + start, bind: STB.local };
}

/** Lets undefined symbols stand for what another object defines. */
export function resolved(symbols: readonly ElfSymbol[]): readonly ElfSymbol[] {
  const definitions = new Map<string, ElfSymbol>();
  for (const symbol of symbols) {
    const defined = symbol.section !== 0 && symbol.name !== '';
    const named = symbol.type === STT.func || symbol.type === STT.object;
    if (defined && named && !definitions.has(symbol.name)) definitions.set(symbol.name, symbol);
  }
  return symbols.map((symbol) => {
    if (symbol.section !== 0 || symbol.name === '') return symbol;
    const found = definitions.get(symbol.name);
    if (!found) return symbol;
    // Maps are named by relocations, everything else by its place.
    return { ...found, type: found.type === STT.func ? STT.notype : found.type };
  });
}

export interface ImportedVariable {
  readonly name: string;
  /** Index in the merged object. */
  readonly section: number;
  readonly value: number;
  readonly size: number;
  /** Id in the imported object's BTF. */
  readonly type: number;
}

/** Global variables and maps of an imported object that its BTF describes. */
export function variablesOf(
  { object, sections }: MergedObject,
  variables: ReadonlyMap<string, number>,
): readonly ImportedVariable[] {
  return object.elf.symbols.flatMap((symbol) => {
    const section = sections.get(symbol.section);
    const type = variables.get(symbol.name);
    if (symbol.type !== STT.object || !isGlobalName(symbol)) return [];
    if (section === undefined || type === undefined) return [];
    return [{ name: symbol.name, section, value: symbol.value, size: symbol.size, type }];
  });
}
