/**
 * The table of types in BTF (Documentation/bpf/btf.rst), read in place. A vmlinux has 150,000 types in 5 MB: opening
 * it notes where each type begins, and later chains types by name, in typed arrays; nothing else is decoded before somebody
 * asks.
 */
import { isAscii } from 'node:buffer';
import { BTF_HEADER_SIZE, BTF_KIND, BTF_MAGIC, BTF_VERSION, BtfError, damaged } from './btf.ts';

export interface BtfTable {
  /** Number of types with void, which is 0; ids are below it. */
  readonly count: number;
  kind(id: number): number;
  name(id: number): string;
  /** Number of members, enumerators or parameters. */
  length(id: number): number;
  /** kind_flag: bitfield sizes in members of structs, a union behind a forward, signed values of an enum. */
  flag(id: number): boolean;
  /** Bytes, of a type that has a size; else the id of the type that this one refers to. */
  sizeOrType(id: number): number;
  /** Number `index` of what follows the type's three common words. */
  word(id: number, index: number): number;
  string(offset: number): string;
  /** Where a whole string stands, for comparing names without decoding them; in joined BTF at several places. */
  offsetsOf(text: string): readonly number[];
  /** Types of a name in ascending order. */
  named(name: string): readonly number[];
  /** The first type with the name and kind. */
  find(kind: number, name: string): number | undefined;
  /** Ids of all types of these kinds, ascending. */
  ofKind(...kinds: readonly number[]): readonly number[];
}

/** Throws BtfError for what is not BTF or is cut off. */
export function openTable(bytes: Uint8Array): BtfTable {
  const { words, strings } = sectionsOf(bytes);
  const starts = typeStarts(words);
  const count = starts.length;
  const typesNamed = createSearch(words, starts);

  const at = (id: number, index: number): number => {
    const start = starts[id];
    const word = start === undefined ? undefined : words[start + index];
    if (word === undefined) throw damaged(`type ${id} is not there`);
    return word;
  };
  const info = (id: number) => (id === 0 ? 0 : at(id, 1));
  const kind = (id: number) => (info(id) >>> 24) & 0x1f;

  const string = createReader(strings);
  const offsets = new Map<string, readonly number[]>();
  const offsetsOf = (text: string): readonly number[] => {
    const known = offsets.get(text);
    if (known) return known;
    const found = text === '' ? [0] : placesOf(strings, text);
    offsets.set(text, found);
    return found;
  };
  const named = (name: string): readonly number[] => {
    if (name === '') return [];
    const places = offsetsOf(name);
    const found = places.flatMap((offset) => typesNamed(offset));
    return places.length > 1 ? found.sort((one, other) => one - other) : found;
  };

  return {
    count,
    kind,
    name: (id) => (id === 0 ? 'void' : string(at(id, 0))),
    length: (id) => info(id) & 0xffff,
    flag: (id) => info(id) >>> 31 === 1,
    sizeOrType: (id) => at(id, 2),
    word: (id, index) => at(id, 3 + index),
    string,
    offsetsOf,
    named,
    find: (wanted, name) => named(name).find((id) => kind(id) === wanted),
    ofKind(...kinds) {
      const wanted = kinds.reduce((mask, each) => mask | (1 << each), 0);
      const found: number[] = [];
      for (let id = 1; id < count; id += 1) {
        // The kind, in place: there are more than a hundred thousand types.
        const word = words[(starts[id] ?? 0) + 1] ?? 0;
        if ((wanted >>> ((word >>> 24) & 0x1f)) & 1) found.push(id);
      }
      return found;
    },
  };
}

/** Types, as words, and strings. Throws BtfError where they are not inside of the bytes. */
export function sectionsOf(bytes: Uint8Array): {
  readonly words: Uint32Array;
  readonly strings: Buffer;
} {
  if (bytes.length < BTF_HEADER_SIZE) throw damaged('it is too short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0, true) !== BTF_MAGIC) throw damaged('it does not begin as BTF does');
  if (view.getUint8(2) !== BTF_VERSION)
    throw new BtfError(`BTF of version ${view.getUint8(2)} is not known`);
  const header = view.getUint32(4, true);
  const section = (field: number) => ({
    start: header + view.getUint32(field, true),
    size: view.getUint32(field + 4, true),
  });
  const types = section(8);
  const strings = section(16);
  for (const { start, size } of [types, strings])
    if (start + size > bytes.length) throw damaged('it is cut off');
  if (types.size % 4 !== 0) throw damaged('its types have an odd size');
  return {
    words: wordsOf(bytes, types.start, types.size),
    strings: Buffer.from(bytes.buffer, bytes.byteOffset + strings.start, strings.size),
  };
}

/** A view where the alignment allows it. Typed arrays have the machine's byte order, which BTF is taken to have. */
function wordsOf(bytes: Uint8Array, start: number, size: number): Uint32Array {
  const offset = bytes.byteOffset + start;
  if (offset % 4 === 0) return new Uint32Array(bytes.buffer, offset, size / 4);
  return new Uint32Array(new Uint8Array(bytes.subarray(start, start + size)).buffer);
}

/** Strings that are decoded one by one, before it pays to decode all of them. */
const SINGLE_STRINGS = 200;

/** Gives the string at an offset. */
function createReader(strings: Buffer): (offset: number) => string {
  let reads = 0;
  let whole: string | undefined;
  return (offset) => {
    const end = whole === undefined ? strings.indexOf(0, offset) : whole.indexOf('\0', offset);
    if (offset >= strings.length || end === -1) throw damaged(`no string at ${offset}`);
    if (whole !== undefined) return whole.slice(offset, end);
    reads += 1;
    // Other characters than those of ASCII have more than one byte.
    if (reads === SINGLE_STRINGS && isAscii(strings)) whole = strings.toString('latin1');
    return strings.toString('utf8', offset, end);
  };
}

/** The first string is the empty one, so that each other string follows a NUL. */
function placesOf(strings: Buffer, text: string): readonly number[] {
  if (text.includes('\0')) return [];
  const whole = Buffer.from(`\0${text}\0`);
  const found: number[] = [];
  for (let at = strings.indexOf(whole); at !== -1; at = strings.indexOf(whole, at + 1))
    found.push(at + 1);
  return found;
}

/** Words behind the three common ones, by kind: a number of them, and so many for each member. 255: no such kind. */
const FIXED = new Uint8Array(32).fill(255);
const EACH = new Uint8Array(32);
for (const kind of [BTF_KIND.int, BTF_KIND.variable, BTF_KIND.declTag]) FIXED[kind] = 1;
FIXED[BTF_KIND.array] = 3;
for (const [words, kinds] of [
  [3, [BTF_KIND.struct, BTF_KIND.union, BTF_KIND.section, BTF_KIND.enum64]],
  [2, [BTF_KIND.enum, BTF_KIND.prototype]],
  [0, [BTF_KIND.pointer, BTF_KIND.forward, BTF_KIND.typedef, BTF_KIND.volatile, BTF_KIND.const]],
  [0, [BTF_KIND.restrict, BTF_KIND.function, BTF_KIND.float, BTF_KIND.typeTag]],
] as const)
  for (const kind of kinds) {
    FIXED[kind] = 0;
    EACH[kind] = words;
  }

/** Index of each type's first word, by id; void has none. */
function typeStarts(words: Uint32Array): Uint32Array {
  // A type has three words at least.
  const starts = new Uint32Array(1 + Math.floor(words.length / 3));
  const end = words.length;
  let count = 1;
  let at = 0;
  while (at < end) {
    starts[count] = at;
    count += 1;
    const info = words[at + 1] ?? 0;
    const kind = (info >>> 24) & 0x1f;
    const fixed = FIXED[kind] ?? 255;
    if (fixed === 255) throw damaged(`kind ${kind} is not known`);
    at += 3 + fixed + (EACH[kind] ?? 0) * (info & 0xffff);
  }
  if (at !== end) throw damaged('a type is cut off');
  return starts.subarray(0, count);
}

/** Words behind the three common ones. */
export function extraWords(info: number): number {
  const kind = (info >>> 24) & 0x1f;
  const fixed = FIXED[kind] ?? 255;
  if (fixed === 255) throw damaged(`kind ${kind} is not known`);
  return fixed + (EACH[kind] ?? 0) * (info & 0xffff);
}

/** Names that are looked for one type after the other, before it pays to chain all types by their names. */
const SINGLE_SEARCHES = 6;

/** Gives the types whose name stands at a string offset. */
function createSearch(
  words: Uint32Array,
  starts: Uint32Array,
): (nameOffset: number) => readonly number[] {
  let searches = 0;
  let chains: ((nameOffset: number) => readonly number[]) | undefined;
  return (nameOffset) => {
    if (nameOffset === 0) return [];
    searches += 1;
    if (searches > SINGLE_SEARCHES) {
      chains ??= createChains(words, starts);
      return chains(nameOffset);
    }
    const found: number[] = [];
    for (let id = 1; id < starts.length; id += 1)
      if (words[starts[id] ?? 0] === nameOffset) found.push(id);
    return found;
  };
}

/** Gives the types whose name stands at a string offset: buckets of an array, chained through another. */
function createChains(
  words: Uint32Array,
  starts: Uint32Array,
): (nameOffset: number) => readonly number[] {
  const mask = (1 << Math.ceil(Math.log2(starts.length + 1))) - 1;
  const heads = new Uint32Array(mask + 1);
  const next = new Uint32Array(starts.length);
  // Backwards, so that a chain lists ascending ids.
  for (let id = starts.length - 1; id > 0; id -= 1) {
    const name = words[starts[id] ?? 0] ?? 0;
    if (name === 0) continue;
    const bucket = bucketOf(name, mask);
    next[id] = heads[bucket] ?? 0;
    heads[bucket] = id;
  }
  return (nameOffset) => {
    const found: number[] = [];
    for (let id = heads[bucketOf(nameOffset, mask)] ?? 0; id !== 0; id = next[id] ?? 0)
      if (words[starts[id] ?? 0] === nameOffset) found.push(id);
    return found;
  };
}

function bucketOf(nameOffset: number, mask: number): number {
  return (Math.imul(nameOffset, 0x9e3779b1) >>> 7) & mask;
}
