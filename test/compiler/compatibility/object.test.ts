/** Objects that a check reads: what is wrong with one is told, each for its own reason. */
import { describe, expect, it } from 'vitest';
import { openObject, placeOfSymbol } from '../../../compiler/compatibility/object.ts';
import { DIGEST_SECTION, digestOf } from '../../../linker/digest.ts';
import { STT, SYMBOL_SIZE } from '../../../linker/elf/elf.ts';
import { readElf, readSectionTable } from '../../../linker/elf/read.ts';
import { MANIFEST_SECTION } from '../../../linker/manifest/encode.ts';
import { build } from '../../support/build.ts';
import { EMBEDDED } from './kernels.ts';

const ORIGINAL = Buffer.from(
  build(
    'fn twice($x : int64) : int64 { return $x * 2; } begin { print(twice(pid)); } end { print(1); }',
  ),
);

/** A copy whose digest is its own again after the change. */
function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(ORIGINAL);
  change(bytes);
  return redigested(bytes);
}

function redigested(bytes: Buffer): Buffer {
  const data = readElf(bytes).sections.find(({ name }) => name === DIGEST_SECTION)?.data;
  if (!data) throw new Error('no digest');
  const at = data.byteOffset - bytes.byteOffset;
  Buffer.from(digestOf(bytes, at)).copy(bytes, at);
  return bytes;
}

/** Places of the symbols of functions in the file, with where they begin. */
function functionSymbols(bytes: Buffer) {
  const table = readSectionTable(bytes).find(({ name }) => name === '.symtab');
  if (!table) throw new Error('no symbols');
  return Array.from({ length: table.size / SYMBOL_SIZE }, (_, index) => ({
    at: table.offset + SYMBOL_SIZE * index,
    type: bytes.readUInt8(table.offset + SYMBOL_SIZE * index + 4) & 15,
  })).filter(({ type }) => type === STT.func);
}

/** Where a section's bytes stand in the file. */
function sectionAt(bytes: Buffer, name: string) {
  const found = readSectionTable(bytes).find((section) => section.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
}

/** A copy whose manifest reads otherwise, in as many bytes. */
const withManifest = (change: (text: string) => string): Buffer =>
  changed((bytes) => {
    const { offset, size } = sectionAt(bytes, MANIFEST_SECTION);
    const text = change(bytes.toString('latin1', offset, offset + size));
    bytes.write(text.padEnd(size, ' ').slice(0, size), offset, 'latin1');
  });

describe('an object', () => {
  it('has a manifest of this version, which is JSON', () => {
    expect(() => openObject(withManifest((text) => text))).not.toThrow();
    expect(() =>
      openObject(withManifest((text) => text.replace('"version":1', '"version":2'))),
    ).toThrow('its manifest has version 2, and this program reads 1');
    expect(() =>
      openObject(withManifest((text) => text.replace('"version"', '"versoin"'))),
    ).toThrow('its manifest has version undefined, and this program reads 1');
    for (const text of ['{', '"a text"', '[1]', 'null', ''])
      expect(() => openObject(withManifest(() => text))).toThrow('its manifest');
    expect(() => openObject(withManifest(() => '{'))).toThrow('its manifest is not JSON');
  });

  it.each([MANIFEST_SECTION, '.BTF', '.BTF.ext', DIGEST_SECTION])('has the section %s', (name) => {
    const bytes = Buffer.from(ORIGINAL);
    const at = bytes.indexOf(`\0${name}\0`);
    bytes.write('~', at + 1);
    const rehashed = name === DIGEST_SECTION ? bytes : redigested(bytes);
    expect(() => openObject(rehashed)).toThrow(
      name === DIGEST_SECTION ? 'it is damaged, or was changed' : `it has no section ${name}`,
    );
  });

  it('says for which kernel it was built, and which script it is of', () => {
    const { script, kernel, rodata } = openObject(ORIGINAL);
    expect([script, kernel]).toEqual(['stdin', { release: EMBEDDED.release, arch: 'x86_64' }]);
    expect(rodata.length).toBeGreaterThan(0);
  });

  it('has programs, and functions that these call, with what they refer to', () => {
    const { functions } = openObject(ORIGINAL);
    const of = (isProgram: boolean) => functions.filter((fn) => fn.isProgram === isProgram);
    expect(of(true).map(({ name }) => name.replace(/_\d+$/, ''))).toEqual(
      expect.arrayContaining(['begin', 'end']),
    );
    const names = functions.flatMap(({ references }) => [...references.values()]);
    expect(names).toContainEqual(
      expect.objectContaining({ name: 'events', section: '.maps', isSection: false }),
    );
    for (const { references, code } of functions)
      for (const insn of references.keys()) {
        expect(Number.isInteger(insn)).toBe(true);
        expect(insn).toBeLessThan(code.length);
      }
  });

  it('says where the script first uses a map', () => {
    const object = openObject(build('begin {\n  print(1);\n  @x[1] = 1;\n  @x[2] = pid; }'));
    const name = (object.manifest.maps as readonly { stores: readonly { map: string }[] }[])[0]
      ?.stores[0]?.map;
    expect(placeOfSymbol(object, name ?? '')).toMatchObject({ file: 'stdin', line: 3 });
    expect(placeOfSymbol(object, 'nothing')).toBeUndefined();
  });

  it('is read with its functions', () => {
    const { functions } = openObject(changed(() => undefined));
    expect(functions.length).toBeGreaterThan(1);
    for (const { code } of functions) expect(code.length).toBeGreaterThan(0);
  });

  it.each<[string, (bytes: Buffer, at: number) => void]>([
    ['longer than its section', (bytes, at) => void bytes.writeBigUInt64LE(1n << 20n, at + 16)],
    ['of half an instruction', (bytes, at) => void bytes.writeBigUInt64LE(12n, at + 16)],
    ['between instructions', (bytes, at) => void bytes.writeBigUInt64LE(4n, at + 8)],
  ])('has no function %s', (_, change) => {
    const bytes = changed((copy) => change(copy, functionSymbols(copy)[0]?.at ?? 0));
    expect(() => openObject(bytes)).toThrow('is not whole instructions of its section');
  });

  it('has no function in another one', () => {
    const bytes = changed((copy) => {
      const [first, second] = functionSymbols(copy);
      // The second stands where the first does.
      copy.copy(copy, (second?.at ?? 0) + 6, (first?.at ?? 0) + 6, (first?.at ?? 0) + SYMBOL_SIZE);
    });
    expect(() => openObject(bytes)).toThrow('is not whole instructions of its section');
  });

  it('has the digest of what it holds', () => {
    const bytes = Buffer.from(ORIGINAL);
    const at = functionSymbols(bytes)[0]?.at ?? 0;
    bytes.writeBigUInt64LE(8n, at + 16);
    expect(() => openObject(bytes)).toThrow();
  });

  it('holds the lines of the script that its code comes from, and those of its events', () => {
    const lines = [
      'begin {',
      '  @x = 5;',
      '  $y = @x + pid;',
      '  printf("%d", $y);',
      '  print(1 / $y);',
      '  warnf("%d", $y);',
      '}',
      'end { print(@x); }',
    ];
    const object = openObject(build(lines.join('\n'), { reportsHelpers: true }));
    const file = object.script;
    const known = lines.flatMap((text, index) => {
      const found = object.lineOf(file, index + 1);
      return found === undefined ? [] : [[found, text]];
    });
    expect(known.length).toBeGreaterThan(4);
    for (const [found, text] of known) expect(found).toBe(text);
    const events = (object.manifest.events as readonly { place?: { line: number } }[]).flatMap(
      ({ place }) => (place === undefined ? [] : [place.line]),
    );
    expect(events.length).toBeGreaterThan(0);
    for (const line of events) expect(object.lineOf(file, line)).toBe(lines[line - 1]);
    // Also where no instruction has them.
    const first = events[0] ?? 0;
    const manifest = object.manifest as { lines: readonly string[] };
    expect(manifest.lines).toContain(lines[first - 1]);
    expect(object.lineOf(file, 99)).toBeUndefined();
    expect(object.lineOf('other', 2)).toBeUndefined();
  });

  it('knows the place of each instruction, and none in another function', () => {
    const object = openObject(build('begin {\n  @x = pid;\n  @y = tid; }\nend {\n  @z = 5; }'));
    const linesOf = (name: string) => {
      const fn = object.functions.find((each) => each.name.startsWith(name));
      if (!fn) throw new Error(`there is no ${name}`);
      const places = fn.code.map((_, index) => object.placeOf(fn, index));
      expect(places.every((place) => place?.file === object.script)).toBe(true);
      return [...new Set(places.map((place) => place?.line))].sort();
    };
    expect(linesOf('begin')).toEqual(expect.arrayContaining([2, 3]));
    expect(linesOf('begin').every((line) => (line ?? 9) < 4)).toBe(true);
    expect(linesOf('end').every((line) => (line ?? 0) > 3)).toBe(true);
  });
});

describe('a relocation', () => {
  /** struct bpf_core_relo: instruction, type, path, kind. */
  const RECORD = 16;
  const CORE = Buffer.from(
    build(
      'kprobe:vfs_read { @x = curtask.mm.start_stack; @y = (uint64)PIDTYPE_PGID; @z = sizeof(struct sock); }',
    ),
  );

  /** Places of the records in the file, with their kinds. */
  function records(bytes: Buffer) {
    const { offset } = sectionAt(bytes, '.BTF.ext');
    const header = bytes.readUInt32LE(offset + 4);
    const start = offset + header + bytes.readUInt32LE(offset + 24);
    const end = start + bytes.readUInt32LE(offset + 28);
    const found: { at: number; kind: number }[] = [];
    for (let at = start + 4; at < end; ) {
      const count = bytes.readUInt32LE(at + 4);
      at += 8;
      for (let index = 0; index < count; index += 1, at += RECORD)
        found.push({ at, kind: bytes.readUInt32LE(at + 12) });
    }
    return found;
  }

  /** With one field of the first record of a kind changed. */
  const open = (kind: number, field: 'type' | 'kind', value: number) => {
    const bytes = Buffer.from(CORE);
    const record = records(bytes).find((each) => each.kind === kind);
    if (!record) throw new Error(`no relocation of kind ${kind}`);
    bytes.writeUInt32LE(value, record.at + (field === 'type' ? 4 : 12));
    return () => openObject(redigested(bytes));
  };

  it('leads to a member, a type or an enumerator of the object’s own types', () => {
    const kinds = new Set(records(CORE).map(({ kind }) => kind));
    expect(kinds.has(0)).toBe(true);
    expect(() => openObject(CORE)).not.toThrow();
    const { functions } = openObject(CORE);
    const all = functions.flatMap(({ relocations }) => relocations);
    expect(all).toHaveLength(records(CORE).length);
    for (const { insn } of all) expect(Number.isInteger(insn)).toBe(true);
    for (const kind of kinds) {
      expect(open(kind, 'type', 0)).toThrow();
      expect(open(kind, 'type', 1 << 20)).toThrow();
      expect(open(kind, 'kind', 13)).toThrow('a relocation leads nowhere');
      expect(open(kind, 'kind', 99)).toThrow('a relocation leads nowhere');
    }
  });
});
