/** Objects that a check reads: what is wrong with one is told, each for its own reason. */
import { describe, expect, it } from 'vitest';
import { openObject } from '../../../compiler/compatibility/object.ts';
import { DIGEST_SECTION, digestOf } from '../../../linker/digest.ts';
import { STT, SYMBOL_SIZE } from '../../../linker/elf/elf.ts';
import { readElf, readSectionTable } from '../../../linker/elf/read.ts';
import { build } from '../../support/build.ts';

const ORIGINAL = Buffer.from(
  build(
    'fn twice($x : int64) : int64 { return $x * 2; } begin { print(twice(pid)); } end { print(1); }',
  ),
);

/** A copy whose digest is its own again after the change. */
function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(ORIGINAL);
  change(bytes);
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

describe('an object', () => {
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
