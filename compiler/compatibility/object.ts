/** An object as far as it asks something of a kernel. Nothing in it is believed: anyone could have written it. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import { coreValue } from '../../linker/btf/core.ts';
import { readExtension } from '../../linker/btf/extension.ts';
import { type Btf, readBtf } from '../../linker/btf/read.ts';
import { DIGEST_SECTION, DIGEST_SIZE, digestOf } from '../../linker/digest.ts';
import {
  ElfError,
  type ElfObject,
  type ElfRelocation,
  INSN_SIZE,
  SHF,
  STB,
  STT,
  viewOf,
} from '../../linker/elf/elf.ts';
import { type Instruction, instructionAt } from '../../linker/elf/instruction.ts';
import { readElf } from '../../linker/elf/read.ts';
import {
  asNumber,
  asObject,
  asObjects,
  asText,
  asTexts,
  type Json,
} from '../../linker/inspect/json.ts';
import { MANIFEST_SECTION } from '../../linker/manifest/encode.ts';
import { MANIFEST_VERSION } from '../../linker/manifest/manifest.ts';
import { localLeaf } from './type-match.ts';
import { firstFrom, within } from './within.ts';

/** What an instruction refers to by name. */
export interface Reference {
  readonly name: string;
  /** Of the symbol; empty where it is undefined: the kernel's. */
  readonly section: string;
  readonly isSection: boolean;
  /** In its section. */
  readonly value: number;
}

export interface CoreRelocation {
  /** The instruction, from the function's first. */
  readonly insn: number;
  readonly type: number;
  readonly access: string;
  /** enum bpf_core_relo_kind. */
  readonly kind: number;
}

export interface ObjectFunction {
  readonly name: string;
  readonly section: string;
  /** Bytes, in its section. */
  readonly offset: number;
  /** A program, rather than a function that programs call. */
  readonly isProgram: boolean;
  readonly code: readonly Instruction[];
  readonly references: ReadonlyMap<number, Reference>;
  readonly relocations: readonly CoreRelocation[];
}

/** A place in a script. Without a column, all of the line. */
export interface ScriptPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface ObjectView {
  readonly script: string;
  readonly kernel: { readonly release: string; readonly arch: string };
  readonly manifest: Json;
  readonly btf: Btf;
  readonly functions: readonly ObjectFunction[];
  readonly rodata: Uint8Array;
  /** Of the script that an instruction comes from. */
  placeOf(fn: ObjectFunction, insn: number): ScriptPlace | undefined;
  /** The text of a line, where the object holds it. */
  lineOf(file: string, line: number): string | undefined;
}

/** Throws ElfError or BtfError, with what is wrong, for bytes that are no object of this tool. */
export function openObject(bytes: Uint8Array): ObjectView {
  const elf = readElf(bytes);
  const dataOf = (name: string): Uint8Array | undefined =>
    elf.sections.find((section) => section.name === name)?.data;
  const required = (name: string): Uint8Array => {
    const data = dataOf(name);
    if (!data) throw new ElfError(`it has no section ${name}`);
    return data;
  };
  const manifest = parseManifest(required(MANIFEST_SECTION));
  if (!hasItsDigest(elf, bytes)) throw new ElfError('it is damaged, or was changed');
  const btf = readBtf(required('.BTF'));
  validate(btf);
  const extension = readExtension(required('.BTF.ext'));
  const core = recordsBySection(btf, extension.core);
  const lines = recordsBySection(btf, extension.lines);
  const known = new Map(
    [...lines].map(([name, all]) => [name, all.filter(({ line }) => line > 0)] as const),
  );
  const functions = functionsOf(elf).map((fn) => ({
    ...fn,
    relocations: within(core.get(fn.section) ?? [], fn.offset, endOf(fn))
      .filter(({ offset }) => offset % INSN_SIZE === 0)
      .map(({ offset, type, access, kind }) => ({
        insn: (offset - fn.offset) / INSN_SIZE,
        type,
        access: btf.string(access),
        kind,
      })),
  }));
  for (const { relocations } of functions)
    for (const each of relocations) checkRelocation(btf, each);
  const texts = new Map<string, string>();
  for (const record of [...lines.values()].flat())
    if (record.line > 0)
      texts.set(`${btf.string(record.file)}:${record.line}`, btf.string(record.text));
  const written = asTexts(manifest.lines);
  for (const place of placesOf(manifest)) {
    const text = written[asNumber(place.text)];
    if (text !== undefined)
      texts.set(`${asText(place.file) || asText(manifest.script)}:${asNumber(place.line)}`, text);
  }
  const kernel = asObject(manifest.kernel);
  return {
    script: asText(manifest.script),
    kernel: { release: asText(kernel.release), arch: asText(kernel.arch) },
    manifest,
    btf,
    functions,
    rodata: dataOf('.rodata') ?? new Uint8Array(),
    placeOf(fn, insn) {
      const records = known.get(fn.section) ?? [];
      const record = records[firstFrom(records, fn.offset + insn * INSN_SIZE + 1) - 1];
      if (!record || record.offset < fn.offset) return undefined;
      return { file: btf.string(record.file), line: record.line, column: record.column };
    },
    lineOf: (file, line) => texts.get(`${file}:${line}`),
  };
}

function placesOf(manifest: Json): readonly Json[] {
  return asObjects(manifest.events).flatMap(({ place }) =>
    place === undefined ? [] : [asObject(place)],
  );
}

function parseManifest(data: Uint8Array): Json {
  let manifest: Json;
  try {
    manifest = asObject(JSON.parse(Buffer.from(data).toString()));
  } catch (error) {
    throw new ElfError('its manifest is not JSON', { cause: error });
  }
  if (manifest.version !== MANIFEST_VERSION)
    throw new ElfError(
      `its manifest has version ${String(manifest.version)}, and this program reads ${MANIFEST_VERSION}`,
    );
  return manifest;
}

function recordsBySection<Kind extends { readonly offset: number }>(
  btf: Btf,
  sections: readonly { readonly section: number; readonly records: readonly Kind[] }[],
): ReadonlyMap<string, readonly Kind[]> {
  const found = new Map<string, Kind[]>();
  for (const { section, records } of sections) {
    const name = btf.string(section);
    const all = found.get(name) ?? [];
    found.set(name, all);
    for (const record of records) all.push(record);
  }
  return new Map(
    [...found].map(([name, records]) => [
      name,
      records.toSorted((one, other) => one.offset - other.offset),
    ]),
  );
}

/** Whether a record makes sense in the object's own types. */
function checkRelocation(btf: Btf, { type, access, kind }: CoreRelocation): void {
  const isEnumerator = kind === 10 || kind === 11;
  const isField = kind >= 0 && kind <= 5;
  const leads = isEnumerator
    ? btf.enumerators(btf.skipModifiers(type))[Number(access)] !== undefined
    : isField
      ? localLeaf(btf, type, access) !== undefined
      : kind <= 12 && btf.type(type).id !== 0;
  if (!leads) throw new ElfError(`a relocation leads nowhere: ${access} of type ${type}`);
  if (isField) coreValue(btf, { type, access, kind });
}

/** The loader refuses an object whose digest is another; one without a digest is none of ours. */
function hasItsDigest(elf: ElfObject, bytes: Uint8Array): boolean {
  const data = elf.sections.find(({ name }) => name === DIGEST_SECTION)?.data;
  if (data?.length !== DIGEST_SIZE) return false;
  return Buffer.from(digestOf(bytes, data.byteOffset - bytes.byteOffset)).equals(data);
}

/** Reads all that there is once, so that what is wrong shows here, and not in the middle of a check. */
function validate(btf: Btf): void {
  for (let id = 1; id < btf.count; id += 1) {
    const { kind } = btf.type(id);
    if (kind === BTF_KIND.struct || kind === BTF_KIND.union)
      for (const { type } of btf.members(id)) btf.sizeOf(type);
    else if (kind === BTF_KIND.enum || kind === BTF_KIND.enum64) btf.enumerators(id);
    else if (kind === BTF_KIND.prototype)
      for (const { type } of btf.parameters(id)) btf.type(btf.skipModifiers(type));
    else if (kind === BTF_KIND.section)
      for (const { variable } of btf.variables(id)) btf.type(variable);
    else if (kind === BTF_KIND.pointer || kind === BTF_KIND.function || kind === BTF_KIND.variable)
      btf.type(btf.skipModifiers(btf.sizeOrType(id)));
    else btf.sizeOf(id);
  }
}

/** Bytes, in its section: behind the last instruction. */
function endOf({ offset, code }: Pick<ObjectFunction, 'offset' | 'code'>): number {
  return offset + code.length * INSN_SIZE;
}

function functionsOf(elf: ElfObject): readonly Omit<ObjectFunction, 'relocations'>[] {
  const relocations = new Map(
    [...elf.relocations].map(([section, all]) => [
      section,
      all.toSorted((one, other) => one.offset - other.offset),
    ]),
  );
  const found = elf.symbols
    .filter(({ type }) => type === STT.func)
    .flatMap((symbol) => {
      const section = elf.sections[symbol.section];
      return section && section.flags & SHF.exec ? [{ symbol, section }] : [];
    })
    .sort(
      (one, other) =>
        one.symbol.section - other.symbol.section || one.symbol.value - other.symbol.value,
    );
  let last = { section: -1, end: 0 };
  // What stands behind another cannot be decoded twice: the work is as much as the file is long.
  return found.map(({ symbol, section }) => {
    const { value, size } = symbol;
    const end = value + size;
    const isApart = last.section !== symbol.section || value >= last.end;
    if (!isApart || end > section.data.length || value % INSN_SIZE !== 0 || size % INSN_SIZE !== 0)
      throw new ElfError(`function ${symbol.name} is not whole instructions of its section`);
    last = { section: symbol.section, end };
    return {
      name: symbol.name,
      section: section.name,
      offset: value,
      isProgram: symbol.bind === STB.global,
      code: decode(section.data.subarray(value, end)),
      references: referencesOf(
        elf,
        within(relocations.get(symbol.section) ?? [], value, end),
        value,
      ),
    };
  });
}

function decode(bytes: Uint8Array): readonly Instruction[] {
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length / INSN_SIZE }, (_, index) => instructionAt(view, index));
}

function referencesOf(
  elf: ElfObject,
  relocations: readonly ElfRelocation[],
  start: number,
): ReadonlyMap<number, Reference> {
  const found = new Map<number, Reference>();
  for (const { offset, symbol: index } of relocations) {
    const symbol = elf.symbols[index];
    if (!symbol) continue;
    const target = symbol.section === 0 ? '' : (elf.sections[symbol.section]?.name ?? '');
    found.set((offset - start) / INSN_SIZE, {
      name: symbol.type === STT.section ? target : symbol.name,
      section: target,
      isSection: symbol.type === STT.section,
      value: symbol.value,
    });
  }
  return found;
}

/** Where the script first uses a map, or a variable of the kernel. */
export function placeOfSymbol(object: ObjectView, symbol: string): ScriptPlace | undefined {
  for (const fn of object.functions)
    for (const [insn, { name }] of fn.references) {
      const place = name === symbol ? object.placeOf(fn, insn) : undefined;
      if (place) return place;
    }
  return undefined;
}

/** A probe of the manifest. */
export interface ProbeView {
  readonly program: string;
  readonly name: string;
  readonly provider: string;
  readonly target: Json;
  /** Some field of the target is a parameter of the script. */
  readonly isOpen: boolean;
  readonly block: number | undefined;
  readonly place: ScriptPlace;
}

export function probesOf({ manifest, script }: ObjectView): readonly ProbeView[] {
  return asObjects(manifest.probes).map((probe) => {
    const target = asObject(probe.target);
    return {
      program: asText(probe.program),
      name: asText(probe.name),
      provider: asText(target.provider),
      target,
      isOpen: probe.parameters === true,
      block: typeof probe.block === 'number' ? probe.block : undefined,
      place: { file: asText(probe.file) || script, line: asNumber(probe.line), column: 0 },
    };
  });
}
