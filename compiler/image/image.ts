/**
 * The file of a kernel, unpacked and at its addresses: a vmlinux, the bzImage of x86-64 (Documentation/arch/x86/boot.rst)
 * or the Image of arm64 (Documentation/arch/arm64/booting.rst), also packed.
 */
import { BTF_HEADER_SIZE, BTF_MAGIC } from '../../linker/btf/btf.ts';
import { ELF_MACHINES, ElfError } from '../../linker/elf/elf.ts';
import { readLoadedSegments } from '../../linker/elf/read.ts';
import { KernelDescriptionError } from '../kernel/error.ts';
import { createMemory, type Memory, type Segment } from './memory.ts';
import { unpack } from './unpack.ts';

export interface KernelMemory {
  /** As `uname -m` says. */
  readonly arch: string;
  readonly memory: Memory;
}

/** Throws KernelDescriptionError for what is no kernel. */
export function openImage(bytes: Buffer, depth = 0): KernelMemory {
  if (depth > 3) throw new KernelDescriptionError('it is packed too many times');
  const packed = insideOf(bytes);
  if (packed) return openImage(packed, depth + 1);
  if (bytes.length > 64 && bytes.readUInt32BE(0) === 0x7f454c46) {
    try {
      return openElf(bytes);
    } catch (error) {
      if (error instanceof ElfError) throw new KernelDescriptionError(error.message);
      throw error;
    }
  }
  if (bytes.length > 64 && bytes.toString('latin1', 0x38, 0x3c) === 'ARMd')
    return { arch: 'aarch64', memory: createMemory([placeArm64(bytes)]) };
  const unpacked = unpack(bytes);
  if (unpacked === bytes) throw new KernelDescriptionError('it is no kernel of a known form');
  return openImage(unpacked, depth + 1);
}

/**
 * The kernel that stands packed inside of a file which begins with a program of its own, unpacked; undefined for other
 * files. Throws KernelDescriptionError.
 */
export function insideOf(bytes: Buffer): Buffer | undefined {
  const part = (start: number, size: number): Buffer => {
    if (start + size > bytes.length) throw new KernelDescriptionError('the kernel is cut off');
    return unpack(bytes.subarray(start, start + size));
  };
  // setup_sects, payload_offset, payload_length.
  if (bytes.length > 0x264 && bytes.toString('latin1', 0x202, 0x206) === 'HdrS')
    return part(
      ((bytes[0x1f1] || 4) + 1) * 512 + bytes.readUInt32LE(0x248),
      bytes.readUInt32LE(0x24c),
    );
  // struct linux_efi_zboot_header (drivers/firmware/efi/libstub/zboot-header.S).
  if (bytes.length > 64 && bytes.toString('latin1', 4, 8) === 'zimg')
    return part(bytes.readUInt32LE(8), bytes.readUInt32LE(12));
  return undefined;
}

/** A vmlinux has four or five. */
const MOST_SEGMENTS = 32;

function openElf(bytes: Buffer): KernelMemory {
  const segments = readLoadedSegments(bytes).map(
    ({ address, data }): Segment => ({
      start: address,
      data: Buffer.from(data.buffer, data.byteOffset, data.length),
    }),
  );
  if (segments.length > MOST_SEGMENTS)
    throw new KernelDescriptionError('it has too many segments for a kernel');
  const machine = bytes.readUInt16LE(18);
  return {
    arch: ELF_MACHINES.get(machine) ?? `machine ${machine}`,
    memory: createMemory(segments),
  };
}

/** R_AARCH64_RELATIVE as the second word of an Elf64_Rela. */
const RELATIVE = 0x403;
/** KIMAGE_VADDR (arch/arm64/include/asm/memory.h) since 6.5, since 5.11 and before, with 48 bits of addresses. */
const BASES = [0xffff800080000000n, 0xffff800008000000n, 0xffff800010000000n];

/**
 * The image has pointers only as relocations, each {place, kind, value}, in one table. Without it (RELR) they stand in
 * place, but nothing says where the image is.
 */
function placeArm64(bytes: Buffer): Segment {
  const data = Buffer.from(bytes);
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length >>> 2);
  let [best, bestCount] = [0, 0];
  for (let at = 0; at + 6 <= words.length; at += 2) {
    if (words[at + 2] !== RELATIVE || words[at + 3] !== 0) continue;
    let count = 0;
    while (words[at + 6 * count + 2] === RELATIVE && words[at + 6 * count + 3] === 0) count += 1;
    if (count > bestCount) [best, bestCount] = [at, count];
    at += 6 * Math.max(0, count - 1) + 4;
  }
  const start = best * 4;
  const isInside = (address: bigint, base: bigint) =>
    address >= base && address < base + BigInt(data.length);
  const base = BASES.find(
    (each) => bestCount > 1000 && isInside(data.readBigUInt64LE(start), each),
  );
  if (base === undefined) return { start: BASES[0] ?? 0n, data };
  for (let index = 0; index < bestCount; index += 1) {
    const place = data.readBigUInt64LE(start + 24 * index) - base;
    if (place < 0n || place + 8n > BigInt(data.length)) continue;
    data.writeBigUInt64LE(data.readBigUInt64LE(start + 24 * index + 16), Number(place));
  }
  return { start: base, data };
}

/** The kernel's own BTF: the largest that stands in its memory. */
export function btfOf({ memory }: KernelMemory): Buffer {
  const magic = Buffer.from([
    BTF_MAGIC & 0xff,
    BTF_MAGIC >>> 8,
    1,
    0,
    BTF_HEADER_SIZE,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
  let largest: Buffer | undefined;
  for (const { data } of memory.segments)
    for (let at = data.indexOf(magic); at !== -1; at = data.indexOf(magic, at + 1)) {
      if (at + BTF_HEADER_SIZE > data.length) break;
      const types = data.readUInt32LE(at + 12);
      const texts = data.readUInt32LE(at + 16);
      const end = at + BTF_HEADER_SIZE + texts + data.readUInt32LE(at + 20);
      if (types !== texts || end > data.length) continue;
      if (end - at > (largest?.length ?? 0)) largest = data.subarray(at, end);
    }
  if (largest) return largest;
  throw new KernelDescriptionError('the kernel was built without BTF (CONFIG_DEBUG_INFO_BTF)');
}

/** From its banner (init/version.c). */
export function releaseOf({ memory }: KernelMemory): string | undefined {
  for (const { data } of memory.segments) {
    const at = data.indexOf('Linux version ');
    const found =
      at === -1 ? null : /^Linux version ([\w.+~-]+) /.exec(data.toString('latin1', at, at + 200));
    if (found) return found[1];
  }
  return undefined;
}
