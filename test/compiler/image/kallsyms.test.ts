/** The table of symbols as the kernel's scripts/kallsyms.c lays it out, of each of its forms. */
import { describe, expect, it } from 'vitest';
import { readKallsyms } from '../../../compiler/image/kallsyms.ts';
import { createMemory } from '../../../compiler/image/memory.ts';
import { BASE, BEHIND, COUNT, entries, type Form, image, SIZE } from './kernel-image.ts';

const read = (data: Buffer) => readKallsyms(createMemory([{ start: BASE, data }]));

describe('a table of symbols', () => {
  it.each<[string, Form]>([
    ['with addresses behind the tokens', BEHIND],
    ['with addresses before the names', { addresses: 'relative', behind: false, align: 8 }],
    ['with less between its parts', { addresses: 'relative', behind: false, align: 4 }],
    ['with addresses by themselves for each CPU', { addresses: 'percpu', behind: false, align: 8 }],
    ['of the same behind the tokens', { addresses: 'percpu', behind: true, align: 8 }],
    ['whose offsets are from their own places', { addresses: 'own place', behind: true, align: 4 }],
  ])('%s has each name with its type and address', (_, form) => {
    const list = entries(COUNT);
    const found = read(image(form, list));
    const shown = list.map(({ text, address }) => ({
      type: text.slice(0, 1),
      name: text.slice(1),
      // What is relative to the base alone cannot say less.
      address: address === 0n && form.addresses === 'relative' ? BASE : address,
    }));
    expect(found?.length).toBe(COUNT);
    expect(found?.slice(0, 12)).toEqual(shown.slice(0, 12));
    expect(found?.at(-1)).toEqual(shown.at(-1));
    expect(found?.findIndex(({ name }, index) => name !== shown[index]?.name)).toBe(-1);
  });

  it('is one of 10,000 names at least', () => {
    expect(read(image(BEHIND, entries(10_000)))).toHaveLength(10_000);
    expect(read(image(BEHIND, entries(9999)))).toBeUndefined();
  });

  it('may lack the banner, and has it where it says', () => {
    const without = entries(COUNT).map(({ text, address }) => ({
      text: text.replace('Dlinux_banner', 'Dother'),
      address,
    }));
    expect(read(image({ ...BEHIND, banner: false }, without))).toHaveLength(COUNT);
    expect(read(image({ ...BEHIND, banner: false }))).toBeUndefined();
  });

  it('is none whose banner would stand before the memory, or behind it', () => {
    const at = (address: bigint) =>
      entries(COUNT).map((each) => (each.text === 'Dlinux_banner' ? { ...each, address } : each));
    expect(read(image(BEHIND, at(BASE + 0x300n)))).toHaveLength(COUNT);
    const OWN: Form = { addresses: 'own place', behind: true, align: 4 };
    for (const address of [BASE - 0x300n, BASE + BigInt(SIZE) + 1n, BASE + BigInt(SIZE) - 4n])
      expect(read(image(OWN, at(address)))).toBeUndefined();
  });

  it('begins behind what only looks like it', () => {
    const digits = Buffer.from(Array.from('0123456789', (digit) => `${digit}\0`).join(''));
    expect(read(image(BEHIND, undefined, (data) => void digits.copy(data, 0x800)))).toHaveLength(
      COUNT,
    );
    expect(read(digits)).toBeUndefined();
    expect(read(Buffer.alloc(1 << 16))).toBeUndefined();
  });

  it.each<[string, Parameters<typeof image>[2]]>([
    ['the index of its tokens', (data, { index = 0 }) => void data.writeUInt8(99, index + 2)],
    ['the first of its markers', (data, { markers = 0 }) => void data.writeUInt8(1, markers)],
    [
      'the last of its markers',
      (data, { markers = 0 }) => void data.writeUInt8(99, markers + 4 * 39),
    ],
    ['its number of names', (data, { count = 0 }) => void data.writeUInt32LE(COUNT + 300, count)],
  ])('is none where %s is wrong', (_, damage) => {
    expect(read(image(BEHIND, undefined, damage))).toBeUndefined();
  });

  it('is none where the code is no megabyte, or elsewhere', () => {
    const moved = (etext: bigint) =>
      entries(COUNT).map(({ text, address }) => ({
        text,
        address: text === 'T_etext' ? etext : address,
      }));
    const start = BASE + 0x1000n;
    expect(read(image(BEHIND, moved(start + (1n << 20n))))).toHaveLength(COUNT);
    expect(read(image(BEHIND, moved(start + (1n << 20n) - 1n)))).toBeUndefined();
    expect(read(image(BEHIND, moved(BASE + BigInt(SIZE))))).toHaveLength(COUNT);
    expect(read(image(BEHIND, moved(BASE + BigInt(SIZE) + 1n)))).toBeUndefined();
  });
});
