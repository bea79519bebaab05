import { describe, expect, it } from 'vitest';
import { BTF_KIND, BtfError } from '../../linker/btf/btf.ts';
import { BtfBuilder } from '../../linker/btf/builder.ts';
import { readExtension, writeExtension } from '../../linker/btf/extension.ts';
import { readBtf } from '../../linker/btf/read.ts';
import { renderBtf } from '../../linker/btf/text.ts';
import { addType, sizeOf } from '../../linker/btf/types.ts';
import { VALUE_TYPES } from './fixtures.ts';
import { writeBtf } from './synthetic.ts';

describe('BTF of types', () => {
  it.each(VALUE_TYPES.map((type) => [type.kind, type] as const))(
    'has the size of a %s in memory',
    (_kind, type) => {
      const builder = new BtfBuilder();
      const id = addType(builder, type);
      expect(readBtf(builder.finish()).sizeOf(id)).toBe(sizeOf(type));
    },
  );

  it('keeps the values of enums, in 64 bits where they need them', () => {
    const builder = new BtfBuilder();
    for (const type of VALUE_TYPES) if (type.kind === 'enum') addType(builder, type);
    const text = renderBtf(readBtf(builder.finish()));
    expect(text).toContain("ENUM 'color' size=8\n\t'RED' = 0\n\t'LOUD' = -5");
    expect(text).toContain("ENUM64 'amount' size=8\n\t'HUGE' = 1099511627776");
  });
});

describe('the BTF builder', () => {
  it('makes equal types and strings once', () => {
    const builder = new BtfBuilder();
    expect(builder.pointer(builder.unsigned(8))).toBe(builder.pointer(builder.unsigned(8)));
    expect(builder.string('frame')).toBe(builder.string('frame'));
    expect(readBtf(builder.finish()).count).toBe(3);
  });

  it('writes bitfields with the kind flag', () => {
    const builder = new BtfBuilder();
    const id = builder.aggregate('struct', 'flags', 4, [
      { name: 'low', type: builder.unsigned(4), bitOffset: 0, bitSize: 3 },
      { name: 'rest', type: builder.unsigned(4), bitOffset: 3, bitSize: 29 },
    ]);
    const btf = readBtf(builder.finish());
    expect(btf.members(id).map(({ bitOffset, bitSize }) => [bitOffset, bitSize])).toEqual([
      [0, 3],
      [3, 29],
    ]);
  });
});

const GOOD = writeBtf([
  { name: 'int', kind: BTF_KIND.int, sizeOrType: 4, words: [(1 << 24) | 32] },
  { name: 's', kind: BTF_KIND.struct, sizeOrType: 0 },
]);

describe('the BTF reader', () => {
  it('refuses types that contain themselves', () => {
    const builder = new BtfBuilder();
    const id = builder.typedef('loop', 1);
    const btf = readBtf(builder.finish());
    expect(() => btf.resolve(id)).toThrow(BtfError);
  });

  it('refuses what is short, cut off, or of another format or version', () => {
    for (let size = 0; size < GOOD.length; size += 1)
      expect(() => readBtf(GOOD.subarray(0, size))).toThrow(BtfError);
    expect(() => readBtf(GOOD.subarray(0, 10))).toThrow('too short');
    expect(() => readBtf(GOOD.subarray(0, 30))).toThrow('cut off');
    expect(() => readBtf(Buffer.alloc(100))).toThrow('does not begin as BTF does');
    const version = Buffer.from(GOOD);
    version.writeUInt8(9, 2);
    expect(() => readBtf(version)).toThrow('version 9');
  });

  it('refuses kinds that nobody knows, and types that end beyond the section', () => {
    expect(() => readBtf(writeBtf([{ kind: 30, sizeOrType: 0 }]))).toThrow('kind 30');
    const long = writeBtf([{ name: 's', kind: BTF_KIND.struct, length: 3, sizeOrType: 8 }]);
    expect(() => readBtf(long)).toThrow('a type is cut off');
  });

  it('reads each name, however many were read before, with whatever characters', () => {
    const builder = new BtfBuilder();
    const names = Array.from({ length: 1000 }, (_, index) =>
      index % 2 ? `n${index}` : `größe${index}`,
    );
    for (const name of names) builder.float(name, 4);
    const btf = readBtf(builder.finish());
    expect(names.map((_, index) => btf.type(index + 1).name)).toEqual(names);
    const plain = new BtfBuilder();
    const ascii = names.map((name) => name.replace('ö', 'o').replace('ß', 's'));
    for (const name of ascii) plain.float(name, 4);
    const other = readBtf(plain.finish());
    expect(ascii.map((_, index) => other.type(index + 1).name)).toEqual(ascii);
  });

  it('reads BTF at any alignment of the buffer', () => {
    const moved = Buffer.concat([Buffer.alloc(1), GOOD]).subarray(1);
    expect(readBtf(moved).find(BTF_KIND.int, 'int')).toBe(1);
  });
});

describe('.BTF.ext', () => {
  it('ends where its records do', () => {
    const whole = Buffer.from(
      writeExtension({
        functions: [{ section: 3, records: [{ offset: 0, type: 7 }] }],
        lines: [],
        core: [],
      }),
    );
    const count = whole.indexOf(Buffer.from([3, 0, 0, 0, 1, 0, 0, 0])) + 4;
    expect(count).toBeGreaterThan(32);
    whole.writeUInt32LE(2, count);
    expect(() => readExtension(whole)).toThrow('.BTF.ext ends within a record');
    whole.writeUInt32LE(1, count);
    expect(readExtension(whole).functions[0]?.records).toEqual([{ offset: 0, type: 7 }]);
    whole.writeUInt32LE(7, count - 8);
    expect(() => readExtension(whole)).toThrow('.BTF.ext ends within a record');
  });

  it('reads back as it was written, without empty parts', () => {
    const extension = {
      functions: [
        {
          section: 3,
          records: [
            { offset: 0, type: 7 },
            { offset: 16, type: 8 },
          ],
        },
      ],
      lines: [],
      core: [
        { section: 3, records: [{ offset: 8, type: 1, access: 9, kind: 2 }] },
        { section: 5, records: [] },
      ],
    };
    const bytes = writeExtension(extension);
    expect(readExtension(bytes)).toEqual({ ...extension, core: [extension.core[0]] });
    expect(new DataView(bytes.buffer).getUint32(20, true)).toBe(0);
  });
});
