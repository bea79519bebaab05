/**
 * ELF files of programs and libraries, read piece by piece: a large program has hundreds of megabytes, of which a
 * listing needs two tables. Everything is checked against the file's bounds.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const HEADER_SIZE = 64;
const SECTION_HEADER_SIZE = 64;

/** Of the System V ABI. */
export const SECTION = { symtab: 2, note: 7, nobits: 8, dynsym: 11 } as const;
export const FLAG_EXECUTABLE = 4;

export interface BinarySection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

export interface Binary {
  readonly sections: readonly BinarySection[];
  /** Bytes of a section; empty where the file holds none of it. Throws BinaryError where it is cut off. */
  read(section: BinarySection): Buffer;
  close(): void;
}

/** The file is no 64-bit little-endian ELF file, or a damaged one. */
export class BinaryError extends Error {}

/** Throws BinaryError for other files, and what node:fs throws for those that cannot be read. */
export function openBinary(path: string): Binary {
  const descriptor = openSync(path, 'r');
  try {
    const size = fstatSync(descriptor).size;
    const read = (offset: number, length: number): Buffer => {
      // Before anything is allocated: sizes come from the file.
      if (offset + length > size) throw new BinaryError('it is cut off');
      const bytes = Buffer.alloc(length);
      if (readSync(descriptor, bytes, 0, length, offset) !== length)
        throw new BinaryError('it is cut off');
      return bytes;
    };
    if (size < HEADER_SIZE) throw new BinaryError('it is not an ELF file');
    const sections = readSections(read(0, HEADER_SIZE), read);
    return {
      sections,
      read: (section) =>
        section.type === SECTION.nobits ? Buffer.alloc(0) : read(section.offset, section.size),
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function readSections(
  header: Buffer,
  read: (offset: number, length: number) => Buffer,
): readonly BinarySection[] {
  if (header.readUInt32BE(0) !== 0x7f454c46) throw new BinaryError('it is not an ELF file');
  if (header[4] !== 2 || header[5] !== 1)
    throw new BinaryError('it is not a 64-bit little-endian ELF file');
  const start = Number(header.readBigUInt64LE(40));
  const count = header.readUInt16LE(60);
  if (start === 0 || count === 0) return [];
  if (header.readUInt16LE(58) !== SECTION_HEADER_SIZE)
    throw new BinaryError('its section headers have an unknown size');
  const table = read(start, count * SECTION_HEADER_SIZE);
  const raw = Array.from({ length: count }, (_, index) => {
    const at = index * SECTION_HEADER_SIZE;
    return {
      nameOffset: table.readUInt32LE(at),
      type: table.readUInt32LE(at + 4),
      flags: Number(table.readBigUInt64LE(at + 8)),
      offset: Number(table.readBigUInt64LE(at + 24)),
      size: Number(table.readBigUInt64LE(at + 32)),
      link: table.readUInt32LE(at + 40),
    };
  });
  const names = raw[header.readUInt16LE(62)];
  const strings = names ? read(names.offset, names.size) : Buffer.alloc(0);
  return raw.map(({ nameOffset, ...section }) => ({
    ...section,
    name: textAt(strings, nameOffset),
  }));
}

/** The text that ends at the next NUL; empty outside of the table. */
export function textAt(strings: Buffer, offset: number): string {
  const end = strings.indexOf(0, offset);
  return offset >= strings.length || end === -1 ? '' : strings.toString('latin1', offset, end);
}
