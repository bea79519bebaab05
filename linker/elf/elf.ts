/**
 * ELF64 as BPF objects use it: little-endian, relocatable, relocations without addends (SHT_REL).
 * Numbers are those of the System V ABI and, for relocation types, of the kernel's
 * Documentation/bpf/llvm_reloc.rst.
 */

export const SHT = {
  null: 0,
  progbits: 1,
  symtab: 2,
  strtab: 3,
  rela: 4,
  note: 7,
  nobits: 8,
  rel: 9,
  dynsym: 11,
} as const;
export const SHF = { write: 1, alloc: 2, exec: 4, infoLink: 0x40 } as const;
export const STB = { local: 0, global: 1, weak: 2 } as const;
export const STT = { notype: 0, object: 1, func: 2, section: 3, file: 4 } as const;
export const ET_REL = 1;
export const EM_BPF = 247;
/** e_machine (include/uapi/linux/elf-em.h), as `uname -m` says it. */
export const ELF_MACHINES: ReadonlyMap<number, string> = new Map([
  [62, 'x86_64'],
  [183, 'aarch64'],
]);
/** Indexes from here up are not sections (SHN_ABS, SHN_COMMON, ...). */
export const SHN_LORESERVE = 0xff00;

export const R_BPF = {
  /** Both halves of an `ld_imm64`; the addend stands in the first immediate. */
  ld64: 1,
  abs64: 2,
  abs32: 3,
  /** 32 bits of data in sections that nobody relocates at run time, such as `.BTF.ext`. */
  nodyld32: 4,
  /** The immediate of a call, counted in instructions from the next one. */
  call: 10,
} as const;

export const HEADER_SIZE = 64;
export const SECTION_HEADER_SIZE = 64;
export const PROGRAM_HEADER_SIZE = 56;
export const PT_LOAD = 1;
export const SYMBOL_SIZE = 24;
export const REL_SIZE = 16;
/** Bytes of one BPF instruction; an `ld_imm64` takes two. */
export const INSN_SIZE = 8;

export interface ElfSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  /** Size in memory; `data` is empty for SHT_NOBITS. */
  readonly size: number;
  readonly align: number;
  readonly link: number;
  readonly info: number;
  readonly data: Uint8Array;
}

export interface ElfSymbol {
  readonly name: string;
  readonly bind: number;
  readonly type: number;
  /** Index into the sections; 0 when it is undefined. */
  readonly section: number;
  readonly value: number;
  readonly size: number;
}

export interface ElfRelocation {
  readonly offset: number;
  readonly type: number;
  /** Index into the symbols. */
  readonly symbol: number;
}

export interface ElfObject {
  /** By their index in the file; the first is the null section. */
  readonly sections: readonly ElfSection[];
  readonly symbols: readonly ElfSymbol[];
  /** By the index of the section that they apply to. */
  readonly relocations: ReadonlyMap<number, readonly ElfRelocation[]>;
}

/** The bytes are not an ELF file that a BPF loader could take. */
export class ElfError extends Error {}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
