/** What an object holds, from the file alone: for `bpfscript inspect` and for reviews in CI. */

import { readExtension } from './btf/extension.ts';
import { CORE_KIND_NAMES, describeAccess } from './btf/path.ts';
import { type Btf, readBtf } from './btf/read.ts';
import { renderBtf } from './btf/text.ts';
import { codeEffects, storeEffects } from './code-effects.ts';
import { DIGEST_SECTION, DIGEST_SIZE, digestOf } from './digest.ts';
import { ElfError, type ElfObject, type ElfSection, INSN_SIZE, SHF, STB, STT } from './elf/elf.ts';
import { readElf } from './elf/read.ts';
import { inspectCapabilities } from './inspect/capabilities.ts';
import type { InspectedRelocation, Inspection } from './inspect/inspection.ts';
import { asNumber, asObject, asObjects, asText, asTexts, type Json } from './inspect/json.ts';
import { inspectMaps } from './inspect/maps.ts';
import { inspectEffects } from './inspect/outside.ts';
import { MANIFEST_SECTION } from './manifest/encode.ts';
import { readSignature } from './signature.ts';

/**
 * Throws an Error (ElfError, BtfError) that says what is wrong when the bytes are not an object of this tool.
 */
export function inspectObject(bytes: Uint8Array): Inspection {
  const elf = readElf(bytes);
  const find = (name: string): ElfSection | undefined =>
    elf.sections.find((section) => section.name === name);
  const required = (name: string): Uint8Array => {
    const section = find(name);
    if (!section) throw new ElfError(`it has no section ${name}`);
    return section.data;
  };
  const manifest = parseManifest(required(MANIFEST_SECTION));
  const btf = readBtf(required('.BTF'));
  const probes = asObjects(manifest.probes);
  const sessions = manifest.sessions === undefined ? [] : asObjects(manifest.sessions);
  const kernel = asObject(manifest.kernel);
  const functions = functionsOf(elf);
  const license = Buffer.from(find('license')?.data ?? []);
  const maps = inspectMaps(btf, manifest);
  const pinned = maps.filter((map) => map.pinned).map(({ name }) => name);
  const fixups = asObjects(manifest.fixups).flatMap(({ program, insn }) =>
    functions
      .filter(({ name, global }) => global && name === asText(program))
      .map(({ section, offset }) => ({ section, offset: offset + asNumber(insn) * INSN_SIZE })),
  );
  const effects = [...codeEffects(elf), ...storeEffects(elf, fixups)];
  const outside = inspectEffects(effects, manifest, pinned);
  return {
    size: bytes.length,
    script: asText(manifest.script),
    producer: asText(manifest.producer),
    kernel: { release: asText(kernel.release), arch: asText(kernel.arch) },
    ties: tiesOf(manifest),
    license: license.subarray(0, Math.max(license.indexOf(0), 0)).toString(),
    digest: checkDigest(bytes, find(DIGEST_SECTION)),
    ...signatureOf(bytes),
    unsafe: manifest.unsafe === true,
    outside,
    contradictions: contradictions(manifest, outside),
    programs: functions
      .filter(({ global }) => global)
      .map(({ name, section, instructions }) => ({
        name,
        section,
        instructions,
        probes: probes
          .filter(
            (probe, index) =>
              asText(probe.program) === name ||
              sessions.some(
                (one) => asText(one.program) === name && [one.entry, one.exit].includes(index),
              ),
          )
          .map((probe) => asText(probe.name)),
      })),
    functions: functions
      .filter(({ global }) => !global)
      .map(({ name, instructions }) => ({ name, instructions })),
    maps,
    events: asObjects(manifest.events).map((event) => ({
      kind: asText(event.kind),
      size: asNumber(event.size),
      ...(typeof event.format === 'string' ? { format: event.format } : {}),
    })),
    params: asObjects(manifest.params).map(({ index, as }) => {
      return { index: asNumber(index), as: asText(as) };
    }),
    options: asObjects(manifest.options).map((option) => ({
      name: asText(option.name),
      as: asText(option.as),
      default: option.as === 'bool' ? String(option.default === '1') : asText(option.default),
      ...(typeof option.description === 'string' ? { description: option.description } : {}),
    })),
    lookups: asObjects(manifest.lookups).map(({ kind, name }) => {
      return { kind: asText(kind), name: asText(name) };
    }),
    relocations: [
      ...coreRelocations(btf, required('.BTF.ext'), functions),
      ...asObjects(manifest.fixups).map(fixup),
      ...sessions.map((session) => ({
        function: asText(session.program),
        instruction: asNumber(session.insn),
        by: 'session' as const,
        kind: 'call',
        of: 'bpf_session_is_return',
      })),
    ],
    features: asTexts(manifest.features),
    capabilities: inspectCapabilities(manifest, outside),
    sections: elf.sections.slice(1).map(({ name, size }) => ({ name, size })),
    manifest,
    btfText: renderBtf(btf),
  };
}

/** Files that an object of this tool writes, and paths at which it pins. */
export function writtenPaths(bytes: Uint8Array): readonly string[] {
  const { sections } = readElf(bytes);
  const section = sections.find(({ name }) => name === MANIFEST_SECTION);
  return section
    ? inspectEffects([], parseManifest(section.data), [])
        .filter(({ needs }) => needs === 'write')
        .map(({ what }) => what)
    : [];
}

function contradictions(manifest: Json, outside: Inspection['outside']): readonly string[] {
  const changes = outside.filter(({ needs }) => needs === 'unsafe' || needs === 'run');
  return manifest.unsafe === true || changes.length === 0
    ? []
    : ['the manifest says that the script changes nothing: no bpfscript built this object'];
}

function tiesOf({ ties }: Json): Inspection['ties'] {
  if (ties === undefined) return undefined;
  return asObjects(ties).map(({ reason, line, file }) => ({
    reason: asText(reason),
    line: line === undefined ? 0 : asNumber(line),
    ...(typeof file === 'string' ? { file } : {}),
  }));
}

function parseManifest(data: Uint8Array): Json {
  try {
    return asObject(JSON.parse(Buffer.from(data).toString()));
  } catch (error) {
    throw new ElfError('its manifest is not JSON', { cause: error });
  }
}

function signatureOf(bytes: Uint8Array): Pick<Inspection, 'signature'> {
  const found = readSignature(bytes);
  if (!found) return {};
  const { key, notAfter, valid } = found;
  return { signature: { key, valid, ...(notAfter === undefined ? {} : { notAfter }) } };
}

function checkDigest(bytes: Uint8Array, section: ElfSection | undefined): Inspection['digest'] {
  if (section?.data.length !== DIGEST_SIZE) return 'missing';
  const offset = section.data.byteOffset - bytes.byteOffset;
  return Buffer.from(section.data).equals(digestOf(bytes, offset)) ? 'valid' : 'wrong';
}

interface PlacedFunction {
  readonly name: string;
  readonly section: string;
  readonly offset: number;
  readonly size: number;
  readonly instructions: number;
  readonly global: boolean;
}

function functionsOf(elf: ElfObject): readonly PlacedFunction[] {
  return elf.symbols
    .filter((symbol) => symbol.type === STT.func)
    .flatMap((symbol) => {
      const section = elf.sections[symbol.section];
      if (!section || !(section.flags & SHF.exec)) return [];
      return {
        name: symbol.name,
        section: section.name,
        offset: symbol.value,
        size: symbol.size,
        instructions: Math.floor(symbol.size / INSN_SIZE),
        global: symbol.bind === STB.global,
      };
    });
}

function coreRelocations(
  btf: Btf,
  extension: Uint8Array,
  functions: readonly PlacedFunction[],
): readonly InspectedRelocation[] {
  return readExtension(extension).core.flatMap(({ section, records }) => {
    const name = btf.string(section);
    return records.map(({ offset, type, access, kind }) => {
      const inside = functions.find(
        (one) => one.section === name && offset >= one.offset && offset < one.offset + one.size,
      );
      return {
        function: inside?.name ?? name,
        instruction: (offset - (inside?.offset ?? 0)) / INSN_SIZE,
        by: 'core' as const,
        kind: CORE_KIND_NAMES[kind] ?? String(kind),
        of: describeAccess(btf, type, btf.string(access)),
      };
    });
  });
}

function fixup(entry: Json): InspectedRelocation {
  const place = {
    function: asText(entry.program),
    instruction: asNumber(entry.insn),
    kind: asText(entry.site),
  };
  if (entry.argument !== undefined) {
    const { name } = asObject(entry.argument);
    return { ...place, by: 'argument', of: name === undefined ? 'retval' : `args.${asText(name)}` };
  }
  const { category, event, field } = asObject(entry.tracepoint);
  return {
    ...place,
    by: 'tracepoint',
    of: `${asText(category)}:${asText(event)}.${asText(field)}`,
  };
}
