/**
 * Links what the compiler made of a script into the object that is shipped: docs/object-format.md describes
 * it. An exception here is a bug of the compiler or the linker, never of a script.
 */
import { BtfBuilder, type SectionEntry } from './btf/builder.ts';
import { addCoreTypes, type CoreAccess, coreValue } from './btf/core.ts';
import type { CoreSite, NamedSite } from './btf/definitions.ts';
import { type FunctionRecord, type SectionRecords, writeExtension } from './btf/extension.ts';
import { addFunction } from './btf/functions.ts';
import { addHostValues } from './btf/host-values.ts';
import { addKernelSymbols } from './btf/kernel-symbols.ts';
import { addMaps, type MapsSection } from './btf/maps.ts';
import { addNamedType } from './btf/named.ts';
import { type Btf, readBtf } from './btf/read.ts';
import { addType, sizeOf } from './btf/types.ts';
import { codeEffects, storeEffects } from './code-effects.ts';
import { LICENSE_SYMBOL } from './contract/names.ts';
import { addCopies } from './copies.ts';
import { DIGEST_SECTION, DIGEST_SIZE, digestOf } from './digest.ts';
import { type ElfObject, type ElfSymbol, SHF, SHT, STB, STT } from './elf/elf.ts';
import { type OutputSection, writeElf } from './elf/write.ts';
import { type DataSectionName, type Image, imageOf } from './image.ts';
import { describeImports, type PlacedVariable } from './import-records.ts';
import type { LinkInput } from './input.ts';
import { harvestLines } from './lines.ts';
import { encodeManifest, MANIFEST_SECTION } from './manifest/encode.ts';
import { mergeObjects } from './merge.ts';
import { joinParts } from './parts.ts';
import { relocate, type Targets } from './relocate.ts';
import {
  fixupsOf,
  isKind,
  type PlacedSite,
  placeSessions,
  placeSites,
  writeNumbers,
} from './sites.ts';

const LICENSE_SECTION = 'license';

/** The linked object. The same input gives the same bytes. */
export function link(input: LinkInput): Uint8Array {
  const compiled = addCopies(joinParts(input.objects), input.programs ?? []);
  const { elf, objects } = mergeObjects(compiled.elf, input.imports);
  const image = imageOf(elf);
  const sites = placeSites(elf, image, input.sites);
  writeNumbers(image, sites);

  const builder = new BtfBuilder();
  // A script that needs no types must not make the description read its BTF.
  let read: Btf | undefined;
  const kernelBtf = (): Btf => {
    read ??= readBtf(input.kernelBtf());
    return read;
  };
  const imported = describeImports(builder, image, objects);
  const maps = addMaps(builder, input.maps, imported.maps);
  for (const data of image.data) {
    const own = describeVariables(builder, input, image, data.name);
    const others = imported.variables.filter(({ section }) => section === data.name);
    const entries = [...own, ...others];
    if (entries.length > 0) builder.section(data.name, data.data.length, entries);
  }
  const license = addLicense(builder, input.license);
  addKernelSymbols(builder, kernelBtf, input.kernelSymbols);
  const functions = addFunctions(builder, input, image, imported.functions);
  const core = addCore(builder, kernelBtf, sites);
  const localType = addHostValues(
    kernelBtf,
    builder,
    sites.filter(isKind('argument')).map(({ site }) => site.type),
  );
  const lines = harvestLines(compiled.lines, image, input.texts, builder, imported.lines);
  const text = image.code.findIndex((section) => section.name === '.text');

  const bySection = <Kind>(records: (section: number) => readonly Kind[]) =>
    image.code.map((section, index): SectionRecords<Kind> => {
      return { section: builder.string(section.name), records: records(index) };
    });
  const extension = writeExtension({
    functions: bySection((section) => functions.get(section) ?? []),
    lines: bySection((section) => lines.get(section) ?? []),
    core: bySection((section) => [
      ...core.records
        .filter(({ placed }) => placed.section === section)
        .map(({ placed, access }) => ({
          offset: placed.offset,
          type: access.type,
          access: builder.string(access.access),
          kind: access.kind,
        })),
      ...(section === text ? imported.core : []),
    ]),
  });
  const btf = builder.finish();
  if (core.records.length > 0) checkCore(readBtf(btf), core.records);

  const { sessions = [], ...described } = input.manifest((symbol) => image.variable(symbol).offset);
  const manifest = encodeManifest({
    ...described,
    // Imported code may do what the script does not say.
    unsafe: described.unsafe || changesSomething(elf, input.imports.length > 0),
    ...(sessions.length === 0 ? {} : { sessions: placeSessions(image, sites, sessions) }),
    fixups: fixupsOf(image, sites, localType),
  });

  const sections: OutputSection[] = [
    ...image.code.map(({ name, data }) => progbits(name, data, SHF.alloc | SHF.exec, 8)),
    progbits(LICENSE_SECTION, license, SHF.alloc | SHF.write, 1),
    ...(maps.size > 0
      ? [progbits('.maps', new Uint8Array(maps.size), SHF.alloc | SHF.write, 8)]
      : []),
    ...image.data.map(({ name, data, align }): OutputSection => {
      return name === '.bss'
        ? { name, type: SHT.nobits, flags: SHF.alloc | SHF.write, align, data }
        : progbits(name, data, name === '.data' ? SHF.alloc | SHF.write : SHF.alloc, align);
    }),
    progbits('.BTF', btf, 0, 4),
    progbits('.BTF.ext', extension, 0, 4),
    progbits(MANIFEST_SECTION, manifest, 0, 1),
    progbits(DIGEST_SECTION, new Uint8Array(DIGEST_SIZE), 0, 1),
  ];
  const sectionNumber = (name: string): number =>
    1 + sections.findIndex((section) => section.name === name);
  const symbols = symbolsOf(input, image, maps, imported.variables, license.length, sectionNumber);
  const targets = targetsOf(symbols, sectionNumber);
  const relocated = sections.map((section, index) => {
    const code = image.code[index];
    return code ? { ...section, relocations: relocate(elf, image, code, targets) } : section;
  });

  const { bytes, offsets } = writeElf(relocated, symbols);
  const sumAt = offsets[sectionNumber(DIGEST_SECTION) - 1];
  if (sumAt === undefined) throw new Error('the digest has no place');
  bytes.set(digestOf(bytes, sumAt), sumAt);
  return bytes;
}

/** Numbers of the symbols that relocations name. */
function targetsOf(
  symbols: readonly ElfSymbol[],
  sectionNumber: (name: string) => number,
): Targets {
  const keyOf = (section: number, name: string): string => `${section} ${name}`;
  const numbers = new Map<string, number>();
  symbols.forEach((symbol, index) => {
    const key = keyOf(symbol.section, symbol.name);
    if (!numbers.has(key)) numbers.set(key, index + 1);
  });
  const numberOf = (section: number, name: string, shown = name): number => {
    const number = numbers.get(keyOf(section, name));
    if (number === undefined) throw new Error(`${shown} is used and not defined`);
    return number;
  };
  const maps = sectionNumber('.maps');
  return {
    // Symbols of sections have no name.
    section: (name) => numberOf(sectionNumber(name), '', name),
    kernel: (name) => numberOf(0, name),
    map: (name) => numberOf(maps, name),
  };
}

function progbits(name: string, data: Uint8Array, flags: number, align: number): OutputSection {
  return { name, type: SHT.progbits, flags, align, data };
}

/** The script's variables in `.bss` or `.rodata`. */
function describeVariables(
  builder: BtfBuilder,
  input: LinkInput,
  image: Image,
  section: DataSectionName,
): readonly SectionEntry[] {
  return input.variables
    .filter((variable) => variable.section === section)
    .map(({ symbol, type }) => ({
      variable: builder.variable(symbol, addType(builder, type)),
      offset: image.variable(symbol).offset,
      size: sizeOf(type),
    }));
}

/** The license text with its NUL: the kernel compares it when a program calls a GPL-only helper. */
function addLicense(builder: BtfBuilder, license: string): Uint8Array {
  const data = Buffer.from(`${license}\0`);
  const type = builder.array(builder.char(), data.length);
  const variable = builder.variable(LICENSE_SYMBOL, type);
  builder.section(LICENSE_SECTION, data.length, [{ variable, offset: 0, size: data.length }]);
  return data;
}

/** FUNC types of all functions in the object, as records by code section. */
function addFunctions(
  builder: BtfBuilder,
  input: LinkInput,
  image: Image,
  imported: readonly FunctionRecord[],
): ReadonlyMap<number, readonly FunctionRecord[]> {
  const others = new Map(imported.map((record) => [record.offset, record]));
  const known = new Map(input.functions.map((entry) => [entry.symbol, entry]));
  const records = new Map<number, FunctionRecord[]>();
  for (const found of image.functions) {
    const list = records.get(found.section) ?? [];
    records.set(found.section, list);
    const other = isText(image, found.section) ? others.get(found.offset) : undefined;
    if (other) {
      list.push(other);
      continue;
    }
    const entry = known.get(found.name);
    if (!entry) throw new Error(`function ${found.name} is not one of the compiler's`);
    list.push({ offset: found.offset, type: addFunction(builder, entry) });
  }
  const made = new Set(image.functions.map(({ name }) => name));
  for (const { symbol, role } of input.functions)
    if (role === 'program' && !made.has(symbol))
      throw new Error(`program ${symbol} is missing from the compiler's object`);
  return records;
}

function isText(image: Image, section: number): boolean {
  return image.code[section]?.name === '.text';
}

interface CoreRecords {
  readonly records: readonly {
    readonly placed: PlacedSite<CoreSite | NamedSite>;
    readonly access: CoreAccess;
  }[];
}

function addCore(
  builder: BtfBuilder,
  kernel: () => Btf,
  sites: readonly PlacedSite[],
): CoreRecords {
  const placed = sites.filter(isKind('core'));
  const distinct = [...new Set(placed.map(({ site }) => site))];
  const accesses = distinct.length > 0 ? addCoreTypes(kernel(), builder, distinct) : new Map();
  const named = sites.filter(isKind('named')).map((one) => {
    return { placed: one, access: addNamedType(builder, one.site) };
  });
  return {
    records: [
      ...placed.flatMap((one) => {
        const access = accesses.get(one.site);
        return access ? [{ placed: one, access }] : [];
      }),
      ...named,
    ].sort((left, right) => left.placed.offset - right.placed.offset),
  };
}

/** libbpf refuses an object whose instruction does not hold what its own BTF says. */
function checkCore(local: Btf, records: CoreRecords['records']): void {
  for (const { placed, access } of records) {
    const { value, binding } = coreValue(local, access);
    if (binding && value !== placed.site.value)
      throw new Error(
        `${placed.site.relocation} of ${local.type(access.type).name} ${access.access} is ${value}, ` +
          `but the compiler wrote ${placed.site.value}`,
      );
  }
}

/** Local symbols first: sections that relocations name, and static functions. */
function symbolsOf(
  input: LinkInput,
  image: Image,
  maps: MapsSection,
  imported: readonly PlacedVariable[],
  licenseSize: number,
  sectionNumber: (name: string) => number,
): readonly ElfSymbol[] {
  const sectionSymbols = ['.text', '.rodata', '.data', '.bss']
    .map(sectionNumber)
    .filter((section) => section > 0)
    .map((section): ElfSymbol => {
      return { name: '', bind: STB.local, type: STT.section, section, value: 0, size: 0 };
    });
  const functions = image.functions.map((found): ElfSymbol => {
    return {
      name: found.name,
      bind: found.global ? STB.global : STB.local,
      type: STT.func,
      section: found.section + 1,
      value: found.offset,
      size: found.size,
    };
  });
  const object = (name: string, section: string, value: number, size: number): ElfSymbol => {
    return {
      name,
      bind: STB.global,
      type: STT.object,
      section: sectionNumber(section),
      value,
      size,
    };
  };
  return [
    ...sectionSymbols,
    ...functions.filter((symbol) => symbol.bind === STB.local),
    ...functions.filter((symbol) => symbol.bind !== STB.local),
    ...maps.maps.map((map) => object(map.symbol, '.maps', map.offset, map.size)),
    ...input.variables.map(({ symbol, type }) => {
      const { section, offset } = image.variable(symbol);
      return object(symbol, section, offset, sizeOf(type));
    }),
    ...imported.map((variable) =>
      object(variable.symbol, variable.section, variable.offset, variable.size),
    ),
    object(LICENSE_SYMBOL, LICENSE_SECTION, 0, licenseSize),
    // Undefined: libbpf takes them for what `.ksyms` describes.
    ...input.kernelSymbols.map(({ symbol, kind }): ElfSymbol => {
      const bind = kind === 'function' ? STB.weak : STB.global;
      return { name: symbol, bind, type: STT.notype, section: 0, value: 0, size: 0 };
    }),
  ];
}

/** Code of scripts has no stores to its context. */
function changesSomething(elf: ElfObject, hasImports: boolean): boolean {
  return codeEffects(elf).length > 0 || (hasImports && storeEffects(elf).length > 0);
}
