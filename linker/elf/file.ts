/**
 * Programs and libraries of any machine with 64-bit little-endian ELF, read as far as somebody asks. Files of
 * gigabytes are common where debug information is, so sections come from the disk when they are used.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { ElfError, HEADER_SIZE, SECTION_HEADER_SIZE, SHT, viewOf } from './elf.ts';
import { readSectionTable } from './read.ts';

export interface FileSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  /** Bytes in the file; 0 for SHT_NOBITS. */
  readonly size: number;
  readonly link: number;
}

export interface ElfFile {
  readonly path: string;
  /** ET_EXEC, ET_DYN, ... */
  readonly type: number;
  /** EM_X86_64, EM_AARCH64, ... */
  readonly machine: number;
  readonly sections: readonly FileSection[];
  /** The contents, uncompressed; read once. Throws ElfError where they are not what the header says. */
  data(section: FileSection): Uint8Array;
}

const SHF_COMPRESSED = 0x800;
const ELFCOMPRESS_ZLIB = 1;
/** Elf64_Chdr: u32 type, u32 reserved, u64 size, u64 alignment. */
const COMPRESSION_HEADER = 24;
/** What claims to be larger is no debug information. */
const LARGEST_SECTION = 2 ** 31;

/** Throws ElfError, or an error of the file system. */
export function openElfFile(path: string): ElfFile {
  const size = withFile(path, (fd) => fstatSync(fd).size);
  if (size < HEADER_SIZE) throw new ElfError('too short for an ELF header');
  // Memory that nobody touches costs nothing: only what is read is there.
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes);
  const load = (offset: number, length: number): void => {
    if (offset + length > size) throw new ElfError('a part reaches beyond the end of the file');
    withFile(path, (fd) => readWhole(fd, bytes, offset, length));
  };
  load(0, HEADER_SIZE);
  loadTables(view, size, load);
  const table = readSectionTable(bytes);
  const sections: readonly FileSection[] = table.map(
    ({ name, type, flags, address, size, link }) => ({
      name,
      type,
      flags,
      address,
      size: type === SHT.nobits ? 0 : size,
      link,
    }),
  );
  const contents = new Map<FileSection, Uint8Array>();
  return {
    path,
    type: view.getUint16(16, true),
    machine: view.getUint16(18, true),
    sections,
    data(section) {
      const known = contents.get(section);
      if (known) return known;
      const entry = table[sections.indexOf(section)];
      if (!entry) throw new ElfError('the section is of another file');
      load(entry.offset, section.size);
      const raw = bytes.subarray(entry.offset, entry.offset + section.size);
      const data = entry.flags & SHF_COMPRESSED ? uncompress(section.name, raw) : raw;
      contents.set(section, data);
      return data;
    },
  };
}

export function sectionNamed(file: ElfFile, name: string): FileSection | undefined {
  return file.sections.find((section) => section.name === name && section.type !== SHT.nobits);
}

/** The text that ends at the next NUL; empty outside of the table. */
export function textAt(table: Uint8Array, offset: number): string {
  const end = table.indexOf(0, offset);
  if (offset >= table.length || end === -1) return '';
  return Buffer.from(table.buffer, table.byteOffset + offset, end - offset).toString();
}

/** Loads what elfy looks at: program headers, section headers, their names. */
function loadTables(view: DataView, size: number, load: (at: number, length: number) => void) {
  if (view.getUint32(0) !== 0x7f454c46) throw new ElfError('not an ELF file');
  if (view.getUint8(4) !== 2 || view.getUint8(5) !== 1)
    throw new ElfError('not a 64-bit little-endian ELF file');
  const programs = Number(view.getBigUint64(32, true));
  const sections = Number(view.getBigUint64(40, true));
  const count = view.getUint16(60, true);
  load(programs, view.getUint16(54, true) * view.getUint16(56, true));
  load(sections, SECTION_HEADER_SIZE * count);
  const names = sections + SECTION_HEADER_SIZE * view.getUint16(62, true);
  if (count === 0 || names + SECTION_HEADER_SIZE > size) throw new ElfError('no section headers');
  load(Number(view.getBigUint64(names + 24, true)), Number(view.getBigUint64(names + 32, true)));
}

function withFile<T>(path: string, use: (fd: number) => T): T {
  const fd = openSync(path, 'r');
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function readWhole(fd: number, bytes: Uint8Array, offset: number, length: number): void {
  let done = 0;
  while (done < length) {
    const count = readSync(
      fd,
      bytes,
      offset + done,
      Math.min(length - done, 2 ** 30),
      offset + done,
    );
    if (count === 0) throw new ElfError('the file has become shorter');
    done += count;
  }
}

function uncompress(name: string, raw: Uint8Array): Uint8Array {
  if (raw.length < COMPRESSION_HEADER) throw new ElfError(`section ${name} is damaged`);
  const view = viewOf(raw);
  if (view.getUint32(0, true) !== ELFCOMPRESS_ZLIB)
    throw new ElfError(`section ${name} is compressed with something else than zlib`);
  const size = Number(view.getBigUint64(8, true));
  if (size > LARGEST_SECTION) throw new ElfError(`section ${name} is too large`);
  try {
    const data = inflateSync(raw.subarray(COMPRESSION_HEADER), {
      maxOutputLength: Math.max(1, size),
    });
    if (data.length !== size) throw new ElfError(`section ${name} is damaged`);
    return data;
  } catch (error) {
    throw new ElfError(`section ${name} cannot be uncompressed`, { cause: error });
  }
}
