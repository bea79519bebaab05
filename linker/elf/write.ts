/** Writes a relocatable BPF object: same input, same bytes. */
import {
  type ElfRelocation,
  type ElfSymbol,
  EM_BPF,
  ET_REL,
  HEADER_SIZE,
  REL_SIZE,
  SECTION_HEADER_SIZE,
  SHF,
  SHT,
  STB,
  SYMBOL_SIZE,
  viewOf,
} from './elf.ts';

export interface OutputSection {
  readonly name: string;
  readonly type: typeof SHT.progbits | typeof SHT.nobits;
  readonly flags: number;
  readonly align: number;
  /** Contents; for SHT_NOBITS only its length counts. */
  readonly data: Uint8Array;
  readonly relocations?: readonly ElfRelocation[];
}

export interface OutputFile {
  readonly bytes: Uint8Array;
  /** Where the contents of a section stand in the file, by index into the given sections. */
  readonly offsets: readonly number[];
}

interface Placed {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly align: number;
  readonly data: Uint8Array;
  readonly link: number;
  readonly info: number;
  readonly entrySize: number;
}

/**
 * Lays the file out: header, contents, section headers. `symbols[i].section` and relocations count given
 * sections from 1, as the file will; `symbols` leaves out the null symbol, relocations count symbols from 1,
 * and local symbols come first, as ELF demands.
 */
export function writeElf(
  sections: readonly OutputSection[],
  symbols: readonly ElfSymbol[],
): OutputFile {
  const relocated = sections.flatMap((section, index) =>
    section.relocations?.length ? [{ section, index }] : [],
  );
  const symtabIndex = 1 + sections.length + relocated.length;
  const strings = new StringTable();
  const placed: Placed[] = [
    ...sections.map((section) => ({ ...section, link: 0, info: 0, entrySize: 0 })),
    ...relocated.map(({ section, index }) => ({
      name: `.rel${section.name}`,
      type: SHT.rel,
      flags: SHF.infoLink,
      align: 8,
      data: relocationTable(section.relocations ?? []),
      link: symtabIndex,
      info: index + 1,
      entrySize: REL_SIZE,
    })),
    {
      name: '.symtab',
      type: SHT.symtab,
      flags: 0,
      align: 8,
      data: symbolTable(symbols, strings),
      link: symtabIndex + 1,
      info: 1 + symbols.filter((symbol) => symbol.bind === STB.local).length,
      entrySize: SYMBOL_SIZE,
    },
  ];
  const names = [...placed.map((section) => strings.add(section.name)), strings.add('.strtab')];
  placed.push({
    name: '.strtab',
    type: SHT.strtab,
    flags: 0,
    align: 1,
    data: strings.bytes(),
    link: 0,
    info: 0,
    entrySize: 0,
  });

  let end = HEADER_SIZE;
  const offsets = placed.map((section) => {
    const offset = alignUp(end, section.align);
    if (section.type !== SHT.nobits) end = offset + section.data.length;
    return offset;
  });
  const table = alignUp(end, 8);
  const bytes = new Uint8Array(table + (placed.length + 1) * SECTION_HEADER_SIZE);
  const view = viewOf(bytes);
  writeHeader(bytes, view, table, placed.length + 1);
  placed.forEach((section, index) => {
    const offset = offsets[index] ?? 0;
    if (section.type !== SHT.nobits) bytes.set(section.data, offset);
    const at = table + (index + 1) * SECTION_HEADER_SIZE;
    view.setUint32(at, names[index] ?? 0, true);
    view.setUint32(at + 4, section.type, true);
    view.setBigUint64(at + 8, BigInt(section.flags), true);
    view.setBigUint64(at + 24, BigInt(offset), true);
    view.setBigUint64(at + 32, BigInt(section.data.length), true);
    view.setUint32(at + 40, section.link, true);
    view.setUint32(at + 44, section.info, true);
    view.setBigUint64(at + 48, BigInt(section.align), true);
    view.setBigUint64(at + 56, BigInt(section.entrySize), true);
  });
  return { bytes, offsets: offsets.slice(0, sections.length) };
}

function writeHeader(bytes: Uint8Array, view: DataView, table: number, sections: number): void {
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, ET_REL, true);
  view.setUint16(18, EM_BPF, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(40, BigInt(table), true);
  view.setUint16(52, HEADER_SIZE, true);
  view.setUint16(58, SECTION_HEADER_SIZE, true);
  view.setUint16(60, sections, true);
  view.setUint16(62, sections - 1, true);
}

function symbolTable(symbols: readonly ElfSymbol[], strings: StringTable): Uint8Array {
  const data = new Uint8Array((symbols.length + 1) * SYMBOL_SIZE);
  const view = viewOf(data);
  symbols.forEach((symbol, index) => {
    const at = (index + 1) * SYMBOL_SIZE;
    view.setUint32(at, strings.add(symbol.name), true);
    view.setUint8(at + 4, (symbol.bind << 4) | symbol.type);
    view.setUint16(at + 6, symbol.section, true);
    view.setBigUint64(at + 8, BigInt(symbol.value), true);
    view.setBigUint64(at + 16, BigInt(symbol.size), true);
  });
  return data;
}

function relocationTable(relocations: readonly ElfRelocation[]): Uint8Array {
  const data = new Uint8Array(relocations.length * REL_SIZE);
  const view = viewOf(data);
  relocations.forEach((relocation, index) => {
    view.setBigUint64(index * REL_SIZE, BigInt(relocation.offset), true);
    view.setUint32(index * REL_SIZE + 8, relocation.type, true);
    view.setUint32(index * REL_SIZE + 12, relocation.symbol, true);
  });
  return data;
}

/** NUL-terminated strings one after the other, each once; offset 0 is the empty string. */
export class StringTable {
  readonly #offsets = new Map<string, number>([['', 0]]);
  readonly #chunks: Buffer[] = [Buffer.from([0])];
  #size = 1;

  add(text: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    const offset = this.#size;
    const chunk = Buffer.from(`${text}\0`);
    this.#offsets.set(text, offset);
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    return offset;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
}

export function alignUp(value: number, align: number): number {
  return align > 1 ? Math.ceil(value / align) * align : value;
}
