/**
 * The table of types in BTF (Documentation/bpf/btf.rst), read in place. A vmlinux has 150,000 types in 5 MB: opening
 * it notes where each type begins and chains types by name, in typed arrays; nothing else is decoded before somebody
 * asks.
 */
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
  const chains = createChains(words, starts);

  const at = (id: number, index: number): number => {
    const start = starts[id];
    const word = start === undefined ? undefined : words[start + index];
    if (word === undefined) throw damaged(`type ${id} is not there`);
    return word;
  };
  const info = (id: number) => (id === 0 ? 0 : at(id, 1));
  const kind = (id: number) => (info(id) >>> 24) & 0x1f;

  const string = (offset: number): string => {
    const end = strings.indexOf(0, offset);
    if (offset >= strings.length || end === -1) throw damaged(`no string at ${offset}`);
    return strings.toString('utf8', offset, end);
  };
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
    const found = places.flatMap((offset) => chains(offset));
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

/** The first string is the empty one, so that each other string follows a NUL. */
function placesOf(strings: Buffer, text: string): readonly number[] {
  if (text.includes('\0')) return [];
  const whole = Buffer.from(`\0${text}\0`);
  const found: number[] = [];
  for (let at = strings.indexOf(whole); at !== -1; at = strings.indexOf(whole, at + 1))
    found.push(at + 1);
  return found;
}

/** Index of each type's first word, by id; void has none. */
function typeStarts(words: Uint32Array): Uint32Array {
  // A type has three words at least.
  const starts = new Uint32Array(1 + Math.floor(words.length / 3));
  let count = 1;
  let at = 0;
  while (at < words.length) {
    starts[count] = at;
    count += 1;
    at += 3 + extraWords(words[at + 1] ?? 0);
  }
  if (at !== words.length) throw damaged('a type is cut off');
  return starts.subarray(0, count);
}

/** Words behind the three common ones. */
export function extraWords(info: number): number {
  const length = info & 0xffff;
  switch ((info >>> 24) & 0x1f) {
    case BTF_KIND.int:
    case BTF_KIND.variable:
    case BTF_KIND.declTag:
      return 1;
    case BTF_KIND.array:
      return 3;
    case BTF_KIND.struct:
    case BTF_KIND.union:
    case BTF_KIND.section:
    case BTF_KIND.enum64:
      return 3 * length;
    case BTF_KIND.enum:
    case BTF_KIND.prototype:
      return 2 * length;
    case BTF_KIND.pointer:
    case BTF_KIND.forward:
    case BTF_KIND.typedef:
    case BTF_KIND.volatile:
    case BTF_KIND.const:
    case BTF_KIND.restrict:
    case BTF_KIND.function:
    case BTF_KIND.float:
    case BTF_KIND.typeTag:
      return 0;
    default:
      throw damaged(`kind ${(info >>> 24) & 0x1f} is not known`);
  }
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
