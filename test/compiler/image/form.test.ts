/** Forms of a kernel's file, each of a few kilobytes. */

import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  btfOf,
  insideOf,
  type KernelMemory,
  openImage,
  releaseOf,
} from '../../../compiler/image/image.ts';
import { createMemory } from '../../../compiler/image/memory.ts';
import { elf } from './kernel-image.ts';

const START = 0xffffffff81000000n;

const KERNEL = elf([[START, Buffer.from('Linux version 6.1.2-test+ (somebody)\0')]]);

function bzImage(payload: Buffer, sectors: number): Buffer {
  const start = ((sectors || 4) + 1) * 512 + 16;
  const head = Buffer.alloc(start);
  head.writeUInt8(sectors, 0x1f1);
  head.write('HdrS', 0x202);
  head.writeUInt32LE(16, 0x248);
  head.writeUInt32LE(payload.length, 0x24c);
  return Buffer.concat([head, payload]);
}

function zboot(payload: Buffer): Buffer {
  const head = Buffer.alloc(128);
  head.write('MZ');
  head.write('zimg', 4);
  head.writeUInt32LE(head.length, 8);
  head.writeUInt32LE(payload.length, 12);
  return Buffer.concat([head, payload]);
}

const release = (bytes: Buffer): string | undefined => releaseOf(openImage(bytes));

describe('a kernel', () => {
  it('may be a vmlinux, for any machine', () => {
    const opened = openImage(KERNEL);
    expect(opened.arch).toBe('x86_64');
    expect(opened.memory.text(START)).toContain('Linux version');
    expect(openImage(elf([[0n, Buffer.alloc(8)]], 183)).arch).toBe('aarch64');
    expect(openImage(elf([[0n, Buffer.alloc(8)]], 999)).arch).toBe('machine 999');
  });

  it('may be packed, three times at most', () => {
    const packed = (times: number): Buffer => (times === 0 ? KERNEL : gzipSync(packed(times - 1)));
    expect([1, 2, 3].map((times) => release(packed(times)))).toEqual(
      new Array(3).fill('6.1.2-test+'),
    );
    expect(() => openImage(packed(4))).toThrow('packed too many times');
  });

  it.each([
    ['a bzImage', (payload: Buffer) => bzImage(payload, 3)],
    ['a bzImage that does not say how long its start is', (payload: Buffer) => bzImage(payload, 0)],
    ['one that unpacks itself by EFI', zboot],
  ])('may stand in %s', (_, around) => {
    expect(release(around(gzipSync(KERNEL)))).toBe('6.1.2-test+');
    expect(release(around(KERNEL))).toBe('6.1.2-test+');
    const whole = around(KERNEL);
    expect(insideOf(whole)?.equals(KERNEL)).toBe(true);
    expect(() => insideOf(whole.subarray(0, -1))).toThrow('cut off');
    // Something stands behind it at times: signatures.
    expect(insideOf(Buffer.concat([whole, Buffer.alloc(8)]))?.equals(KERNEL)).toBe(true);
  });

  it('stands in no other file', () => {
    expect(insideOf(KERNEL)).toBeUndefined();
    expect(insideOf(Buffer.alloc(0x264))).toBeUndefined();
    const short = Buffer.alloc(0x264);
    short.write('HdrS', 0x202);
    expect(insideOf(short)).toBeUndefined();
  });

  it('has 32 segments at most', () => {
    const parts = (count: number) =>
      elf(Array.from({ length: count }, (_, index) => [BigInt(index) << 32n, Buffer.alloc(8)]));
    expect(openImage(parts(32)).memory.segments).toHaveLength(32);
    expect(() => openImage(parts(33))).toThrow('too many segments');
  });
});

describe('an Image of arm64', () => {
  const BASES = [0xffff800080000000n, 0xffff800008000000n, 0xffff800010000000n];
  /** `count` pointers, whose relocations say what each is; those of a table that is shorter come before. */
  function made(base: bigint, count: number): Buffer {
    const data = Buffer.alloc(64 * 1024 + 24 * count);
    data.write('ARMd', 0x38);
    const relocation = (at: number, place: bigint, value: bigint): void => {
      data.writeBigUInt64LE(place, at);
      data.writeBigUInt64LE(0x403n, at + 8);
      data.writeBigUInt64LE(value, at + 16);
    };
    relocation(0x80, base + 0x2000n, 1n);
    for (let index = 0; index < count; index += 1)
      relocation(
        data.length - 24 * count + 24 * index,
        base + 0x1000n + BigInt(8 * index),
        base + BigInt(index),
      );
    return data;
  }

  it.each(BASES)('has its pointers where its relocations say: %x', (base) => {
    const { arch, memory } = openImage(made(base, 1200));
    expect(arch).toBe('aarch64');
    expect(memory.segments[0]?.start).toBe(base);
    expect([0n, 1n, 1199n].map((index) => memory.u64(base + 0x1000n + 8n * index))).toEqual([
      base,
      base + 1n,
      base + 1199n,
    ]);
  });

  it('is left as it is without such a table', () => {
    const place = (count: number, base: bigint) => {
      const { memory } = openImage(made(base, count));
      return [memory.segments[0]?.start, memory.u64((BASES[0] ?? 0n) + 0x1008n)];
    };
    expect(place(1000, BASES[0] ?? 0n)).toEqual([BASES[0], 0n]);
    expect(place(1001, BASES[0] ?? 0n)).toEqual([BASES[0], (BASES[0] ?? 0n) + 1n]);
    // At no base that a kernel has.
    expect(place(1200, 0x1234567800000000n)).toEqual([BASES[0], 0n]);
  });

  it('keeps relocations inside of it', () => {
    const data = made(BASES[0] ?? 0n, 1200);
    const last = data.length - 24;
    data.writeBigUInt64LE((BASES[0] ?? 0n) + BigInt(data.length) - 7n, last);
    data.writeBigUInt64LE((BASES[0] ?? 0n) - 8n, last - 24);
    const { memory } = openImage(data);
    expect(memory.u64((BASES[0] ?? 0n) + 0x1008n)).toBe((BASES[0] ?? 0n) + 1n);
  });
});

describe('what a kernel says of itself', () => {
  const of = (...parts: readonly Buffer[]): KernelMemory => ({
    arch: 'x86_64',
    memory: createMemory(parts.map((data, index) => ({ start: BigInt(index) << 32n, data }))),
  });

  it('is its release, in whatever segment its banner stands', () => {
    const banner = Buffer.from('xx Linux version 6.12.3+deb-rt~1 (builder) #1');
    expect(releaseOf(of(Buffer.from('no'), banner))).toBe('6.12.3+deb-rt~1');
    expect(releaseOf(of(Buffer.from('Linux version %s (x)')))).toBeUndefined();
    expect(releaseOf(of(Buffer.from('Linux version %s (x)'), banner))).toBe('6.12.3+deb-rt~1');
    expect(releaseOf(of())).toBeUndefined();
  });

  /** A header, and as many bytes of types and texts as it says. */
  function btf(types: number, texts: number, start = types): Buffer {
    const bytes = Buffer.alloc(24 + types + texts, 0xaa);
    bytes.writeUInt16LE(0xeb9f);
    bytes.writeUInt16LE(1, 2);
    for (const [index, word] of [24, 0, types, start, texts].entries())
      bytes.writeUInt32LE(word, 4 + 4 * index);
    return bytes;
  }

  it('are its types: the largest of what has their form', () => {
    const large = btf(64, 32);
    const all = Buffer.concat([Buffer.alloc(3), btf(8, 8), large, btf(16, 16)]);
    expect(btfOf(of(all)).equals(large)).toBe(true);
    expect(btfOf(of(btf(8, 8), all)).equals(large)).toBe(true);
    expect(btfOf(of(large)).equals(large)).toBe(true);
  });

  it('are none that are cut off, or whose texts stand elsewhere', () => {
    const whole = btf(64, 32);
    for (const bytes of [whole.subarray(0, -1), whole.subarray(0, 20), btf(64, 32, 60)])
      expect(() => btfOf(of(bytes))).toThrow('built without BTF');
    expect(btfOf(of(Buffer.concat([whole.subarray(0, 40), btf(8, 8)]))).length).toBe(40);
  });
});
