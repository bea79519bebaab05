/** BTF as text, and ways through it in words. */
import { describe, expect, it } from 'vitest';
import { BTF_KIND } from '../../linker/btf/btf.ts';
import { describeAccess } from '../../linker/btf/path.ts';
import { readBtf } from '../../linker/btf/read.ts';
import { renderBtf } from '../../linker/btf/text.ts';
import { type SyntheticType, writeBtf } from './synthetic.ts';

const int = (name: string, size: number, encoding: number): SyntheticType => ({
  ...{ name, kind: BTF_KIND.int, sizeOrType: size, words: [(encoding << 24) | (8 * size)] },
});

/** Ids from 1 on. */
const TYPES: readonly SyntheticType[] = [
  int('int', 4, 1),
  int('bool', 1, 4),
  int('byte', 1, 0),
  { kind: BTF_KIND.array, sizeOrType: 0, words: [1, 1, 7] },
  {
    ...{ name: 's', kind: BTF_KIND.struct, length: 3, flag: true, sizeOrType: 40 },
    words: ['a', 1, (3 << 24) | 5, 'b', 4, 32, '', 6, 256],
  },
  { name: '', kind: BTF_KIND.union, length: 2, sizeOrType: 4, words: ['c', 1, 0, 'd', 5, 0] },
  { name: 'e', kind: BTF_KIND.enum, length: 2, sizeOrType: 4, words: ['ONE', 1, 'TWO', 2] },
  { name: 'w', kind: BTF_KIND.enum64, length: 1, sizeOrType: 8, words: ['BIG', 0, 1] },
  { kind: BTF_KIND.prototype, length: 2, sizeOrType: 1, words: ['x', 4, '', 0] },
  { name: 'f', kind: BTF_KIND.function, length: 0, sizeOrType: 9 },
  { name: 'g', kind: BTF_KIND.function, length: 1, sizeOrType: 9 },
  { name: 'v', kind: BTF_KIND.variable, sizeOrType: 1, words: [0] },
  { name: 'u', kind: BTF_KIND.variable, sizeOrType: 1, words: [1] },
  { name: '.bss', kind: BTF_KIND.section, length: 1, sizeOrType: 8, words: [13, 4, 4] },
  { name: 'real', kind: BTF_KIND.float, sizeOrType: 8 },
  { kind: BTF_KIND.pointer, sizeOrType: 5 },
  { name: 'alias', kind: BTF_KIND.typedef, sizeOrType: 5 },
];
const btf = readBtf(writeBtf(TYPES));

describe('BTF as text', () => {
  it('has a line for each type, and one below for each part of it', () => {
    expect(renderBtf(btf).split('\n')).toEqual([
      ...["[1] INT 'int' size=4 bits=32 signed", "[2] INT 'bool' size=1 bits=8 bool"],
      ...["[3] INT 'byte' size=1 bits=8", '[4] ARRAY type=1 count=7'],
      ...["[5] STRUCT 's' size=40", "\t'a' type=1 bit=5 bits=3", "\t'b' type=4 offset=4"],
      ...["\t'' type=6 offset=32", '[6] UNION size=4', "\t'c' type=1 offset=0"],
      ...["\t'd' type=5 offset=0", "[7] ENUM 'e' size=4", "\t'ONE' = 1", "\t'TWO' = 2"],
      ...["[8] ENUM64 'w' size=8", "\t'BIG' = 4294967296", '[9] FUNC_PROTO type=1'],
      ...["\t'x' type=4", "\t'' type=0", "[10] FUNC 'f' type=9 static"],
      ...["[11] FUNC 'g' type=9 global", "[12] VAR 'v' type=1 static"],
      ...["[13] VAR 'u' type=1 global", "[14] DATASEC '.bss' size=8"],
      ...["\t'u' type=13 offset=4 size=4", "[15] FLOAT 'real' size=8", '[16] PTR type=5'],
      ...["[17] TYPEDEF 'alias' type=5", ''],
    ]);
  });
});

describe('a way in words', () => {
  it('has members by their names and elements by their numbers', () => {
    for (const [type, access, wanted] of [
      ...([
        [5, '0', 's'],
        [5, '0:0', 's.a'],
        [5, '0:1', 's.b'],
        [5, '0:1:6', 's.b[6]'],
      ] as const),
      // What has no name leaves no trace.
      ...([
        [5, '0:2', 's'],
        [5, '0:2:0', 's.c'],
        [5, '0:2:1:0', 's.d.a'],
      ] as const),
      ...([
        [17, '0:0', 'alias.a'],
        [7, '1', 'e.TWO'],
        [8, '0', 'w.BIG'],
      ] as const),
      ...([
        [7, '2', 'e.?'],
        [5, '0:3', 's.?'],
        [5, '0:0:0', 's.a.?'],
        [1, '0:0', 'int.?'],
      ] as const),
      [16, '0:0', '.?'],
    ] as const)
      expect([access, describeAccess(btf, type, access)]).toEqual([access, wanted]);
  });
});
