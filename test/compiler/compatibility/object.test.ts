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
});
