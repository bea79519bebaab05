/** From entries of the debug information to the types of scripts. */
import type { Member } from '../kernel/types.ts';
import { alignOfStruct } from '../types/layout.ts';
import {
  type ArrayType,
  BOOL,
  type EnumType,
  type IntSize,
  int,
  type StructType,
  type Type,
  VOID,
} from '../types/type.ts';
import { AT, ENCODING, TAG } from './constants.ts';
import { Cursor, DwarfError } from './cursor.ts';
import type { Entries, Entry } from './entries.ts';

/** The number of a type of one program. Units that describe the same type each for itself give the same key. */
export type Numbering = (offset: number, key: string | undefined) => number;

/** More than any C compiler nests: what goes on is a circle. */
const DEEPEST = 64;

const POINTER = 8;

export function isModifier(tag: number): boolean {
  return MODIFIERS.has(tag);
}

const MODIFIERS: ReadonlySet<number> = new Set([
  ...[TAG.typedef, TAG.constType, TAG.volatileType, TAG.restrictType, TAG.atomicType],
]);

/** The entry of an attribute's type behind typedefs and qualifiers; undefined for void, and in files that are not found. */
export function typeEntry(entries: Entries, entry: Entry): Entry | undefined {
  let current = entry;
  for (let depth = 0; depth < DEEPEST; depth += 1) {
    const offset = entries.reference(current, AT.type);
    if (offset === undefined) return undefined;
    current = definition(entries, entries.at(offset));
    if (!isModifier(current.tag)) return current;
  }
  throw new DwarfError('a type refers to itself');
}

/** Of a type that is described in a unit of its own (-fdebug-types-section). */
function definition(entries: Entries, entry: Entry): Entry {
  const offset = entries.reference(entry, AT.signature);
  return offset === undefined ? entry : entries.at(offset);
}

/** The type that an entry with DW_AT_type has. Pointers lead to user memory. */
export function typeOf(entries: Entries, entry: Entry, number: Numbering, depth = 0): Type {
  if (depth > DEEPEST) throw new DwarfError('a type refers to itself');
  const found = typeEntry(entries, entry);
  return found ? describe(entries, found, number, depth) : VOID;
}

/** The type that an entry itself is. */
export function describe(entries: Entries, entry: Entry, number: Numbering, depth = 0): Type {
  switch (entry.tag) {
    case TAG.baseType:
      return baseType(entries, entry);
    case TAG.pointerType: {
      const to = typeOf(entries, entry, number, depth + 1);
      return { kind: 'pointer', to, space: 'user' };
    }
    case TAG.arrayType:
      return arrayType(entries, entry, number, depth);
    case TAG.structureType:
    case TAG.unionType:
      return structType(entries, entry, number);
    case TAG.enumerationType:
      return enumType(entries, entry, number);
    default:
      if (isModifier(entry.tag)) return typeOf(entries, entry, number, depth + 1);
      // Functions behind pointers.
      return VOID;
  }
}

export function structType(entries: Entries, entry: Entry, number: Numbering): StructType {
  let align: number | undefined;
  return {
    kind: 'struct',
    aggregate: entry.tag === TAG.unionType ? 'union' : 'struct',
    name: entries.text(entry, AT.name) ?? '',
    size: entries.number(entry, AT.byteSize) ?? 0,
    get align() {
      align ??= stableAlign(entries, entry);
      return align;
    },
    id: number(entry.offset, keyOf(entries, entry)),
  };
}

/** Where damage is, members cannot be read either: what is left of them stands side by side. */
function stableAlign(entries: Entries, struct: Entry): number {
  try {
    return alignOfEntry(entries, struct);
  } catch (error) {
    if (error instanceof DwarfError) return 1;
    throw error;
  }
}

/** Of a type as an entry describes it; `known` has the structs that were seen, by their places. */
function alignOfEntry(
  entries: Entries,
  entry: Entry | undefined,
  known: Map<number, number> = new Map(),
  depth = 0,
): number {
  if (depth > DEEPEST) return 1;
  const stated = entry && entries.number(entry, AT.alignment);
  if (stated !== undefined && stated > 0) return stated;
  switch (entry?.tag) {
    case TAG.baseType:
    case TAG.enumerationType:
      return Math.max(1, entries.number(entry, AT.byteSize) ?? 1);
    case TAG.pointerType:
      return POINTER;
    case TAG.arrayType:
      return alignOfEntry(entries, typeEntry(entries, entry), known, depth + 1);
    case TAG.structureType:
    case TAG.unionType: {
      const found = known.get(entry.offset);
      if (found !== undefined) return found;
      known.set(entry.offset, 1);
      const members = [...entries.children(entry)]
        .filter(({ tag }) => tag === TAG.member)
        .map((member) => ({
          ...position(entries, member),
          align: alignOfEntry(entries, typeEntry(entries, member), known, depth + 1),
        }));
      const align = alignOfStruct(entries.number(entry, AT.byteSize) ?? 0, members);
      known.set(entry.offset, align);
      return align;
    }
    default:
      return 1;
  }
}

/** Its name is not enough: files of C may have types of one name each. */
function keyOf(entries: Entries, entry: Entry): string | undefined {
  const name = entries.text(entry, AT.name);
  if (name === undefined) return undefined;
  const size = entries.number(entry, AT.byteSize) ?? 0;
  // Of a declaration all that matters is what it declares.
  const line = entry.attributes.has(AT.declaration) ? 0 : entries.number(entry, AT.declLine);
  return `${entry.tag} ${name} ${size} ${line}`;
}

function enumType(entries: Entries, entry: Entry, number: Numbering): EnumType {
  const size = entries.number(entry, AT.byteSize) ?? 4;
  return {
    kind: 'enum',
    name: entries.text(entry, AT.name) ?? '',
    size: isIntSize(size) ? size : 4,
    signed: isSigned(entries, entry),
    id: number(entry.offset, keyOf(entries, entry)),
  };
}

function isSigned(entries: Entries, entry: Entry): boolean {
  const base = typeEntry(entries, entry);
  if (base?.tag === TAG.baseType) return entries.number(base, AT.encoding) === ENCODING.signed;
  return enumerators(entries, entry).some(([, value]) => value < 0n);
}

/** [name, value] pairs. */
export function enumerators(
  entries: Entries,
  entry: Entry,
): readonly (readonly [string, bigint])[] {
  return [...entries.children(entry)]
    .filter(({ tag }) => tag === TAG.enumerator)
    .map((child) => [
      entries.text(child, AT.name) ?? '',
      entries.constant(child, AT.constValue) ?? 0n,
    ]);
}

const FLOATS: ReadonlySet<number> = new Set([
  ...[ENCODING.float, ENCODING.complexFloat, ENCODING.imaginaryFloat, ENCODING.decimalFloat],
]);

export function isFloat(entries: Entries, entry: Entry): boolean {
  return entry.tag === TAG.baseType && FLOATS.has(entries.number(entry, AT.encoding) ?? 0);
}

function baseType(entries: Entries, entry: Entry): Type {
  const size = entries.number(entry, AT.byteSize) ?? 0;
  const encoding = entries.number(entry, AT.encoding) ?? 0;
  if (encoding === ENCODING.boolean && size === 1) return BOOL;
  if (!isIntSize(size) || isFloat(entries, entry)) return bytes(size);
  return int(size, encoding === ENCODING.signed || encoding === ENCODING.signedChar);
}

/** What scripts have no type for: floating-point numbers, integers of 128 bits. */
function bytes(size: number): ArrayType {
  return { kind: 'array', element: int(1, false), count: size };
}

function isIntSize(size: number): size is IntSize {
  return size === 1 || size === 2 || size === 4 || size === 8;
}

/** `char[N]` is a string, as in all structs of C. The last of several dimensions is the innermost. */
function arrayType(entries: Entries, entry: Entry, number: Numbering, depth: number): Type {
  const counts = dimensions(entries, entry);
  const [last = 0] = counts.slice(-1);
  const element = typeEntry(entries, entry);
  const innermost: Type =
    last > 0 && element && isChar(entries, element)
      ? { kind: 'string', size: last }
      : { kind: 'array', element: typeOf(entries, entry, number, depth + 1), count: last };
  return counts
    .slice(0, -1)
    .reduceRight<Type>((inner, count) => ({ kind: 'array', element: inner, count }), innermost);
}

/** 0 for those of no known size. */
export function dimensions(entries: Entries, entry: Entry): readonly number[] {
  return [...entries.children(entry)]
    .filter(({ tag }) => tag === TAG.subrangeType)
    .map((range) => {
      const count = entries.number(range, AT.count);
      if (count !== undefined) return count;
      const bound = entries.constant(range, AT.upperBound);
      // `char x[0]` has -1 as its last index, or all bits of a 32-bit number.
      return bound === undefined || bound < 0n || bound > 0xffff_fffen ? 0 : Number(bound) + 1;
    });
}

function isChar(entries: Entries, entry: Entry): boolean {
  return entry.tag === TAG.baseType && entries.text(entry, AT.name) === 'char';
}

/** The members of a struct or union, those of anonymous ones inside as its own. */
export function* members(
  entries: Entries,
  struct: Entry,
  number: Numbering,
  base = 0,
  path: readonly number[] = [],
): Generator<Member> {
  if (path.length > DEEPEST) throw new DwarfError('a struct contains itself');
  let index = 0;
  for (const entry of entries.children(struct)) {
    if (entry.tag !== TAG.member) continue;
    const indexes = [...path, index];
    index += 1;
    const name = entries.text(entry, AT.name) ?? '';
    const { bitOffset, bitSize } = position(entries, entry);
    if (name !== '') {
      const type = typeOf(entries, entry, number);
      yield { name, type, bitOffset: base + bitOffset, bitSize, indexes, tag: undefined };
      continue;
    }
    const inner = typeEntry(entries, entry);
    if (inner?.tag === TAG.structureType || inner?.tag === TAG.unionType)
      yield* members(entries, inner, number, base + bitOffset, indexes);
  }
}

/** Of a member: from the start of its struct. `bitSize` is 0 unless it is a bitfield. */
export function position(
  entries: Entries,
  member: Entry,
): { readonly bitOffset: number; readonly bitSize: number } {
  const bitSize = entries.number(member, AT.bitSize) ?? 0;
  const bits = entries.number(member, AT.dataBitOffset);
  if (bits !== undefined) return { bitOffset: bits, bitSize };
  const start = 8 * byteOffset(entries, member);
  const fromTop = entries.number(member, AT.bitOffset);
  if (fromTop === undefined) return { bitOffset: start, bitSize };
  // Before DWARF 4: counted from the highest bit of the integer that holds it.
  const type = typeEntry(entries, member);
  const size =
    entries.number(member, AT.byteSize) ?? (type && entries.number(type, AT.byteSize)) ?? 0;
  return { bitOffset: start + 8 * size - fromTop - bitSize, bitSize };
}

const DW_OP_PLUS_UCONST = 0x23;

function byteOffset(entries: Entries, member: Entry): number {
  const plain = entries.number(member, AT.dataMemberLocation);
  const location = member.attributes.get(AT.dataMemberLocation);
  if (plain !== undefined || !location) return plain ?? 0;
  // DWARF 2 has an expression.
  const cursor = new Cursor(entries.info, location.value);
  if (cursor.u8() !== DW_OP_PLUS_UCONST) throw new DwarfError('a member is at no constant offset');
  return cursor.uleb();
}
