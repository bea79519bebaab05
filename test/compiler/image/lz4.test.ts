/** lz4: what its own program packs, and blocks made by hand. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { unpackLz4 } from '../../../compiler/image/lz4.ts';
import { unpack } from '../../../compiler/image/unpack.ts';
import { needs } from '../../support/needs.ts';
import { createRandom } from '../../support/random.ts';

const MAGIC = [0x02, 0x21, 0x4c, 0x18];
const LIMIT = 1 << 24;

const word = (value: number): readonly number[] => [
  ...[value & 255, (value >> 8) & 255],
  ...[(value >> 16) & 255, value >>> 24],
];

function frame(...blocks: readonly (readonly number[])[]): Buffer {
  return Buffer.from([...MAGIC, ...blocks.flatMap((block) => [...word(block.length), ...block])]);
}

const texts = (...bytes: readonly number[]): string =>
  unpackLz4(frame(bytes), LIMIT).toString('latin1');
const codes = (text: string): readonly number[] => [...Buffer.from(text)];
const literal = (text: string): readonly number[] => [text.length << 4, ...codes(text)];

describe('a block', () => {
  it('has literals', () => {
    expect(texts(...literal('hello'))).toBe('hello');
    expect(texts(0xf0, 0, ...codes('x'.repeat(15)))).toBe('x'.repeat(15));
    expect(texts(0xf0, 2, ...codes('y'.repeat(17)))).toBe('y'.repeat(17));
    expect(texts(0xf0, 255, 1, ...codes('z'.repeat(271)))).toBe('z'.repeat(271));
  });

  it('has matches of what was written, which may overlap themselves', () => {
    // Four from six back, and the rest as literals.
    expect(texts(0x60, ...codes('abcdef'), 6, 0, ...literal('!'))).toBe('abcdefabcd!');
    expect(texts(0x12, ...codes('a'), 1, 0, ...literal('b'))).toBe('aaaaaaab');
    expect(texts(0x2f, ...codes('ab'), 2, 0, 0, ...literal('!'))).toBe(`${'ab'.repeat(10)}a!`);
    const far = 'x'.repeat(300);
    expect(texts(0xf0, 255, 30, ...codes(`start${far.slice(5)}`), 44, 1, ...literal('!'))).toBe(
      `start${far.slice(5)}star!`,
    );
  });

  it.each([
    ['is cut off within a length', [0xf0], 'cut off'],
    ['has fewer literals than it says', [0x30, 1, 2], 'literals reach'],
    ['is cut off within a distance', [0x10, 1, 1], 'cut off'],
    ['has a match of nothing', [0x10, 1, 0, 0], 'a match reaches'],
    ['has a match before its beginning', [0x10, 1, 2, 0], 'a match reaches'],
  ] as const)('that %s is damaged', (_, block, why) => {
    expect(() => unpackLz4(frame(block), LIMIT)).toThrow(why);
  });

  it('holds 8 MiB, and not a byte more', () => {
    // A literal, a match of the rest, and whatever else.
    const filled = (more: number): readonly number[] => {
      const length = (8 << 20) - 1 - 4 - 15;
      const bytes = Math.floor(length / 255);
      return [0x1f, 7, 1, 0, ...new Array<number>(bytes).fill(255), (length % 255) + more];
    };
    expect(unpackLz4(frame(filled(0)), LIMIT).length).toBe(8 << 20);
    expect(() => unpackLz4(frame(filled(1)), LIMIT)).toThrow('a match reaches');
    expect(() => unpackLz4(frame([...filled(0), 0x10, 1]), LIMIT)).toThrow('literals reach');
  });
});

describe('a file', () => {
  it('is of blocks, one after the other, and each has its own past', () => {
    expect(unpackLz4(frame(literal('one '), literal('two')), LIMIT).toString()).toBe('one two');
    expect(() => unpackLz4(frame(literal('one'), [0x00, 1, 0]), LIMIT)).toThrow('a match');
  });

  it('may begin again with its magic number, or have none', () => {
    const one = frame(literal('one'));
    expect(unpackLz4(Buffer.concat([one, one]), LIMIT).toString()).toBe('oneone');
    expect(unpackLz4(one.subarray(4), LIMIT).toString()).toBe('one');
  });

  it('ends where the size of the whole stands, or nothing', () => {
    const one = frame(literal('one'));
    for (const tail of [word(0), word(1 << 28), [1, 2, 3], word(5)])
      expect(unpackLz4(Buffer.concat([one, Buffer.from(tail)]), LIMIT).toString()).toBe('one');
  });

  it('has as many bytes as are allowed', () => {
    const one = frame(literal('abc'), literal('def'));
    expect(unpackLz4(one, 6).length).toBe(6);
    expect(() => unpackLz4(one, 5)).toThrow('too large');
    expect(() => unpack(one, 5)).toThrow('it cannot be unpacked');
  });

  needs('lz4').it('is what lz4 packs', () => {
    const random = createRandom(3);
    const words = ['alpha', 'beta', 'gamma', '\0\0\0\0', 'delta epsilon'];
    const text = Buffer.from(
      Array.from({ length: 5000 }, () => words[random.below(words.length)]).join(''),
    );
    const packed = spawnSync('lz4', ['-l', '-c'], { input: text }).stdout;
    expect(packed.length).toBeGreaterThan(100);
    expect(unpack(packed).equals(text)).toBe(true);
  });
});
