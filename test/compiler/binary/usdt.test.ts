/** USDT points, of notes made by hand and beside readelf. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type UsdtPoint, usdtPoints } from '../../../compiler/binary/usdt.ts';
import { SHT } from '../../../linker/elf/elf.ts';
import { openElfFile } from '../../../linker/elf/file.ts';
import { withFolder } from '../../support/build.ts';
import { elfOf } from './elf.ts';

interface Note {
  readonly owner?: string;
  readonly type?: number;
  readonly texts?: readonly string[];
  readonly words?: readonly bigint[];
}

const padded = (bytes: Uint8Array): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

function note({ owner = 'stapsdt', type = 3, words = [1n, 2n, 3n], texts = [] }: Note): Buffer {
  const name = Buffer.from(`${owner}\0`);
  const numbers = Buffer.alloc(8 * words.length);
  for (const [index, word] of words.entries()) numbers.writeBigUInt64LE(word, 8 * index);
  const body = Buffer.concat([numbers, Buffer.from(texts.map((text) => `${text}\0`).join(''))]);
  const header = Buffer.alloc(12);
  for (const [at, word] of [name.length, body.length, type].entries())
    header.writeUInt32LE(word, 4 * at);
  return Buffer.concat([header, padded(name), padded(body)]);
}

const read = (bytes: Uint8Array, type: number = SHT.note, name = '.note.stapsdt') =>
  usdtPoints(elfOf([{ type: 0 }, { name, type, bytes }]));

const names = (...notes: readonly Note[]): readonly string[] =>
  read(Buffer.concat(notes.map(note))).map(({ provider, name }) => `${provider}:${name}`);

const POINT: Note = { texts: ['p', 'n', ''] };

describe('a USDT point', () => {
  it('has the first and the last of its three addresses, and operands with their types', () => {
    const words = [0x1122334455667788n, 7n, 0x99aabbccddeeff00n];
    expect(read(note({ words, texts: ['lib', 'start', '-4@%edi 8@8(%rsp)'] }))).toEqual([
      {
        provider: 'lib',
        name: 'start',
        address: 0x1122334455667788n,
        semaphore: 0x99aabbccddeeff00n,
        operands: ['-4@%edi', '8@8(%rsp)'],
        arguments: ['int32', 'uint64'],
      },
    ]);
  });

  it.each([
    ['1@%al', 'uint8'],
    ['-1@%al', 'int8'],
    ['2@%ax', 'uint16'],
    ['-2@%ax', 'int16'],
    ['4@%eax', 'uint32'],
    ['-8@%rax', 'int64'],
    ['8@$5', 'uint64'],
    ['4f@%xmm0', 'float'],
    ['8f@%xmm0', 'double'],
    // Without a size that C has: as wide as a register.
    ['%rax', 'int64'],
    ['3@%rax', 'int64'],
    ['16@%xmm0', 'int64'],
  ])('has for the operand %s the type %s', (operand, type) => {
    expect(read(note({ texts: ['p', 'n', operand] }))[0]?.arguments).toEqual([type]);
  });

  it('may have no operands', () => {
    expect(read(note(POINT))[0]).toMatchObject({ operands: [], arguments: [] });
    expect(read(note({ texts: ['p', 'n'] }))[0]).toMatchObject({ operands: [], arguments: [] });
  });

  it('has a provider and a name', () => {
    expect(names({ texts: ['', 'n', ''] }, { texts: ['p', '', ''] }, POINT)).toEqual(['p:n']);
  });
});

describe('notes of USDT points', () => {
  it('come in the order of the file, each as often as it stands there', () => {
    const other: Note = { texts: ['p', 'odd', '4@%eax'] };
    expect(names(other, POINT, other)).toEqual(['p:odd', 'p:n', 'p:odd']);
  });

  it('are told from others by type and owner, whatever length these have', () => {
    expect(
      names(
        { ...POINT, type: 2 },
        { ...POINT, owner: 'GNU' },
        { ...POINT, owner: 'stapsdt-2' },
        { owner: 'x', words: [] },
        { words: [1n, 2n] },
        POINT,
      ),
    ).toEqual(['p:n']);
  });

  it('stand in a section of that name and type', () => {
    expect(read(note(POINT))).toHaveLength(1);
    expect(read(note(POINT), SHT.note, '.note.other')).toEqual([]);
    expect(read(note(POINT), 1)).toEqual([]);
  });

  it('end where one is cut off', () => {
    const two = Buffer.concat([note(POINT), note(POINT)]);
    const count = (bytes: number) => read(two.subarray(0, bytes)).length;
    const one = note(POINT).length;
    // The last name takes two bytes of the four that the note is padded to.
    const sizes = [0, 11, 12, one, one + 11, one + 12, 2 * one - 4, 2 * one];
    expect(sizes.map(count)).toEqual([0, 0, 0, 1, 1, 1, 1, 2]);
    const last = Buffer.from(two);
    last.writeUInt32LE(24, one + 4);
    expect(read(last.subarray(0, one + 20 + 24))).toHaveLength(1);
    last.writeUInt32LE(23, one + 4);
    expect(read(last)).toHaveLength(1);
  });

  it('are what readelf shows of them', () => {
    const said = withFolder((folder) => {
      const source = join(folder, 'a.s');
      const object = join(folder, 'a.o');
      const texts = ['one', 'first', '-4@%edi', 'two', 'second', '8@%rax -1@%al'];
      const notes = [0, 3].map(
        (at) => `.balign 4
.long 8, 3f-2f, 3
.asciz "stapsdt"
2: .quad ${0x1000 + at}, 0, ${0x2000 + at}
${texts
  .slice(at, at + 3)
  .map((text) => `.asciz "${text}"`)
  .join('\n')}
3:`,
      );
      writeFileSync(source, `.section .note.stapsdt,"",@note\n${notes.join('\n')}\n.balign 4\n`);
      execFileSync('as', ['-o', object, source]);
      return {
        readelf: execFileSync('readelf', ['-nW', object], { encoding: 'utf8' }),
        points: usdtPoints(openElfFile(object)),
      };
    });
    const hex = (number: bigint) => `0x${number.toString(16).padStart(16, '0')}`;
    const shown = ({ provider, name, address, semaphore, operands }: UsdtPoint) =>
      `${provider} ${name} ${hex(address)} ${hex(semaphore)} ${operands.join(' ')}`;
    const expected = [
      ...said.readelf.matchAll(
        /Provider: (\S+)\s+Name: (\S+)\s+Location: (\S+), Base: \S+, Semaphore: (\S+)\s+Arguments: (.*)/g,
      ),
    ].map(([, ...parts]) => parts.join(' ').trim());
    expect(expected).toHaveLength(2);
    expect(said.points.map(shown)).toEqual(expected);
  });
});
