/** An object as far as it asks something of a kernel. Nothing in it is believed: anyone could have written it. */
import { readExtension } from '../../linker/btf/extension.ts';
import { type Btf, readBtf } from '../../linker/btf/read.ts';
import {
  ElfError,
  type ElfObject,
  INSN_SIZE,
  SHF,
  STB,
  STT,
  viewOf,
} from '../../linker/elf/elf.ts';
import { readElf } from '../../linker/elf/read.ts';
import { asNumber, asObject, asObjects, asText, type Json } from '../../linker/inspect/json.ts';
import { MANIFEST_SECTION } from '../../linker/manifest/encode.ts';
import { MANIFEST_VERSION } from '../../linker/manifest/manifest.ts';

/** One instruction of eight bytes; the second half of an `ld_imm64` is one, too. */
export interface Instruction {
  readonly code: number;
  readonly dst: number;
  readonly src: number;
  readonly off: number;
  readonly imm: number;
}

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
  const btf = readBtf(required('.BTF'));
  const extension = readExtension(required('.BTF.ext'));
  const core = recordsBySection(btf, extension.core);
  const lines = recordsBySection(btf, extension.lines);
  const functions = functionsOf(elf).map((fn) => ({
    ...fn,
    relocations: (core.get(fn.section) ?? [])
      .filter(
        ({ offset }) => offset >= fn.offset && offset < fn.offset + fn.code.length * INSN_SIZE,
      )
      .map(({ offset, type, access, kind }) => ({
        insn: (offset - fn.offset) / INSN_SIZE,
        type,
        access: btf.string(access),
        kind,
      })),
  }));
  const texts = new Map<string, string>();
  for (const record of [...lines.values()].flat())
    if (record.line > 0)
      texts.set(`${btf.string(record.file)}:${record.line}`, btf.string(record.text));
  for (const place of placesOf(manifest))
    texts.set(
      `${asText(place.file) || asText(manifest.script)}:${asNumber(place.line)}`,
      asText(place.text),
    );
  const kernel = asObject(manifest.kernel);
  return {
    script: asText(manifest.script),
    kernel: { release: asText(kernel.release), arch: asText(kernel.arch) },
    manifest,
    btf,
    functions,
    rodata: dataOf('.rodata') ?? new Uint8Array(),
    placeOf(fn, insn) {
      const at = fn.offset + insn * INSN_SIZE;
      const before = (lines.get(fn.section) ?? []).filter(
        ({ offset, line }) => offset >= fn.offset && offset <= at && line > 0,
      );
      const record = before.at(-1);
      return record && { file: btf.string(record.file), line: record.line, column: record.column };
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

function recordsBySection<Kind>(
  btf: Btf,
  sections: readonly { readonly section: number; readonly records: readonly Kind[] }[],
): ReadonlyMap<string, readonly Kind[]> {
  const found = new Map<string, readonly Kind[]>();
  for (const { section, records } of sections) {
    const name = btf.string(section);
    found.set(name, [...(found.get(name) ?? []), ...records]);
  }
  return found;
}

function functionsOf(elf: ElfObject): readonly Omit<ObjectFunction, 'relocations'>[] {
  return elf.symbols
    .filter(({ type }) => type === STT.func)
    .flatMap((symbol) => {
      const section = elf.sections[symbol.section];
      if (!section || !(section.flags & SHF.exec)) return [];
      const end = symbol.value + symbol.size;
      if (
        end > section.data.length ||
        symbol.value % INSN_SIZE !== 0 ||
        symbol.size % INSN_SIZE !== 0
      )
        throw new ElfError(`function ${symbol.name} is not whole instructions of its section`);
      return {
        name: symbol.name,
        section: section.name,
        offset: symbol.value,
        isProgram: symbol.bind === STB.global,
        code: decode(section.data.subarray(symbol.value, end)),
        references: referencesOf(elf, symbol.section, symbol.value, end),
      };
    });
}

function decode(bytes: Uint8Array): readonly Instruction[] {
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length / INSN_SIZE }, (_, index) => {
    const at = index * INSN_SIZE;
    const registers = view.getUint8(at + 1);
    return {
      code: view.getUint8(at),
      dst: registers & 15,
      src: registers >> 4,
      off: view.getInt16(at + 2, true),
      imm: view.getInt32(at + 4, true),
    };
  });
}

function referencesOf(
  elf: ElfObject,
  section: number,
  start: number,
  end: number,
): ReadonlyMap<number, Reference> {
  const found = new Map<number, Reference>();
  for (const { offset, symbol: index } of elf.relocations.get(section) ?? []) {
    const symbol = elf.symbols[index];
    if (!symbol || offset < start || offset >= end) continue;
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
