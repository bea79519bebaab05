/** What an object that a script imports may hold, and with what it can be linked. */
import { describe, expect, it } from 'vitest';
import { type ElfObject, type ElfSymbol, SHF, SHT, STB, STT } from '../../linker/elf/elf.ts';
import { writeElf } from '../../linker/elf/write.ts';
import {
  conflictsOf,
  ImportError,
  type ImportedObject,
  importedSection,
  isGlobalFunction,
  isGlobalName,
  readImported,
} from '../../linker/imported.ts';

interface Part {
  readonly name: string;
  readonly type?: 1 | 8;
  readonly flags?: number;
  readonly size?: number;
  readonly isReferring?: boolean;
  readonly symbols?: readonly Partial<ElfSymbol>[];
}

const CODE = SHF.alloc | SHF.exec;
const DATA = SHF.alloc | SHF.write;

/** What is said of an object of these sections; without any fault in them, that it has no types. */
function said(...parts: readonly Part[]): string {
  const symbols = parts.flatMap(({ symbols: own = [] }, index) =>
    own.map((symbol): ElfSymbol => {
      const { name = 'it', bind = STB.global, type = STT.object, section = index + 1 } = symbol;
      return { name, bind, type, section, value: 0, size: 8 };
    }),
  );
  symbols.sort((one, other) => one.bind - other.bind);
  const { bytes } = writeElf(
    parts.map(({ name, type = SHT.progbits, flags = DATA, size = 8, isReferring = false }) => ({
      ...{ name, type, flags, align: 8, data: new Uint8Array(size) },
      ...(isReferring ? { relocations: [{ offset: 0, type: 2, symbol: 1 }] } : {}),
    })),
    symbols,
  );
  try {
    readImported('x.o', bytes);
    return 'read';
  } catch (error) {
    expect(error).toBeInstanceOf(ImportError);
    return (error as Error).message;
  }
}

const NO_TYPES = "x.o has no .BTF section: compile it with clang's option -g";

describe('a section', () => {
  it('becomes one of the script’s by its name', () => {
    for (const [name, wanted] of [
      ...([
        ['.text', 'code'],
        ['.maps', 'maps'],
        ['.bss', 'bss'],
        ['.bss.x', 'bss'],
      ] as const),
      ...([
        ['.data', 'data'],
        ['.data.x', 'data'],
        ['.rodata', 'rodata'],
      ] as const),
      ...([
        ['.rodata.cst16', 'rodata'],
        ['.bssx', undefined],
        ['.datax', undefined],
      ] as const),
      ...([
        ['.rodatax', undefined],
        ['.text.x', undefined],
        ['.mapsx', undefined],
      ] as const),
      ['', undefined],
    ] as const)
      expect([name, importedSection(name)]).toEqual([name, wanted]);
  });

  it('is one that can be linked, or none that is loaded', () => {
    for (const part of [
      ...[{ name: '.text', flags: CODE }, { name: '.data' }, { name: '.rodata', flags: SHF.alloc }],
      ...[{ name: '.bss', type: SHT.nobits }, { name: '.maps' }, { name: 'license' }],
      ...[{ name: 'version' }, { name: '.eh_frame' }, { name: 'odd', flags: 0 }],
      { name: 'odd', size: 0 },
    ])
      expect([part, said(part)]).toEqual([part, NO_TYPES]);
    expect(said({ name: 'odd' })).toBe('x.o has a section odd that cannot be linked');
    expect(said({ name: '.text', flags: CODE }, { name: 'odd' })).toContain('a section odd');
  });

  it('is no program', () => {
    const program = (symbols: readonly Partial<ElfSymbol>[]) =>
      said({ name: 'kprobe/f', flags: CODE, symbols });
    expect(program([{ name: 'own', type: STT.func }])).toBe(
      'x.o has a program of its own (own in section kprobe/f): only functions can be imported',
    );
    expect(program([{ name: 'own', type: STT.object }])).toContain('(without a name in section');
    expect(
      said(
        { name: '.text', flags: CODE, symbols: [{ name: 'other', type: STT.func }] },
        { name: 'kprobe/f', flags: CODE, symbols: [{ name: 'own', type: STT.func }] },
      ),
    ).toContain('(own in section kprobe/f)');
  });

  it('has no addresses as initial values, but in code', () => {
    const refers = (name: string, flags = DATA) =>
      said({ name, flags, isReferring: true, symbols: [{ name: 'it' }] });
    expect(refers('.data')).toBe(
      'x.o has addresses as initial values in .data, which BPF does not know',
    );
    expect(refers('.maps')).toBe('x.o has maps that are initialised, which cannot be linked');
    expect(refers('.text', CODE)).toBe(NO_TYPES);
  });

  it('of maps has global ones only', () => {
    const map = (symbol: Partial<ElfSymbol>, name = '.maps') =>
      said({ name, symbols: [{ name: 'm', ...symbol }] });
    expect(map({ bind: STB.local })).toBe(
      'x.o has a static map, m: maps that are imported have to be global',
    );
    expect(map({ bind: STB.global })).toBe(NO_TYPES);
    expect(map({ bind: STB.local, type: STT.section })).toBe(NO_TYPES);
    expect(map({ bind: STB.local }, '.data')).toBe(NO_TYPES);
  });

  it('of zeros has no others', () => {
    expect(said({ name: '.bss' })).toBe('x.o has initial values in .bss');
    expect(said({ name: '.bss.x', type: SHT.nobits })).toBe(NO_TYPES);
  });
});

describe('a file that is none', () => {
  it('is said with its name', () => {
    expect(() => readImported('x.o', Buffer.from('no object'))).toThrow(
      new ImportError('x.o: too short for an ELF header'),
    );
  });
});

describe('a name', () => {
  const symbol = (change: Partial<ElfSymbol>): ElfSymbol => ({
    ...{ name: 'f', bind: STB.global, type: STT.func, section: 1, value: 0, size: 8 },
    ...change,
  });

  it('is global where others can mean it', () => {
    for (const bind of [STB.global, STB.weak]) {
      expect(isGlobalFunction(symbol({ bind }))).toBe(true);
      expect(isGlobalName(symbol({ bind, type: STT.object }))).toBe(true);
      expect(isGlobalName(symbol({ bind }))).toBe(true);
    }
    for (const change of [
      { bind: STB.local },
      { section: 0 },
      { section: 0xff00 },
      { section: 0xfff1 },
    ]) {
      expect(isGlobalFunction(symbol(change))).toBe(false);
      expect(isGlobalName(symbol(change))).toBe(false);
    }
    expect(isGlobalFunction(symbol({ section: 0xfeff }))).toBe(true);
    expect(isGlobalFunction(symbol({ type: STT.object }))).toBe(false);
    expect(isGlobalName(symbol({ type: STT.section }))).toBe(false);
  });
});

describe('objects beside each other', () => {
  const TEXT = 1;
  const LICENSE = 2;

  /** Defines some names, has a license, and refers to others. */
  function object(
    name: string,
    defines: readonly string[],
    refers: readonly string[] = [],
  ): ImportedObject {
    const sections = ['', '.text', 'license'].map((each) => ({ name: each }));
    const symbol = (each: string, section: number) => ({
      ...{ name: each, bind: STB.global, type: STT.func, section, value: 0, size: 8 },
    });
    const symbols = [
      symbol('LICENSE', LICENSE),
      ...defines.map((each) => symbol(each, TEXT)),
      ...refers.map((each) => symbol(each, 0)),
    ];
    const relocations = new Map([
      [TEXT, symbols.map((_, index) => ({ offset: 8 * index, type: 10, symbol: index }))],
    ]);
    const elf = { sections, symbols, relocations } as unknown as ElfObject;
    return { name, elf } as ImportedObject;
  }
  const conflicts = (objects: readonly ImportedObject[], ...taken: readonly string[]) =>
    conflictsOf(objects, (name) => taken.includes(name)).map(
      ({ object: { name }, message }) => `${name}: ${message}`,
    );

  it('define each name once, and none that is taken', () => {
    const [one, other] = [object('one', ['f', 'g']), object('other', ['g', 'h'])];
    expect(conflicts([one])).toEqual([]);
    expect(conflicts([one, other])).toEqual(['other: g is defined in one and in other']);
    expect(conflicts([one, object('third', ['i'])], 'g', 'z')).toEqual([
      'one: one defines g, a name that is taken already',
    ]);
    expect(conflicts([one, other], 'g')).toEqual([
      'one: one defines g, a name that is taken already',
      'other: g is defined in one and in other',
    ]);
    expect(conflicts([one, other, object('third', ['g'])]).at(-1)).toBe(
      'third: g is defined in one and in third',
    );
  });

  it('refer to what one of them defines', () => {
    const user = object('user', ['f'], ['g', 'h']);
    expect(conflicts([user, object('other', ['g'])])).toEqual([
      'user: user refers to h, which no imported object defines',
    ]);
    expect(conflicts([user, object('other', ['h', 'g'])])).toEqual([]);
  });
});
