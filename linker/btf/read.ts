/**
 * Reading BTF, for compiler and linker alike: types by their ids, decoded where they stand when they are asked for.
 * The kernel's BTF has more than 100,000 types, of which a script needs a handful.
 */
import { BTF_KIND, damaged } from './btf.ts';
import { type BtfTable, openTable } from './table.ts';

export interface BtfType {
  readonly id: number;
  readonly kind: number;
  readonly name: string;
  /** Bytes, of types that have a size; else the id of the type it refers to. */
  readonly sizeOrType: number;
  readonly entries: number;
  /** Of an enum, whether it has negative values: see isSignedEnum. */
  readonly kindFlag: boolean;
}

export interface BtfMember {
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  /** 0 unless it is a bitfield of the newer notation, by the kind flag. */
  readonly bitSize: number;
}

export interface Btf extends BtfTable {
  type(id: number): BtfType;
  /** Follows typedefs, const, volatile, restrict and type tags. */
  skipModifiers(id: number): number;
  /** The type behind modifiers. */
  resolve(id: number): BtfType;
  members(id: number): readonly BtfMember[];
  array(id: number): { readonly element: number; readonly count: number };
  /** `bits` and their beginning `at` differ from the whole only in bitfields of the older notation. */
  int(id: number): { readonly encoding: number; readonly bits: number; readonly at: number };
  variables(
    id: number,
  ): readonly { readonly variable: number; readonly offset: number; readonly size: number }[];
  /**
   * Whether an enum has negative values, as its flag says. clang before 15 and pahole before 1.24 never set it: where no enum
   * stands before this one that has it, one with a value of -4095 to -1 (what the kernel takes for an error) counts as
   * signed. In Linux 6.1 to 7.2 that is so of 40 and not of four (-1 as "all" or "none", which no member of a struct
   * holds); other values with the highest bit are masks, numbers of inodes and bits of hashes more often than not.
   * Types that are joined behind these change nothing of it.
   */
  isSignedEnum(id: number): boolean;
  enumerators(id: number): readonly (readonly [string, bigint])[];
  parameters(id: number): readonly { readonly name: string; readonly type: number }[];
  linkage(id: number): number;
  /** Size of a value in bytes. */
  sizeOf(id: number): number;
  /** The first typedef that names this very type. */
  typedefOf(id: number): string | undefined;
}

const VOID: BtfType = { id: 0, kind: 0, name: '', sizeOrType: 0, entries: 0, kindFlag: false };
/** -MAX_ERRNO (include/linux/err.h) in 32 bits. */
const LEAST_ERROR = 2 ** 32 - 4095;
/** Chains of modifiers, arrays and typedefs in real BTF are a few types long. */
const DEPTH_LIMIT = 64;

/** Throws BtfError when the bytes are not BTF, or later when a type is not there or refers to itself. */
export function readBtf(bytes: Uint8Array): Btf {
  const table = openTable(bytes);
  const { kind, length, flag, sizeOrType, word, string } = table;
  const entries = <Entry>(id: number, entry: (index: number) => Entry): readonly Entry[] =>
    Array.from({ length: length(id) }, (_, index) => entry(index));

  const type = (id: number): BtfType =>
    id === 0
      ? VOID
      : {
          id,
          kind: kind(id),
          name: table.name(id),
          sizeOrType: sizeOrType(id),
          entries: length(id),
          kindFlag: isEnum(id) ? isSignedEnum(id) : flag(id),
        };
  const skipModifiers = (id: number): number => {
    let current = id;
    for (let depth = 0; isModifier(kind(current)); depth += 1) {
      if (depth === DEPTH_LIMIT) throw damaged(`type ${id} refers to itself`);
      current = sizeOrType(current);
    }
    return current;
  };
  const isEnum = (id: number) => kind(id) === BTF_KIND.enum || kind(id) === BTF_KIND.enum64;
  let firstSigned: number | undefined;
  const isSignedEnum = (id: number): boolean => {
    if (flag(id)) return true;
    if (kind(id) !== BTF_KIND.enum) return false;
    let mayBe = false;
    for (let index = 0; index < length(id) && !mayBe; index += 1)
      mayBe = word(id, 2 * index + 1) >= LEAST_ERROR;
    if (!mayBe) return false;
    firstSigned ??= table.ofKind(BTF_KIND.enum, BTF_KIND.enum64).find(flag) ?? table.count;
    return id < firstSigned;
  };
  const array = (id: number) => ({ element: word(id, 0), count: word(id, 2) });

  return {
    ...table,
    type,
    skipModifiers,
    resolve: (id) => type(skipModifiers(id)),
    members(id) {
      const hasBitfields = flag(id);
      return entries(id, (index) => {
        const place = word(id, 3 * index + 2);
        return {
          name: string(word(id, 3 * index)),
          type: word(id, 3 * index + 1),
          bitOffset: hasBitfields ? place & 0xffffff : place,
          bitSize: hasBitfields ? place >>> 24 : 0,
        };
      });
    },
    array,
    int(id) {
      const description = word(id, 0);
      return {
        encoding: (description >>> 24) & 15,
        bits: description & 0xff,
        at: (description >>> 16) & 0xff,
      };
    },
    variables: (id) =>
      entries(id, (index) => ({
        variable: word(id, 3 * index),
        offset: word(id, 3 * index + 1),
        size: word(id, 3 * index + 2),
      })),
    isSignedEnum,
    enumerators(id) {
      const wide = kind(id) === BTF_KIND.enum64;
      const signed = isSignedEnum(id);
      const stride = wide ? 3 : 2;
      return entries(id, (index) => {
        const low = BigInt(word(id, stride * index + 1));
        const value = wide ? (BigInt(word(id, stride * index + 2)) << 32n) | low : low;
        return [
          string(word(id, stride * index)),
          signed ? BigInt.asIntN(wide ? 64 : 32, value) : value,
        ] as const;
      });
    },
    parameters: (id) =>
      entries(id, (index) => ({
        name: string(word(id, 2 * index)),
        type: word(id, 2 * index + 1),
      })),
    linkage: (id) => (kind(id) === BTF_KIND.variable ? word(id, 0) : length(id)),
    sizeOf(id) {
      let count = 1;
      let current = skipModifiers(id);
      for (let depth = 0; kind(current) === BTF_KIND.array; depth += 1) {
        if (depth === DEPTH_LIMIT) throw damaged(`type ${id} refers to itself`);
        count *= array(current).count;
        current = skipModifiers(array(current).element);
      }
      if (current === 0) return 0;
      return count * (kind(current) === BTF_KIND.pointer ? 8 : sizeOrType(current));
    },
    typedefOf(id) {
      const found = table.ofKind(BTF_KIND.typedef).find((typedef) => sizeOrType(typedef) === id);
      return found === undefined ? undefined : table.name(found);
    },
  };
}

/** Of a member, in either notation of bitfields: its first bit, from its `bitOffset`, and bits; 0 for no bitfield. */
export function bitfieldOf(
  btf: Btf,
  { type, bitOffset, bitSize }: BtfMember,
): { readonly at: number; readonly bits: number } {
  const id = btf.skipModifiers(type);
  if (bitSize > 0) return { at: 0, bits: bitSize };
  const whole = { at: 0, bits: 0 };
  if (btf.kind(id) !== BTF_KIND.int) return atBytes(bitOffset, whole);
  const { bits, at } = btf.int(id);
  const all = btf.sizeOrType(id) * 8;
  if (at + bits > all) throw damaged(`type ${id} has more bits than its ${all / 8} bytes`);
  return bits === all ? atBytes(bitOffset, whole) : { at, bits };
}

/** What is no bitfield begins with a byte. */
function atBytes<Whole>(bitOffset: number, whole: Whole): Whole {
  if (bitOffset % 8 === 0) return whole;
  throw damaged(`a member begins at bit ${bitOffset}, and is no bitfield`);
}

function isModifier(kind: number): boolean {
  return (
    kind === BTF_KIND.typedef ||
    kind === BTF_KIND.const ||
    kind === BTF_KIND.volatile ||
    kind === BTF_KIND.restrict ||
    kind === BTF_KIND.typeTag
  );
}
