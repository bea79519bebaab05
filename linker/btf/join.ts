/**
 * BTF behind other BTF, as one: that of a module behind the kernel's, that of another kernel behind both. Ids and
 * strings that are there keep their numbers, so that what is known of them stays true.
 */
import { BTF_HEADER_SIZE, BTF_KIND, BTF_MAGIC, BTF_VERSION } from './btf.ts';
import { type Btf, readBtf } from './read.ts';
import { extraWords, sectionsOf } from './table.ts';

/** Where the BTF of one kernel stands in a whole: what its modules refer to. */
export interface BtfPlace {
  /** What is added to its ids and to its offsets of strings, but not to 0. */
  readonly ids: number;
  readonly texts: number;
  /** Its number of types with void, and bytes of strings: those of a module go on from there. */
  readonly count: number;
  readonly textSize: number;
}

/** The place of BTF that stands alone. */
export function placeOf(btf: Uint8Array): BtfPlace {
  const { words, strings } = sectionsOf(btf);
  return { ids: 0, texts: 0, count: countOf(words), textSize: strings.length };
}

/**
 * The BTF of another kernel behind the whole. Its pointers lead to the types that the whole has of the name, so that
 * a struct is one and the same wherever it is reached. Throws BtfError.
 */
export function joinKernel(
  whole: Uint8Array,
  part: Uint8Array,
): { readonly bytes: Uint8Array; readonly place: BtfPlace } {
  const { words, strings } = sectionsOf(whole);
  const alone = placeOf(part);
  const place = { ...alone, ids: countOf(words) - 1, texts: strings.length };
  const shared = sharedTypes(readBtf(whole), readBtf(part));
  const moved = (id: number): number => (id === 0 ? 0 : id + place.ids);
  const bytes = append(whole, part, {
    id: moved,
    pointee: (id) => shared.get(id) ?? moved(id),
    text: (offset) => (offset === 0 ? 0 : offset + place.texts),
  });
  return { bytes, place };
}

/** The BTF of a module behind the whole, in which its kernel stands at a place. Throws BtfError. */
export function joinModule(whole: Uint8Array, part: Uint8Array, kernel: BtfPlace): Uint8Array {
  const { words, strings } = sectionsOf(whole);
  const first = countOf(words);
  const id = (old: number): number => {
    if (old === 0) return 0;
    return old < kernel.count ? old + kernel.ids : old - kernel.count + first;
  };
  return append(whole, part, {
    id,
    pointee: id,
    text: (offset) => {
      if (offset === 0) return 0;
      return offset < kernel.textSize
        ? offset + kernel.texts
        : offset - kernel.textSize + strings.length;
    },
  });
}

const NAMED: readonly number[] = [
  ...[BTF_KIND.struct, BTF_KIND.union, BTF_KIND.enum, BTF_KIND.enum64],
];

/** The ids of structs, unions and enums of one BTF in another that has them too; the first of each name. */
function sharedTypes(known: Btf, other: Btf): ReadonlyMap<number, number> {
  const first = new Map<string, number>();
  const keyOf = (btf: Btf, id: number) => `${btf.kind(id)} ${btf.name(id)}`;
  for (const id of known.ofKind(...NAMED)) {
    const key = keyOf(known, id);
    if (!first.has(key)) first.set(key, id);
  }
  const shared = new Map<number, number>();
  for (const id of other.ofKind(...NAMED)) {
    const same = other.name(id) === '' ? undefined : first.get(keyOf(other, id));
    if (same !== undefined) shared.set(id, same);
  }
  return shared;
}

interface Moves {
  id(old: number): number;
  /** Of what a pointer leads to, and of what stands between. */
  pointee(old: number): number;
  text(offset: number): number;
}

function append(whole: Uint8Array, part: Uint8Array, moves: Moves): Uint8Array {
  const below = sectionsOf(whole);
  const above = sectionsOf(part);
  const words = new Uint32Array(below.words.length + above.words.length);
  words.set(below.words);
  words.set(above.words, below.words.length);
  move(words, below.words.length, moves);
  const header = Buffer.alloc(BTF_HEADER_SIZE);
  header.writeUInt16LE(BTF_MAGIC, 0);
  header.writeUInt8(BTF_VERSION, 2);
  header.writeUInt32LE(BTF_HEADER_SIZE, 4);
  header.writeUInt32LE(words.byteLength, 12);
  header.writeUInt32LE(words.byteLength, 16);
  header.writeUInt32LE(below.strings.length + above.strings.length, 20);
  return Buffer.concat([header, new Uint8Array(words.buffer), below.strings, above.strings]);
}

/** Gives the types from a word on other ids and names. */
function move(words: Uint32Array, from: number, { id, pointee, text }: Moves): void {
  const set = (at: number, change: (old: number) => number): void => {
    words[at] = change(words[at] ?? 0);
  };
  for (let at = from; at < words.length; ) {
    const info = words[at + 1] ?? 0;
    const kind = (info >>> 24) & 0x1f;
    const length = info & 0xffff;
    set(at, text);
    const entries = (stride: number, change: (entry: number) => void): void => {
      for (let index = 0; index < length; index += 1) change(at + 3 + stride * index);
    };
    const member = (entry: number): void => {
      set(entry, text);
      set(entry + 1, id);
    };
    switch (kind) {
      case BTF_KIND.pointer:
      case BTF_KIND.const:
      case BTF_KIND.volatile:
      case BTF_KIND.restrict:
      case BTF_KIND.typeTag:
        set(at + 2, pointee);
        break;
      case BTF_KIND.typedef:
      case BTF_KIND.function:
      case BTF_KIND.variable:
      case BTF_KIND.declTag:
        set(at + 2, id);
        break;
      case BTF_KIND.array:
        set(at + 3, id);
        set(at + 4, id);
        break;
      case BTF_KIND.struct:
      case BTF_KIND.union:
        entries(3, member);
        break;
      case BTF_KIND.enum:
        entries(2, (entry) => set(entry, text));
        break;
      case BTF_KIND.enum64:
        entries(3, (entry) => set(entry, text));
        break;
      case BTF_KIND.prototype:
        set(at + 2, id);
        entries(2, member);
        break;
      case BTF_KIND.section:
        entries(3, (entry) => set(entry, id));
        break;
      default:
        break;
    }
    at += 3 + extraWords(info);
  }
}

function countOf(words: Uint32Array): number {
  let count = 1;
  for (let at = 0; at < words.length; count += 1) at += 3 + extraWords(words[at + 1] ?? 0);
  return count;
}
