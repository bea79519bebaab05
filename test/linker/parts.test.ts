/** Parts of the compiler's object, put together as if there had been one. */
import { describe, expect, it } from 'vitest';
import { type ElfObject, STT, viewOf } from '../../linker/elf/elf.ts';
import { readElf } from '../../linker/elf/read.ts';
import { link } from '../../linker/link.ts';
import { joinParts } from '../../linker/parts.ts';
import { assemble, linkInput, siteAsm } from './support.ts';

const VARIABLE = '@x = dso_local global i64 0, section ".bss", align 8';
const TWICE = 'define internal i64 @twice(i64 %a) nounwind { %r = add i64 %a, %a\n ret i64 %r }';
const program = (symbol: string, site: number, section = 'uprobe'): string => `
  define dso_local i32 @${symbol}(i8* %ctx) nounwind section "${section}" {
    %v = call i64 asm "${siteAsm(`$0 = *(u32 *)($1 + ${site * 8})`, site)}", "=r,r"(i8* %ctx)
    %t = call i64 @twice(i64 %v)
    store volatile i64 %t, i64* @x
    ret i32 0
  }`;
const DECLARED = 'declare i64 @twice(i64) nounwind';

/** What would be one text, and in two. */
const WHOLE = [VARIABLE, program('one', 0), TWICE, program('two', 1), program('other', 2, 'tp')];
const PARTS = [
  [VARIABLE, program('one', 0), TWICE],
  [VARIABLE, DECLARED, program('two', 1), program('other', 2, 'tp')],
].map((texts) => assemble(texts.join('\n')));

const input = {
  functions: [
    ...['one', 'two', 'other'].map((symbol) => ({ symbol, role: 'program' as const })),
    { symbol: 'twice', role: 'loop-callback' as const },
  ],
  variables: [{ symbol: 'x', section: '.bss', type: { kind: 'int', size: 8, signed: false } }],
  sites: ['one', 'two', 'three'].map((field, index) => ({
    ...({
      kind: 'tracepoint',
      category: 'a',
      event: 'b',
      field,
      size: 4,
      form: 'unsigned',
    } as const),
    value: index * 8,
  })),
} as const;

const sectionOf = (elf: ElfObject, name: string) =>
  elf.sections.find((section) => section.name === name);

describe('parts of an object', () => {
  it('have code of one section in a row, and one table of sites', () => {
    const { elf } = joinParts(PARTS);
    const whole = readElf(assemble(WHOLE.join('\n')));
    for (const name of ['.text', 'uprobe', 'tp', '.bpfscript.sites'])
      expect(sectionOf(elf, name)?.size).toBe(sectionOf(whole, name)?.size);
    const functions = elf.symbols.filter(({ type }) => type === STT.func);
    expect(functions.map(({ name }) => name).sort()).toEqual(['one', 'other', 'twice', 'two']);
    const [one, two] = ['one', 'two'].map((name) => functions.find((each) => each.name === name));
    expect(two).toMatchObject({ section: one?.section, value: one?.size });
  });

  it('know where the sites of later parts are', () => {
    const { elf } = joinParts(PARTS);
    const table = elf.sections.findIndex(({ name }) => name === '.bpfscript.sites');
    const view = viewOf(elf.sections[table]?.data ?? new Uint8Array());
    const places = (elf.relocations.get(table) ?? []).map(({ offset, symbol }) => {
      const { section, value } = elf.symbols[symbol] ?? { section: 0, value: 0 };
      const code = elf.sections[section];
      const at = value + view.getUint32(offset, true);
      return [code?.name, view.getUint32(offset + 4, true), code?.data[at + 2]];
    });
    expect(places).toEqual([
      ['uprobe', 0, 0],
      ['uprobe', 1, 8],
      ['tp', 2, 16],
    ]);
  });

  it('call what stands in another, and have variables of the last alone', () => {
    const { elf } = joinParts(PARTS);
    const variables = elf.sections.filter(({ name }) => name === '.bss');
    expect(variables.map(({ size }) => size)).toEqual([8]);
    const used = new Set([...elf.relocations.values()].flat().map(({ symbol }) => symbol));
    const named = (name: string) =>
      [...used].map((index) => elf.symbols[index]).filter((symbol) => symbol?.name === name);
    const places = named('x').map((symbol) => elf.sections[symbol?.section ?? 0]?.name);
    expect(places.length).toBeGreaterThan(1);
    expect(new Set(places)).toEqual(new Set(['.bss']));
    for (const symbol of named('twice'))
      expect(elf.sections[symbol?.section ?? 0]?.name).toBe('.text');
  });

  it('become the object that one text would have become', () => {
    const whole = link(linkInput(WHOLE.join('\n'), input));
    const parts = link(linkInput('', { ...input, objects: PARTS }));
    expect(Buffer.from(parts).equals(Buffer.from(whole))).toBe(true);
  });

  it('do not hide that the last lacks a variable', () => {
    const [first = new Uint8Array()] = PARTS;
    const objects = [first, assemble('define i32 @f() { ret i32 0 }')];
    const functions = ['one', 'twice', 'f'].map((symbol) => ({
      symbol,
      role: 'loop-callback' as const,
    }));
    expect(() => link(linkInput('', { ...input, functions, objects, variables: [] }))).toThrow(
      'x is used and not defined',
    );
  });

  it('are what they are where there is one, and there has to be one', () => {
    const [first = new Uint8Array()] = PARTS;
    expect(joinParts([first]).elf).toEqual(readElf(first));
    expect(() => joinParts([])).toThrow('there is no object of the compiler');
  });
});
