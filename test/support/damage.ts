/** BTF that is damaged in every way that its form knows, for whoever reads what others made. */
import { readElf } from '../../linker/elf/read.ts';
import { createRandom } from './random.ts';

/** Words of struct btf_header (include/uapi/linux/btf.h): magic and version, length, and the places of both tables. */
const HEADER_WORDS = 6;

/** The types that an object brings along, as the BTF of a kernel: it has what the object's script names. */
export function typesIn(object: Uint8Array): Buffer {
  const section = readElf(object).sections.find(({ name }) => name === '.BTF');
  if (!section) throw new Error('the object has no BTF');
  return Buffer.from(section.data);
}

/**
 * Copies of BTF: cut off between any two words of the header and at places among types and strings, each field of the
 * header changed, and `count` words of types changed, to other types, to numbers that are none, and to themselves.
 */
export function damagedBtf(btf: Buffer, count: number, seed: number): readonly Buffer[] {
  const random = createRandom(seed);
  const header = HEADER_WORDS * 4;
  const types = btf.readUInt32LE(12);
  const cuts = Array.from({ length: HEADER_WORDS + 1 }, (_, word) => word * 4).concat(
    Array.from({ length: 10 }, (_, part) => header + Math.floor((part * types) / 40) * 4),
    [header + types, btf.length - 1],
  );
  const changed = (at: number, value: number): Buffer => {
    const copy = Buffer.from(btf);
    copy.writeUInt32LE(value >>> 0, at);
    return copy;
  };
  const fields = Array.from({ length: HEADER_WORDS }, (_, word) => {
    const is = btf.readUInt32LE(word * 4);
    return [0, 1, 0x7fffffff, 0xffffffff, is + 1, is + 4, is - 4].map((value) =>
      changed(word * 4, value),
    );
  });
  const words = Array.from({ length: count }, () => {
    const at = header + random.below(types / 4) * 4;
    const is = btf.readUInt32LE(at);
    // Kinds stand in the third byte's upper half, ids are small.
    const value = random.pick([
      0,
      0xffffffff,
      0x7fffffff,
      random.below(60),
      random.below(60),
      is + 1,
      is ^ (1 << random.below(32)),
      (random.below(20) << 24) | random.below(4),
    ]);
    return changed(at, value);
  });
  return [
    ...cuts.map((length) => Buffer.from(btf.subarray(0, length))),
    ...fields.flat(),
    ...words,
  ];
}
