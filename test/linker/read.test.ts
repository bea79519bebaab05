import { describe, expect, it } from 'vitest';
import { BtfError } from '../../linker/btf/btf.ts';
import { ElfError } from '../../linker/elf/elf.ts';
import { readElf, readLoadedSegments, readSectionTable, stringAt } from '../../linker/elf/read.ts';
import { alignUp, writeElf } from '../../linker/elf/write.ts';
import { inspectObject } from '../../linker/inspect.ts';
import { link } from '../../linker/link.ts';
import { SCRIPT_IR, scriptInput } from './fixtures.ts';
import { assemble } from './support.ts';

/** A small generator, so that a failure can be repeated. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('the ELF reader', () => {
  it('finds sections, symbols and relocations of an object of LLVM', () => {
    const elf = readElf(assemble(SCRIPT_IR));
    const index = elf.sections.findIndex(
      (section) => section.name === 'tracepoint/sched/sched_switch',
    );
    const names = (elf.relocations.get(index) ?? []).map(
      ({ symbol }) =>
        elf.symbols[symbol]?.name || elf.sections[elf.symbols[symbol]?.section ?? 0]?.name,
    );
    expect(names).toEqual(['.text', 'limit', '.rodata.cst32', 'AT_x', 'AT_x_present', 'AT_']);
    expect(elf.sections.find((section) => section.name === '.rodata.cst32')?.align).toBe(16);
    expect(elf.sections.find((section) => section.name === '.bss')).toMatchObject({
      size: 16,
      type: 8,
    });
  });

  it('reads back what the writer wrote', () => {
    const { bytes } = writeElf(
      [
        {
          name: 'uprobe',
          type: 1,
          flags: 6,
          align: 8,
          data: Uint8Array.of(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0),
          relocations: [{ offset: 0, type: 1, symbol: 1 }],
        },
        { name: '.bss', type: 8, flags: 3, align: 8, data: new Uint8Array(24) },
      ],
      [
        { name: '', bind: 0, type: 3, section: 2, value: 0, size: 0 },
        { name: 'p', bind: 1, type: 2, section: 1, value: 0, size: 16 },
      ],
    );
    const elf = readElf(bytes);
    expect(elf.symbols[2]).toEqual({ name: 'p', bind: 1, type: 2, section: 1, value: 0, size: 16 });
    expect(elf.relocations.get(1)).toEqual([{ offset: 0, type: 1, symbol: 1 }]);
    expect(elf.sections[2]).toMatchObject({ name: '.bss', size: 24, align: 8 });
    expect(elf.sections.find((section) => section.name === '.symtab')?.info).toBe(2);
  });

  it('puts what wants no place anywhere, and the rest on multiples', () => {
    const places = [0, 1, 7, 8, 9].map((at) => [0, 1, 8].map((align) => alignUp(at, align)));
    expect(places).toEqual([
      ...[
        [0, 0, 0],
        [1, 1, 8],
        [7, 7, 8],
        [8, 8, 8],
        [9, 9, 16],
      ],
    ]);
  });

  it.each([
    ['nothing', new Uint8Array(0), 'too short'],
    ['text', Buffer.from('x'.repeat(100)), 'not an ELF file'],
    [
      'a 32-bit file',
      Uint8Array.from([0x7f, 69, 76, 70, 1, 1, ...new Array(94).fill(0)]),
      '64-bit',
    ],
    [
      "another machine's",
      Uint8Array.from([0x7f, 69, 76, 70, 2, 1, ...new Array(94).fill(0)]),
      'BPF',
    ],
  ])('says of %s why it is no object', (_what, bytes, message) => {
    expect(() => readElf(bytes)).toThrow(message);
    expect(() => readElf(bytes)).toThrow(ElfError);
  });

  it('says which symbol is in no section', () => {
    const { bytes } = writeElf(
      [{ name: '.text', type: 1, flags: 6, align: 8, data: new Uint8Array(16) }],
      [
        { name: 'a', bind: 1, type: 2, section: 1, value: 0, size: 8 },
        { name: 'b', bind: 1, type: 2, section: 77, value: 0, size: 8 },
        { name: 'c', bind: 1, type: 2, section: 0xfff1, value: 0, size: 8 },
      ],
    );
    expect(() => readElf(bytes)).toThrow('symbol 2 is in no section');
  });

  it('takes relocations without addends, of sections and to symbols that there are', () => {
    const { bytes } = writeElf(
      [
        {
          ...{ name: 'uprobe', type: 1, flags: 6, align: 8, data: new Uint8Array(16) },
          relocations: [{ offset: 0, type: 1, symbol: 1 }],
        },
      ],
      [{ name: 'p', bind: 1, type: 2, section: 1, value: 0, size: 16 }],
    );
    const table = readSectionTable(bytes);
    const index = table.findIndex(({ type }) => type === 9);
    const changed = (change: (copy: Buffer, header: number, content: number) => void) => {
      const copy = Buffer.from(bytes);
      const header = Number(copy.readBigUInt64LE(40)) + 64 * index;
      change(copy, header, table[index]?.offset ?? 0);
      return () => readElf(copy);
    };
    expect(changed(() => undefined)).not.toThrow();
    expect(changed((copy, header) => copy.writeUInt32LE(4, header + 4))).toThrow(
      '.reluprobe has addends (SHT_RELA)',
    );
    expect(changed((copy, header) => copy.writeUInt32LE(table.length, header + 44))).toThrow(
      '.reluprobe applies to no section',
    );
    expect(
      changed((copy, header) => copy.writeUInt32LE(table.length - 1, header + 44)),
    ).not.toThrow();
    expect(changed((copy, _, content) => copy.writeUInt32LE(2, content + 12))).toThrow(
      '.reluprobe refers to no symbol',
    );
    expect(changed((copy) => copy.writeUInt16LE(63, 58))).toThrow(
      'section headers have an unknown size',
    );
  });

  it('needs names that are in their table, and a table for them', () => {
    expect(stringAt(Buffer.from('a\0bc\0'), 0)).toBe('a');
    expect(stringAt(Buffer.from('a\0bc\0'), 2)).toBe('bc');
    expect(stringAt(Buffer.from('a\0bc\0'), 4)).toBe('');
    for (const [table, at] of [
      ['a\0', 2],
      ['a\0', 9],
      ['a\0b', 2],
    ] as const)
      expect(() => stringAt(Buffer.from(table), at)).toThrow('a name is outside its string table');
    const { bytes } = writeElf(
      [{ name: '.text', type: 1, flags: 6, align: 8, data: new Uint8Array(16) }],
      [{ name: 'a', bind: 1, type: 2, section: 1, value: 0, size: 8 }],
    );
    const index = readSectionTable(bytes).findIndex(({ type }) => type === 2);
    const copy = Buffer.from(bytes);
    const link = Number(copy.readBigUInt64LE(40)) + 64 * index + 40;
    for (const other of [1, 77]) {
      copy.writeUInt32LE(other, link);
      expect(() => readElf(copy)).toThrow('the symbol table has no string table');
    }
  });

  it('has sections that end with the file', () => {
    const { bytes } = writeElf(
      [{ name: '.text', type: 1, flags: 6, align: 8, data: new Uint8Array(16) }],
      [],
    );
    const { offset = 0 } = readSectionTable(bytes)[1] ?? {};
    const header = Number(Buffer.from(bytes).readBigUInt64LE(40)) + 64;
    const sized = (size: number, type = 1) => {
      const copy = Buffer.from(bytes);
      copy.writeBigUInt64LE(BigInt(size), header + 32);
      copy.writeUInt32LE(type, header + 4);
      return () => readElf(copy);
    };
    expect(sized(bytes.length - offset)).not.toThrow();
    expect(sized(bytes.length - offset + 1)).toThrow(
      'section .text reaches beyond the end of the file',
    );
    // What is zeros has no contents.
    expect(sized(1 << 20, 8)).not.toThrow();
  });

  it('meets damage with a message, never with another error', () => {
    const object = link(scriptInput());
    const random = randoms(7);
    let refused = 0;
    for (let round = 0; round < 1500; round += 1) {
      const damaged = Uint8Array.from(object);
      const flips = 1 + Math.floor(random() * 4);
      for (let flip = 0; flip < flips; flip += 1)
        damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256);
      const cut = random() < 0.3 ? Math.floor(random() * damaged.length) : damaged.length;
      try {
        inspectObject(damaged.subarray(0, cut));
      } catch (error) {
        if (!(error instanceof ElfError) && !(error instanceof BtfError)) throw error;
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(300);
  });
});

describe('segments', () => {
  /** A file whose header says where its table is, with one program header for each type. */
  function file(...types: readonly number[]): Buffer {
    const bytes = Buffer.alloc(64 + 56 * types.length + 16);
    bytes.set([0x7f, 69, 76, 70, 2, 1]);
    bytes.writeBigUInt64LE(64n, 32);
    bytes.writeUInt16LE(56, 54);
    bytes.writeUInt16LE(types.length, 56);
    for (const [index, type] of types.entries()) {
      const at = 64 + 56 * index;
      bytes.writeUInt32LE(type, at);
      bytes.writeBigUInt64LE(BigInt(bytes.length - 16 + index), at + 8);
      bytes.writeBigUInt64LE(BigInt(0x1000 * (index + 1)), at + 16);
      bytes.writeBigUInt64LE(BigInt(16 - index), at + 32);
    }
    return bytes;
  }

  it('are those that are loaded, up to the end of the file', () => {
    const bytes = file(1, 6, 1);
    expect(readLoadedSegments(bytes)).toEqual([
      { address: 0x1000n, data: bytes.subarray(-16) },
      { address: 0x3000n, data: bytes.subarray(-14) },
    ]);
    expect(readLoadedSegments(file())).toEqual([]);
  });

  it.each<[string, (bytes: Buffer) => Buffer | undefined | number]>([
    ['too short', (bytes) => bytes.subarray(0, 63)],
    ['not an ELF file', (bytes) => bytes.writeUInt8(0, 0)],
    ['not a 64-bit little-endian', (bytes) => bytes.writeUInt8(1, 4)],
    ['not a 64-bit little-endian', (bytes) => bytes.writeUInt8(2, 5)],
    ['program headers have an unknown size', (bytes) => bytes.writeUInt16LE(55, 54)],
    ['program headers are cut off', (bytes) => bytes.writeUInt16LE(2, 56)],
    ['a segment is cut off', (bytes) => bytes.writeBigUInt64LE(17n, 64 + 32)],
  ])('of a damaged file are refused: %s', (message, damage) => {
    const bytes = file(1);
    const result = damage(bytes);
    expect(() => readLoadedSegments(Buffer.isBuffer(result) ? result : bytes)).toThrow(message);
  });
});
