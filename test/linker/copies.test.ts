/** Programs that are copies of others: as if the compiler had made each. */
import { describe, expect, it } from 'vitest';
import { addCopies } from '../../linker/copies.ts';
import { type ElfObject, type ElfSection, SHF, SHT, STB, STT } from '../../linker/elf/elf.ts';
import type { ProgramPlace } from '../../linker/input.ts';
import type { Compiled } from '../../linker/parts.ts';
import { SITES_SECTION } from '../../linker/sites.ts';

const words = (...values: readonly number[]) => new Uint8Array(new Uint32Array(values).buffer);
const section = (name: string, data: Uint8Array, flags: number = SHF.alloc): ElfSection => ({
  ...{ name, type: SHT.progbits, flags, size: data.length, align: 8, link: 0, info: 0, data },
});
const symbol = (
  name: string,
  at: number,
  value: number,
  size: number,
  type: number = STT.func,
) => ({
  ...{ name, bind: STB.global, type, section: at, value, size },
});

const [KPROBE, BSS, UPROBE, SITES] = [1, 2, 3, 4];
const CODE = SHF.alloc | SHF.exec;

/** Two programs in one section and one in another; the first two refer to variables, and have sites and lines. */
const COMPILED: Compiled = {
  elf: {
    sections: [
      section('', new Uint8Array(), 0),
      section('kprobe', words(1, 1, 2, 2, 2, 2), CODE),
      section('.bss', new Uint8Array(16)),
      section('uprobe', words(3, 3), CODE),
      section(SITES_SECTION, words(0, 0, 8, 1, 0, 2), 0),
    ],
    symbols: [
      symbol('one', KPROBE, 0, 8),
      symbol('two', KPROBE, 8, 16),
      symbol('three', UPROBE, 0, 8),
      symbol('x', BSS, 0, 8, STT.object),
      symbol('y', BSS, 8, 8, STT.object),
      symbol('', KPROBE, 0, 0, STT.section),
      symbol('', UPROBE, 0, 0, STT.section),
    ],
    relocations: new Map([
      [
        KPROBE,
        [
          { offset: 16, type: 1, symbol: 4 },
          { offset: 0, type: 1, symbol: 3 },
        ],
      ],
      [
        SITES,
        [
          { offset: 0, type: 3, symbol: 5 },
          { offset: 8, type: 3, symbol: 5 },
          { offset: 16, type: 3, symbol: 6 },
        ],
      ],
    ]),
  },
  lines: [
    [
      { section: 'kprobe', offset: 8, line: 2, column: 1 },
      { section: 'kprobe', offset: 0, line: 1, column: 5 },
      { section: 'kprobe', offset: 16, line: 2, column: 9 },
    ],
    [{ section: 'uprobe', offset: 0, line: 3, column: 1 }],
    [{ section: '.text', offset: 0, line: 4, column: 1 }],
  ],
};

const PROGRAMS: readonly ProgramPlace[] = [
  { symbol: 'one', section: 'kprobe' },
  { symbol: 'two', section: 'kprobe' },
  { symbol: 'three', section: 'uprobe' },
];
const COPY: ProgramPlace = {
  symbol: 'again',
  section: 'kprobe',
  copy: {
    of: 'two',
    symbols: new Map([['y', 'x']]),
    sites: new Map([[1, 7]]),
    places: [{ from: { line: 2, column: 9 }, to: { line: 6, column: 3 } }],
  },
};

function made(...programs: readonly ProgramPlace[]) {
  const { elf, lines } = addCopies(COMPILED, programs);
  return { elf, lines: lines.flat() };
}

/** What refers to what: section, place and name. */
const references = ({ sections, symbols, relocations }: ElfObject) =>
  [...relocations].flatMap(([index, list]) =>
    list.map(({ offset, symbol: number }) => {
      const to = symbols[number];
      return `${sections[index]?.name}+${offset} ${to?.name || sections[to?.section ?? 0]?.name}`;
    }),
  );

describe('a copy', () => {
  it('is none where there is none', () => {
    expect(addCopies(COMPILED, PROGRAMS)).toBe(COMPILED);
  });

  it('has the code of the other behind the programs before it, and its own name', () => {
    const { elf } = made(...PROGRAMS, COPY);
    expect(elf.sections.map(({ name, size, data }) => [name, size, data.length])).toEqual([
      ...[
        ['', 0, 0],
        ['kprobe', 40, 40],
        ['uprobe', 8, 8],
        ['.bss', 16, 16],
      ],
      [SITES_SECTION, 32, 32],
    ]);
    expect(Buffer.from(elf.sections[1]?.data ?? [])).toEqual(
      Buffer.from(words(1, 1, 2, 2, 2, 2, 2, 2, 2, 2)),
    );
    expect(
      elf.symbols
        .filter(({ type }) => type === STT.func)
        .map(({ name, section: at, value, size, bind }) => [name, at, value, size, bind]),
    ).toEqual([
      ['one', 1, 0, 8, STB.global],
      ['two', 1, 8, 16, STB.global],
      ['three', 2, 0, 8, STB.global],
      ['again', 1, 24, 16, STB.global],
    ]);
    expect(elf.symbols.find(({ name }) => name === 'x')?.section).toBe(3);
  });

  it('may stand before the other, and in another section', () => {
    const { elf } = made({ ...COPY, section: 'uprobe' }, ...PROGRAMS);
    expect(elf.sections.map(({ name, size }) => [name, size]).slice(1, 3)).toEqual([
      ['uprobe', 24],
      ['kprobe', 24],
    ]);
    const place = (name: string) => {
      const found = elf.symbols.find((each) => each.name === name);
      return [elf.sections[found?.section ?? 0]?.name, found?.value];
    };
    expect(['again', 'one', 'two', 'three'].map(place)).toEqual([
      ...[
        ['uprobe', 0],
        ['kprobe', 0],
        ['kprobe', 8],
        ['uprobe', 16],
      ],
    ]);
    expect(references(elf)).toContain('uprobe+8 x');
  });

  it('refers to its own variables', () => {
    expect(references(made(...PROGRAMS, COPY).elf)).toEqual(
      expect.arrayContaining(['kprobe+0 x', 'kprobe+16 y', 'kprobe+32 x']),
    );
    const gone = {
      ...COPY,
      copy: { ...COPY.copy, symbols: new Map([['y', 'z']]) },
    } as ProgramPlace;
    expect(() => made(...PROGRAMS, gone)).toThrow('again refers to z, which is not defined');
  });

  it('has sites of its own, each at its place', () => {
    const { elf } = made(...PROGRAMS, COPY);
    const table = elf.sections.findIndex(({ name }) => name === SITES_SECTION);
    const data = Buffer.from(elf.sections[table]?.data ?? []);
    const sites = (elf.relocations.get(table) ?? []).map(({ offset, symbol: number, type }) => {
      const to = elf.symbols[number];
      expect([to?.type, to?.value, type]).toEqual([STT.section, 0, 3]);
      return [
        elf.sections[to?.section ?? 0]?.name,
        data.readUInt32LE(offset),
        data.readUInt32LE(offset + 4),
      ];
    });
    expect(sites).toEqual([
      ['kprobe', 0, 0],
      ['kprobe', 8, 1],
      ['kprobe', 24, 7],
      ['uprobe', 0, 2],
    ]);
  });

  it('has its own lines, and those that are the same for all', () => {
    const { lines } = made(...PROGRAMS, COPY);
    expect(
      lines.map(({ section: name, offset, line, column }) => `${name}+${offset} ${line}:${column}`),
    ).toEqual([
      ...['kprobe+0 1:5', 'kprobe+8 2:1', 'kprobe+16 2:9', 'kprobe+24 2:1', 'kprobe+32 6:3'],
      ...['uprobe+0 3:1', '.text+0 4:1'],
    ]);
  });

  it('is of a program that there is', () => {
    const gone = { ...COPY, copy: { ...COPY.copy, of: 'nobody' } } as ProgramPlace;
    expect(() => made(...PROGRAMS, gone)).toThrow(
      "program again is missing from the compiler's object",
    );
    expect(() => made({ symbol: 'none', section: 'kprobe' }, COPY)).toThrow(
      "program none is missing from the compiler's object",
    );
  });
});
