/**
 * Reads BTF where it stands: a table of the types' places is made once, and a type is decoded when it is
 * asked for. The kernel's BTF has more than 100,000 types, of which a script needs a handful.
 */
import { stringAt } from '../elf/read.ts';
import { viewOf } from '../elf/elf.ts';
import { BTF_HEADER_SIZE, BTF_MAGIC, BtfError, KIND, tailSize } from './btf.ts';

export interface BtfType {
  readonly id: number;
  readonly kind: number;
  readonly name: string;
  /** Bytes, of types that have a size; else the id of the type it refers to. */
  readonly sizeOrType: number;
  readonly entries: number;
  readonly kindFlag: boolean;
}

export interface BtfMember {
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  readonly bitSize: number;
}

export interface Btf {
  /** Ids are 0 (void) to count - 1. */
  readonly count: number;
  type(id: number): BtfType;
  members(type: BtfType): readonly BtfMember[];
  array(type: BtfType): { readonly element: number; readonly count: number };
  int(type: BtfType): { readonly encoding: number; readonly bits: number };
  variables(
    type: BtfType,
  ): readonly { readonly variable: number; readonly offset: number; readonly size: number }[];
  enumerators(type: BtfType): readonly (readonly [string, bigint])[];
  parameters(type: BtfType): readonly { readonly name: string; readonly type: number }[];
  linkage(type: BtfType): number;
  string(offset: number): string;
  /** Follows typedefs, const, volatile, restrict and type tags. */
  resolve(id: number): BtfType;
  /** Size of a value in bytes. */
  sizeOf(id: number): number;
  /** The first typedef that names this very type. */
  typedefOf(id: number): string | undefined;
}

const HEAD = 12;
const VOID: BtfType = { id: 0, kind: 0, name: '', sizeOrType: 0, entries: 0, kindFlag: false };
/** Chains of modifiers, arrays and typedefs in real BTF are a few types long. */
const DEPTH_LIMIT = 64;

/** Throws BtfError when the bytes are not BTF, or (later) when a type refers to what is not there. */
export function readBtf(bytes: Uint8Array): Btf {
  if (bytes.length < BTF_HEADER_SIZE) throw new BtfError('BTF is too short');
  const view = viewOf(bytes);
  if (view.getUint16(0, true) !== BTF_MAGIC) throw new BtfError('not little-endian BTF');
  const header = view.getUint32(4, true);
  const typesAt = header + view.getUint32(8, true);
  const typesEnd = typesAt + view.getUint32(12, true);
  const stringsAt = header + view.getUint32(16, true);
  const stringsEnd = stringsAt + view.getUint32(20, true);
  if (typesEnd > bytes.length || stringsEnd > bytes.length)
    throw new BtfError('BTF reaches beyond its end');
  const strings = bytes.subarray(stringsAt, stringsEnd);
  const places = placesOf(view, typesAt, typesEnd);

  const word = (type: BtfType, index: number): number =>
    view.getUint32((places[type.id - 1] ?? 0) + HEAD + 4 * index, true);
  const string = (offset: number): string => stringAt(strings, offset);

  const btf: Btf = {
    count: places.length + 1,
    type(id) {
      if (id === 0) return VOID;
      const at = places[id - 1];
      if (at === undefined) throw new BtfError(`BTF has no type ${id}`);
      const info = view.getUint32(at + 4, true);
      return {
        id,
        kind: (info >>> 24) & 31,
        name: string(view.getUint32(at, true)),
        sizeOrType: view.getUint32(at + 8, true),
        entries: info & 0xffff,
        kindFlag: info >>> 31 === 1,
      };
    },
    members: (type) =>
      range(type.entries).map((index) => {
        const offset = word(type, 3 * index + 2);
        const member = { name: string(word(type, 3 * index)), type: word(type, 3 * index + 1) };
        return type.kindFlag
          ? { ...member, bitOffset: offset & 0xffffff, bitSize: offset >>> 24 }
          : { ...member, bitOffset: offset, bitSize: 0 };
      }),
    array: (type) => ({ element: word(type, 0), count: word(type, 2) }),
    int: (type) => ({ encoding: (word(type, 0) >>> 24) & 15, bits: word(type, 0) & 0xff }),
    variables: (type) =>
      range(type.entries).map((index) => ({
        variable: word(type, 3 * index),
        offset: word(type, 3 * index + 1),
        size: word(type, 3 * index + 2),
      })),
    enumerators: (type) => {
      const wide = type.kind === KIND.enum64;
      const stride = wide ? 3 : 2;
      return range(type.entries).map((index) => {
        const low = BigInt(word(type, stride * index + 1));
        const value = wide ? (BigInt(word(type, stride * index + 2)) << 32n) | low : low;
        const bits = wide ? 64 : 32;
        return [
          string(word(type, stride * index)),
          type.kindFlag ? BigInt.asIntN(bits, value) : value,
        ] as const;
      });
    },
    parameters: (type) =>
      range(type.entries).map((index) => ({
        name: string(word(type, 2 * index)),
        type: word(type, 2 * index + 1),
      })),
    linkage: (type) => (type.kind === KIND.variable ? word(type, 0) : type.entries),
    string,
    resolve(id) {
      let type = btf.type(id);
      for (let depth = 0; isModifier(type.kind); depth += 1) {
        if (depth === DEPTH_LIMIT) throw new BtfError(`BTF type ${id} refers to itself`);
        type = btf.type(type.sizeOrType);
      }
      return type;
    },
    sizeOf(id) {
      let count = 1;
      let type = btf.resolve(id);
      for (let depth = 0; type.kind === KIND.array; depth += 1) {
        if (depth === DEPTH_LIMIT) throw new BtfError(`BTF type ${id} refers to itself`);
        const array = btf.array(type);
        count *= array.count;
        type = btf.resolve(array.element);
      }
      return count * (type.kind === KIND.pointer ? 8 : type.sizeOrType);
    },
    typedefOf(id) {
      for (const at of places) {
        const kind = (view.getUint32(at + 4, true) >>> 24) & 31;
        if (kind === KIND.typedef && view.getUint32(at + 8, true) === id)
          return string(view.getUint32(at, true));
      }
      return undefined;
    },
  };
  return btf;
}

/** Where each type begins, without void. */
function placesOf(view: DataView, start: number, end: number): readonly number[] {
  const places: number[] = [];
  let at = start;
  while (at + HEAD <= end) {
    const info = view.getUint32(at + 4, true);
    const tail = tailSize((info >>> 24) & 31, info & 0xffff);
    if (tail === undefined)
      throw new BtfError(
        `BTF type ${places.length + 1} has an unknown kind (${(info >>> 24) & 31})`,
      );
    places.push(at);
    at += HEAD + tail;
  }
  if (at !== end) throw new BtfError('BTF ends within a type');
  return places;
}

function isModifier(kind: number): boolean {
  return (
    kind === KIND.typedef ||
    kind === KIND.const ||
    kind === KIND.volatile ||
    kind === KIND.restrict ||
    kind === KIND.typeTag
  );
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
