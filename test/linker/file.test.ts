import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ElfError } from '../../linker/elf/elf.ts';
import { openElfFile, sectionNamed } from '../../linker/elf/file.ts';
import { writeElf } from '../../linker/elf/write.ts';
import { withFolder } from '../support/build.ts';

const PROGRAM = writeElf(
  [{ name: '.note', type: 1, flags: 0, align: 1, data: Buffer.from('held') }],
  [],
).bytes;

/** What a file says of its section `.note`. */
function contents(damage: (bytes: Buffer) => void = () => {}): string {
  const bytes = Buffer.from(PROGRAM);
  damage(bytes);
  return withFolder((folder) => {
    const path = join(folder, 'program');
    writeFileSync(path, bytes);
    const file = openElfFile(path);
    const section = sectionNamed(file, '.note');
    return section ? Buffer.from(file.data(section)).toString() : '';
  });
}

describe('an ELF file', () => {
  it('has the contents of its sections', () => {
    expect(contents()).toBe('held');
  });

  it.each(['/bin/sh', '/bin/true', '/usr/bin/env', process.execPath])(
    'such as %s has the sections that readelf finds',
    (path) => {
      const { stdout } = spawnSync('readelf', ['-SW', path], { encoding: 'utf8' });
      const rows = stdout.matchAll(
        /^ *\[ *\d+\] (\S*) +([A-Z_]+) +([0-9a-f]{16}) [0-9a-f]+ ([0-9a-f]+) [0-9a-f]+ +[A-Za-z]* +(\d+) /gm,
      );
      const expected = [...rows].map(([, name, type, address, size, link]) => [
        name,
        Number.parseInt(address ?? '', 16),
        type === 'NOBITS' ? 0 : Number.parseInt(size ?? '', 16),
        Number(link),
      ]);
      const { sections } = openElfFile(path);
      expect(expected.length).toBeGreaterThan(15);
      expect(sections.map(({ name, address, size, link }) => [name, address, size, link])).toEqual(
        expected,
      );
    },
  );

  it.each<[string, string, (bytes: Buffer) => void]>([
    ['without sections', 'no section headers', (bytes) => bytes.writeUInt16LE(0, 60)],
    [
      'whose names are in a section behind its end',
      'no section headers',
      (bytes) => bytes.writeUInt16LE(0xfff0, 62),
    ],
    [
      'whose sections reach beyond its end',
      'a part reaches beyond the end of the file',
      (bytes) => bytes.writeUInt16LE(0xfff0, 60),
    ],
    ['of 32 bits', 'not a 64-bit little-endian ELF file', (bytes) => bytes.writeUInt8(1, 4)],
    ['of big-endian numbers', 'not a 64-bit', (bytes) => bytes.writeUInt8(2, 5)],
    ['of another format', 'not an ELF file', (bytes) => bytes.writeUInt8(0, 0)],
  ])('%s is refused', (_what, message, damage) => {
    expect(() => contents(damage)).toThrow(message);
    expect(() => contents(damage)).toThrow(ElfError);
  });
});
