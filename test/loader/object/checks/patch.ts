/** Objects that are damaged in one place, and signed after it. */
import { type SyntheticType, wordsOf } from '../../../linker/synthetic.ts';
import { digestPlace, sign } from '../script.ts';

/** `reason`: a part of what the loader says, or `ok` where it takes the object. */
export interface Case {
  readonly about: string;
  readonly reason: string;
  readonly object: Uint8Array;
}

/** Bytes of members of ELF's header, of a section's header, of a symbol and of a relocation. */
export const HEADER = {
  class: [4, 1],
  data: [5, 1],
  identVersion: [6, 1],
  type: [16, 2],
  machine: [18, 2],
  version: [20, 4],
  sections: [40, 8],
  size: [52, 2],
  segments: [56, 2],
  entrySize: [58, 2],
  count: [60, 2],
  names: [62, 2],
} as const;
export const SECTION = {
  name: [0, 4],
  type: [4, 4],
  flags: [8, 8],
  offset: [24, 8],
  size: [32, 8],
  link: [40, 4],
  info: [44, 4],
  align: [48, 8],
  entry: [56, 8],
} as const;
export const SYMBOL = {
  name: [0, 4],
  info: [4, 1],
  section: [6, 2],
  value: [8, 8],
  size: [16, 8],
} as const;
export const RELOCATION = { offset: [0, 8], type: [8, 4], symbol: [12, 4] } as const;

type Member = readonly [number, 1 | 2 | 4 | 8];

function read(bytes: Buffer, base: number, [at, size]: Member): number {
  return size === 8 ? Number(bytes.readBigUInt64LE(base + at)) : bytes.readUIntLE(base + at, size);
}

function write(bytes: Buffer, base: number, [at, size]: Member, value: number): void {
  if (size === 8) bytes.writeBigUInt64LE(BigInt(value), base + at);
  else bytes.writeUIntLE(value, base + at, size);
}

/** A copy of an object, to be changed. */
export class Patch {
  #bytes: Buffer;

  constructor(good: Uint8Array) {
    this.#bytes = Buffer.from(good);
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  header(member: Member, value: number): this {
    write(this.#bytes, 0, member, value);
    return this;
  }

  get count(): number {
    return read(this.#bytes, 0, HEADER.count);
  }

  #sectionAt(index: number): number {
    return read(this.#bytes, 0, HEADER.sections) + 64 * index;
  }

  /** Index of a section. */
  find(name: string): number {
    const names = this.at(read(this.#bytes, 0, HEADER.names), SECTION.offset);
    for (let index = 1; index < this.count; index++) {
      const at = names + this.at(index, SECTION.name);
      if (this.#bytes.toString('latin1', at, at + name.length + 1) === `${name}\0`) return index;
    }
    throw new Error(`no section ${name}`);
  }

  #index(section: string | number): number {
    return typeof section === 'number' ? section : this.find(section);
  }

  at(section: string | number, member: Member): number {
    return read(this.#bytes, this.#sectionAt(this.#index(section)), member);
  }

  section(section: string | number, member: Member, value: number): this {
    write(this.#bytes, this.#sectionAt(this.#index(section)), member, value);
    return this;
  }

  contents(section: string | number): Buffer {
    const index = this.#index(section);
    const at = this.at(index, SECTION.offset);
    return this.#bytes.subarray(at, at + this.at(index, SECTION.size));
  }

  /** Puts other bytes at the end of the file and makes them the section's. */
  replace(section: string | number, contents: Uint8Array): this {
    const index = this.#index(section);
    const start = Math.ceil(this.#bytes.length / 16) * 16;
    const grown = Buffer.alloc(start + contents.length);
    this.#bytes.copy(grown);
    grown.set(contents, start);
    this.#bytes = grown;
    return this.section(index, SECTION.offset, start).section(index, SECTION.size, contents.length);
  }

  /** Gives the section another name. */
  rename(section: string, name: string): this {
    const index = this.find(section);
    const names = read(this.#bytes, 0, HEADER.names);
    const table = this.contents(names);
    const longer = Buffer.concat([table, Buffer.from(`${name}\0`)]);
    return this.section(index, SECTION.name, table.length).replace(names, longer);
  }

  /** Sections behind the others: empty ones with names of their own. */
  addSections(count: number): this {
    const names = read(this.#bytes, 0, HEADER.names);
    const old = this.count;
    const table = this.contents(names);
    let end = table.length;
    const texts = Array.from({ length: count }, (_unused, index) => Buffer.from(`more${index}\0`));
    this.replace(names, Buffer.concat([table, ...texts]));
    const at = read(this.#bytes, 0, HEADER.sections);
    const headers = Buffer.alloc(64 * count);
    texts.forEach((text, index) => {
      headers.writeUInt32LE(end, 64 * index);
      headers.writeUInt32LE(1, 64 * index + 4);
      end += text.length;
    });
    const all = Buffer.concat([this.#bytes.subarray(at, at + 64 * old), headers]);
    const start = Math.ceil(this.#bytes.length / 8) * 8;
    this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(start - this.#bytes.length), all]);
    return this.header(HEADER.sections, start).header(HEADER.count, old + count);
  }

  /** Zeros at a place of the file. */
  insert(at: number, count: number): this {
    const [before, behind] = [this.#bytes.subarray(0, at), this.#bytes.subarray(at)];
    this.#bytes = Buffer.concat([before, Buffer.alloc(count), behind]);
    return this;
  }

  /** Index of a symbol. */
  findSymbol(name: string): number {
    const table = this.contents('.symtab');
    const names = this.contents(this.at('.symtab', SECTION.link));
    for (let index = 0; index < table.length / 24; index++) {
      const at = table.readUInt32LE(24 * index);
      if (names.toString('latin1', at, at + name.length + 1) === `${name}\0`) return index;
    }
    throw new Error(`no symbol ${name}`);
  }

  symbolAt(name: string, member: Member): number {
    return read(this.contents('.symtab'), 24 * this.findSymbol(name), member);
  }

  symbol(name: string, member: Member, value: number): this {
    write(this.contents('.symtab'), 24 * this.findSymbol(name), member, value);
    return this;
  }

  relocation(section: string, index: number, member: Member, value: number): this {
    write(this.contents(section), 16 * index, member, value);
    return this;
  }

  /** Types behind those that are there; the first of them gets the id that is handed in. */
  types(make: (first: number) => readonly SyntheticType[]): this {
    const btf = this.contents('.BTF');
    const at = 24 + btf.readUInt32LE(8);
    const size = btf.readUInt32LE(12);
    const strings = btf.subarray(24 + btf.readUInt32LE(16)).subarray(0, btf.readUInt32LE(20));
    const types = btf.subarray(at, at + size);
    const { words, text } = wordsOf(make(countOfTypes(types) + 1), strings.toString('latin1'));
    return this.btf(Buffer.concat([types, words]), Buffer.from(text, 'latin1'));
  }

  btf(types: Buffer, strings: Buffer, header: Readonly<Record<number, number>> = {}): this {
    const start = Buffer.alloc(24);
    start.writeUInt32LE(0x0001eb9f, 0);
    [24, 0, types.length, types.length, strings.length].forEach((word, index) => {
      start.writeUInt32LE(word, 4 + 4 * index);
    });
    for (const [at, value] of Object.entries(header)) start.writeUInt32LE(value, Number(at));
    return this.replace('.BTF', Buffer.concat([start, types, strings]));
  }

  signed(): Buffer {
    sign(this.#bytes, digestPlace(this.#bytes));
    return this.#bytes;
  }
}

/** Bytes behind a type's first three words: of so many words, and so many for each member. */
const EXTRA: Readonly<Record<number, readonly [number, number]>> = {
  1: [1, 0],
  3: [3, 0],
  4: [0, 3],
  5: [0, 3],
  6: [0, 2],
  13: [0, 2],
  14: [1, 0],
  15: [0, 3],
  17: [1, 0],
  19: [0, 3],
};

function countOfTypes(types: Buffer): number {
  let count = 0;
  for (let at = 0; at < types.length; count++) {
    const info = types.readUInt32LE(at + 4);
    const [fixed, each] = EXTRA[(info >> 24) & 0x1f] ?? [0, 0];
    at += 4 * (3 + fixed + each * (info & 0xffff));
  }
  return count;
}
