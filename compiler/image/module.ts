/** A module's file (.ko): its BTF, and its tracepoints as far as the kernel would list them. */
import { BTF_HEADER_SIZE } from '../../linker/btf/btf.ts';
import type { Btf } from '../../linker/btf/read.ts';
import { ElfError, HEADER_SIZE, SHF, SHN_LORESERVE, SHT } from '../../linker/elf/elf.ts';
import { readSectionTable, type SectionTableEntry } from '../../linker/elf/read.ts';
import { KernelDescriptionError } from '../kernel/error.ts';
import { eventLines } from './events.ts';
import { createMemory, type Segment } from './memory.ts';

export interface ModuleContents {
  /** Of the kernel that it was built for, as its `vermagic` says. */
  readonly release: string | undefined;
  readonly btf: Buffer | undefined;
  readonly events: readonly string[];
}

/** R_X86_64_64 and R_AARCH64_ABS64. */
const POINTERS = new Set([1, 257]);
/** Sections get places of their own, far enough from each other. */
const STRIDE = 1n << 32n;

/** `kernel`: the types of the kernel that it is a module of. Throws KernelDescriptionError for what is no module. */
export function readModule(bytes: Buffer, kernel: Btf): ModuleContents {
  try {
    return contentsOf(bytes, kernel);
  } catch (error) {
    if (error instanceof RangeError || error instanceof ElfError)
      throw new KernelDescriptionError('the module is damaged');
    throw error;
  }
}

function contentsOf(bytes: Buffer, kernel: Btf): ModuleContents {
  const sections = sectionsOf(bytes);
  const dataOf = ({ offset, size, type }: SectionTableEntry) =>
    type === SHT.nobits ? Buffer.alloc(0) : bytes.subarray(offset, offset + size);
  const types = sections.find(({ name }) => name === '.BTF');
  // Types of a module that was built elsewhere count on from a base of its own, not from the kernel's.
  const isOnKernel = !sections.some(({ name }) => name === '.BTF.base');
  const btf =
    types && isOnKernel && types.size > BTF_HEADER_SIZE ? Buffer.from(dataOf(types)) : undefined;
  const info = sections.find(({ name }) => name === '.modinfo');
  const text = info ? Buffer.from(dataOf(info)).toString('latin1') : '';
  const release = /(?:^|\0)vermagic=([^\s\0]+)/.exec(text)?.[1];
  const index = sections.findIndex(({ name }) => name === '_ftrace_events');
  const list = sections[index];
  if (!list) return { release, btf, events: [] };
  const start = (section: number) => STRIDE * BigInt(section + 1);
  // Sections that lie over each other would be many times what the file holds.
  if (sections.reduce((sum, section) => sum + dataOf(section).length, 0) > 2 * bytes.length)
    throw new KernelDescriptionError('the module is damaged');
  const segments: Segment[] = sections.map((section, at) => {
    const isData = (section.flags & SHF.alloc) !== 0 && (section.flags & SHF.exec) === 0;
    return { start: start(at), data: isData ? Buffer.from(dataOf(section)) : Buffer.alloc(0) };
  });
  for (const section of sections) if (section.type === SHT.rela) relocate(dataOf(section), section);
  const from = start(index);
  return {
    release,
    btf,
    events: eventLines(kernel, createMemory(segments), from, from + BigInt(list.size)),
  };

  function relocate(records: Buffer, { link, info }: SectionTableEntry): void {
    const target = segments[info]?.data;
    const symbols = sections[link];
    if (!target || target.length === 0 || !symbols) return;
    const table = dataOf(symbols);
    for (let at = 0; at + 24 <= records.length; at += 24) {
      const place = Number(records.readBigUInt64LE(at));
      const symbol = records.readUInt32LE(at + 12) * 24;
      if (!POINTERS.has(records.readUInt32LE(at + 8)) || place + 8 > target.length) continue;
      const section = table.readUInt16LE(symbol + 6);
      const value = table.readBigUInt64LE(symbol + 8) + records.readBigInt64LE(at + 16);
      // SHN_UNDEF and SHN_ABS: what another module has, and numbers.
      const moved = section === 0 || section >= SHN_LORESERVE ? value : start(section) + value;
      target.writeBigUInt64LE(BigInt.asUintN(64, moved), place);
    }
  }
}

function sectionsOf(bytes: Buffer): readonly SectionTableEntry[] {
  if (bytes.length < HEADER_SIZE || bytes.readUInt32BE(0) !== 0x7f454c46)
    throw new KernelDescriptionError('it is no ELF file');
  return readSectionTable(bytes);
}
