/** ELF files as tables of sections, without a disk. */
import { SYMBOL_SIZE } from '../../../linker/elf/elf.ts';
import type { ElfFile, FileSection } from '../../../linker/elf/file.ts';

export type Section = Partial<FileSection> & { readonly bytes?: Uint8Array };

export function elfOf(sections: readonly Section[], machine = 62): ElfFile {
  const made = sections.map(({ bytes = new Uint8Array(), ...given }) => {
    const section = { name: '', type: 1, flags: 0, address: 0, size: bytes.length, link: 0 };
    return { section: { ...section, ...given }, bytes };
  });
  return {
    ...{ path: '/program', type: 3, machine },
    sections: made.map(({ section }) => section),
    data: (wanted) => made.find(({ section }) => section === wanted)?.bytes ?? new Uint8Array(),
  };
}

export interface ProgramSymbol {
  readonly name: string;
  readonly type?: number;
  readonly section?: number;
  readonly value?: bigint;
  readonly size?: bigint;
}

/** A table of symbols and its strings; each name stands there once, also as the end of another. */
export function symbolTable(symbols: readonly ProgramSymbol[]): {
  readonly symbols: Uint8Array;
  readonly strings: Uint8Array;
} {
  const text = ['', ...symbols.map(({ name }) => name), ''].join('\0');
  const table = Buffer.alloc(symbols.length * SYMBOL_SIZE);
  symbols.forEach(({ name, type = 2, section = 1, value = 0n, size = 0n }, index) => {
    const at = index * SYMBOL_SIZE;
    table.writeUInt32LE(Buffer.byteLength(text.slice(0, text.indexOf(`\0${name}\0`) + 1)), at);
    // Global: what the type has to be told from.
    table.writeUInt8(0x10 | type, at + 4);
    table.writeUInt16LE(section, at + 6);
    table.writeBigUInt64LE(value, at + 8);
    table.writeBigUInt64LE(size, at + 16);
  });
  return { symbols: table, strings: Buffer.from(text) };
}
