/**
 * Reads a BPF object. elfy finds the sections; what it does not know is decoded here: it has no symbols and
 * no relocations, turns section types into names, reads `sh_addralign` at the wrong place for 64-bit files,
 * and slices file contents for SHT_NOBITS sections, which have none.
 */
import elfy from 'elfy';
import {
  ElfError,
  type ElfObject,
  type ElfRelocation,
  type ElfSection,
  type ElfSymbol,
  EM_BPF,
  ET_REL,
  HEADER_SIZE,
  PROGRAM_HEADER_SIZE,
  PT_LOAD,
  REL_SIZE,
  SECTION_HEADER_SIZE,
  SHN_LORESERVE,
  SHT,
  SYMBOL_SIZE,
  viewOf,
} from './elf.ts';

/**
 * Reads sections, symbols and relocations. Everything is checked against the file's bounds.
 * Throws ElfError for anything else than a relocatable 64-bit little-endian BPF object.
 */
export function readElf(bytes: Uint8Array): ElfObject {
  const sections = readSections(bytes);
  const symtab = sections.find((section) => section.type === SHT.symtab);
  const symbols = symtab ? readSymbols(symtab, sections) : [];
  const relocations = new Map<number, readonly ElfRelocation[]>();
  for (const section of sections) {
    if (section.type === SHT.rela) throw new ElfError(`${section.name} has addends (SHT_RELA)`);
    if (section.type !== SHT.rel) continue;
    if (!sections[section.info]) throw new ElfError(`${section.name} applies to no section`);
    relocations.set(section.info, readRelocations(section, symbols.length));
  }
  return { sections, symbols, relocations };
}

function readSections(bytes: Uint8Array): ElfSection[] {
  if (bytes.length < HEADER_SIZE) throw new ElfError('too short for an ELF header');
  const view = viewOf(bytes);
  if (view.getUint32(0) !== 0x7f454c46) throw new ElfError('not an ELF file');
  // Checked before elfy sees the file: it looks tables up by these numbers without checking them.
  if (bytes[4] !== 2 || bytes[5] !== 1) throw new ElfError('not a 64-bit little-endian ELF file');
  if (view.getUint16(16, true) !== ET_REL || view.getUint16(18, true) !== EM_BPF)
    throw new ElfError('not a relocatable BPF object');

  return readSectionTable(bytes).map(({ offset, address: _, ...section }) => {
    const { name, type, size } = section;
    const fileSize = type === SHT.nobits || type === SHT.null ? 0 : size;
    if (offset + fileSize > bytes.length)
      throw new ElfError(`section ${name} reaches beyond the end of the file`);
    return { ...section, data: bytes.subarray(offset, offset + fileSize) };
  });
}

export interface SectionTableEntry extends Omit<ElfSection, 'data'> {
  /** Where the contents begin in the file, which is not checked. */
  readonly offset: number;
  readonly address: number;
}

/** The section headers of a 64-bit little-endian file, of any machine, in which they and their names can be read. */
export function readSectionTable(bytes: Uint8Array): readonly SectionTableEntry[] {
  const view = viewOf(bytes);
  if (view.getUint16(58, true) !== SECTION_HEADER_SIZE)
    throw new ElfError('section headers have an unknown size');
  const { shoff, body } = parse(bytes);
  return body.sections.map((found, index) => {
    const header = shoff + index * SECTION_HEADER_SIZE;
    return {
      name: found.name,
      type: view.getUint32(header + 4, true),
      flags: Number(view.getBigUint64(header + 8, true)),
      address: Number(view.getBigUint64(header + 16, true)),
      offset: found.off,
      size: found.size,
      align: Number(view.getBigUint64(header + 48, true)),
      link: found.link,
      info: found.info,
    };
  });
}

/** What the kernel, or whoever boots one, loads into memory. */
export interface LoadedSegment {
  /** Too wide for a number: kernels are at the upper end. */
  readonly address: bigint;
  /** As in the file; what is behind it in memory is zero. */
  readonly data: Uint8Array;
}

/** The segments of type PT_LOAD of a 64-bit little-endian file of any machine. Throws ElfError. */
export function readLoadedSegments(bytes: Uint8Array): readonly LoadedSegment[] {
  if (bytes.length < HEADER_SIZE) throw new ElfError('too short for an ELF header');
  const view = viewOf(bytes);
  if (view.getUint32(0) !== 0x7f454c46) throw new ElfError('not an ELF file');
  if (bytes[4] !== 2 || bytes[5] !== 1) throw new ElfError('not a 64-bit little-endian ELF file');
  const table = Number(view.getBigUint64(32, true));
  const [stride, count] = [view.getUint16(54, true), view.getUint16(56, true)];
  if (count > 0 && stride < PROGRAM_HEADER_SIZE)
    throw new ElfError('program headers have an unknown size');
  if (table + stride * count > bytes.length) throw new ElfError('program headers are cut off');
  return Array.from({ length: count }, (_, index) => table + stride * index)
    .filter((at) => view.getUint32(at, true) === PT_LOAD)
    .map((at) => {
      const offset = Number(view.getBigUint64(at + 8, true));
      const size = Number(view.getBigUint64(at + 32, true));
      if (offset + size > bytes.length) throw new ElfError('a segment is cut off');
      return {
        address: view.getBigUint64(at + 16, true),
        data: bytes.subarray(offset, offset + size),
      };
    });
}

function parse(bytes: Uint8Array): ReturnType<typeof elfy.parse> {
  try {
    return elfy.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    throw new ElfError('damaged section headers', { cause: error });
  }
}

function readSymbols(symtab: ElfSection, sections: readonly ElfSection[]): ElfSymbol[] {
  const strings = sections[symtab.link];
  if (strings?.type !== SHT.strtab) throw new ElfError('the symbol table has no string table');
  const view = viewOf(symtab.data);
  const symbols: ElfSymbol[] = [];
  for (let at = 0; at + SYMBOL_SIZE <= symtab.data.length; at += SYMBOL_SIZE) {
    const info = view.getUint8(at + 4);
    const section = view.getUint16(at + 6, true);
    if (section < SHN_LORESERVE && section >= sections.length)
      throw new ElfError(`symbol ${at / SYMBOL_SIZE} is in no section`);
    symbols.push({
      name: stringAt(strings.data, view.getUint32(at, true)),
      bind: info >> 4,
      type: info & 15,
      section,
      value: Number(view.getBigUint64(at + 8, true)),
      size: Number(view.getBigUint64(at + 16, true)),
    });
  }
  return symbols;
}

function readRelocations(section: ElfSection, symbols: number): ElfRelocation[] {
  const view = viewOf(section.data);
  const relocations: ElfRelocation[] = [];
  for (let at = 0; at + REL_SIZE <= section.data.length; at += REL_SIZE) {
    const symbol = view.getUint32(at + 12, true);
    if (symbol >= symbols) throw new ElfError(`${section.name} refers to no symbol`);
    relocations.push({
      offset: Number(view.getBigUint64(at, true)),
      type: view.getUint32(at + 8, true),
      symbol,
    });
  }
  return relocations;
}

/** The NUL-terminated string at an offset of a string table. */
export function stringAt(table: Uint8Array, offset: number): string {
  const end = table.indexOf(0, offset);
  if (offset >= table.length || end === -1)
    throw new ElfError('a name is outside its string table');
  return Buffer.from(table.buffer, table.byteOffset + offset, end - offset).toString();
}
