/** Entries of .debug_info: tags with attributes, in a tree. They are read where somebody looks. */
import { AT, FORM } from './constants.ts';
import { Cursor, DwarfError } from './cursor.ts';
import type { DebugSections } from './sections.ts';
import { type CompilationUnit, type DebugPart, readUnits } from './units.ts';

interface Attribute {
  readonly form: number;
  /** A number, or where in .debug_info the value begins (strings, blocks, and integers of 64 bits). */
  readonly value: number;
}

export interface Entry {
  readonly unit: CompilationUnit;
  readonly offset: number;
  readonly tag: number;
  readonly attributes: ReadonlyMap<number, Attribute>;
  readonly hasChildren: boolean;
  /** Behind its attributes: its first child, or what follows. */
  readonly behind: number;
}

export interface Entries {
  readonly units: readonly CompilationUnit[];
  /** .debug_info of all parts: offsets of entries are places in it. */
  readonly info: Uint8Array;
  readonly parts: readonly DebugPart[];
  root(unit: CompilationUnit): Entry | undefined;
  /** The entry at an offset in .debug_info. */
  at(offset: number): Entry;
  children(entry: Entry): Iterable<Entry>;
  text(entry: Entry, attribute: number): string | undefined;
  /** An unsigned number below 2^53; undefined for blocks too. */
  number(entry: Entry, attribute: number): number | undefined;
  /** A constant with its sign, as far as its form tells. */
  constant(entry: Entry, attribute: number): bigint | undefined;
  /** An address, also where it stands in .debug_addr. */
  address(entry: Entry, attribute: number): number | undefined;
  /** Where the entry stands that an attribute refers to; undefined where it is in another file. */
  reference(entry: Entry, attribute: number): number | undefined;
}

/** The name of a .dwo file, the folder that it is relative to, and the number that it has to have. */
export interface SplitName {
  readonly name: string;
  readonly folder: string;
  readonly id: bigint;
}

/** Where what a program's own debug information leaves out is found. */
export interface OtherFiles {
  /** Of dwz. */
  supplement(): DebugSections | undefined;
  split(name: SplitName): DebugSections | undefined;
}

export function createEntries(main: DebugSections, others: OtherFiles): Entries {
  const parts: DebugPart[] = [];
  let end = 0;
  const add = (sections: DebugSections, more: Partial<DebugPart> = {}): DebugPart => {
    const part: DebugPart = { sections, base: end, ...more };
    parts.push(part);
    end += sections.info.length;
    return part;
  };
  const supplement = others.supplement();
  // The program's own stands first, and leads to the other one.
  const shared =
    supplement && ({ sections: supplement, base: main.info.length } satisfies DebugPart);
  const own = add(main, shared ? { supplement: shared } : {});
  if (shared) {
    parts.push(shared);
    end += shared.sections.info.length;
  }
  const alone = entriesOf(parts, join(parts), parts.flatMap(readUnits));
  for (const unit of alone.units) {
    if (unit.part !== own) continue;
    const name = splitName(alone, unit);
    const sections = name && others.split(name);
    if (sections) add(sections, { skeleton: unit });
  }
  if (parts.length === (shared ? 2 : 1)) return alone;
  const split = parts.filter((part) => part.skeleton).flatMap(readUnits);
  return entriesOf(parts, join(parts), [...alone.units, ...split]);
}

function join(parts: readonly DebugPart[]): Uint8Array {
  const [first] = parts;
  if (first && parts.length === 1) return first.sections.info;
  return Buffer.concat(parts.map(({ sections }) => sections.info));
}

/** Of a unit whose entries are in another file. */
function splitName(entries: Entries, unit: CompilationUnit): SplitName | undefined {
  const root = entries.root(unit);
  if (!root) return undefined;
  const name = entries.text(root, AT.dwoName) ?? entries.text(root, AT.gnuDwoName);
  const id = unit.dwoId ?? entries.constant(root, AT.gnuDwoId);
  if (name === undefined || id === undefined) return undefined;
  return { name, folder: entries.text(root, AT.compDir) ?? '', id: BigInt.asUintN(64, id) };
}

function entriesOf(
  parts: readonly DebugPart[],
  info: Uint8Array,
  units: readonly CompilationUnit[],
): Entries {
  const bySignature = new Map(
    units.flatMap((unit) =>
      unit.signature === undefined ? [] : [[unit.signature, unit] as const],
    ),
  );

  const unitAt = (offset: number): CompilationUnit => {
    let low = 0;
    let high = units.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((units[middle]?.end ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    const unit = units[low];
    if (!unit || offset < unit.first) throw new DwarfError('a reference leads to no entry');
    return unit;
  };

  /** undefined at the end of siblings. */
  const read = (unit: CompilationUnit, offset: number): Entry | undefined => {
    if (offset >= unit.end) return undefined;
    const cursor = new Cursor(info, offset);
    const code = cursor.uleb();
    if (code === 0) return undefined;
    const abbreviation = unit.abbreviations.get(code);
    if (!abbreviation) throw new DwarfError('an entry has an unknown abbreviation');
    const attributes = new Map<number, Attribute>();
    const list = abbreviation.attributes;
    for (let index = 0; index < list.length; index += 3) {
      const attribute = readAttribute(cursor, unit, list[index + 1] ?? 0, list[index + 2] ?? 0);
      attributes.set(list[index] ?? 0, attribute);
    }
    const { tag, hasChildren } = abbreviation;
    return { unit, offset, tag, attributes, hasChildren, behind: cursor.at };
  };

  /** Where the siblings of an entry go on. */
  const skip = (entry: Entry): number => {
    if (!entry.hasChildren) return entry.behind;
    const sibling = reference(entry, AT.sibling);
    if (sibling !== undefined && sibling > entry.offset && sibling <= entry.unit.end)
      return sibling;
    let at = entry.behind;
    for (let depth = 1; depth > 0; ) {
      const next = read(entry.unit, at);
      if (!next) {
        if (at >= entry.unit.end) throw new DwarfError('a list of entries has no end');
        at += 1;
        depth -= 1;
        continue;
      }
      at = next.behind;
      if (next.hasChildren) depth += 1;
    }
    return at;
  };

  function* children(entry: Entry): Generator<Entry> {
    let at = entry.hasChildren ? entry.behind : entry.unit.end;
    for (;;) {
      const child = read(entry.unit, at);
      if (!child) return;
      yield child;
      at = skip(child);
    }
  }

  const baseOf = (unit: CompilationUnit, ...names: readonly number[]): number => {
    const root = read(unit, unit.first);
    return (
      names.map((name) => root?.attributes.get(name)?.value).find((base) => base !== undefined) ?? 0
    );
  };

  /** Where a unit's list of strings begins: what is split has it from the section's start on (7.26), DWARF 4 without a head. */
  const stringsOf = (unit: CompilationUnit): number => {
    if (!unit.part.skeleton) return baseOf(unit, AT.strOffsetsBase);
    if (unit.version < 5) return 0;
    return unit.offsetSize === 8 ? 16 : 8;
  };

  const text = (entry: Entry, name: number): string | undefined => {
    const attribute = entry.attributes.get(name);
    if (!attribute) return undefined;
    const { form, value } = attribute;
    const { offsetSize, part } = entry.unit;
    const { sections } = part;
    switch (form) {
      case FORM.string:
        return new Cursor(info, value).text();
      case FORM.strp:
        return new Cursor(sections.str, value).text();
      case FORM.lineStrp:
        return new Cursor(sections.lineStr, value).text();
      case FORM.strpSup:
      case FORM.gnuStrpAlt:
        return part.supplement && new Cursor(part.supplement.sections.str, value).text();
      case FORM.gnuStrIndex:
      case FORM.strx:
      case FORM.strx1:
      case FORM.strx2:
      case FORM.strx3:
      case FORM.strx4: {
        const at = stringsOf(entry.unit) + value * offsetSize;
        const offset = new Cursor(sections.strOffsets, at).unsigned(offsetSize);
        return new Cursor(sections.str, offset).text();
      }
      default:
        return undefined;
    }
  };

  const constant = (entry: Entry, name: number): bigint | undefined => {
    const attribute = entry.attributes.get(name);
    if (!attribute) return undefined;
    const cursor = new Cursor(info, attribute.value);
    switch (attribute.form) {
      case FORM.sdata:
        return cursor.slebExact();
      case FORM.udata:
        return cursor.ulebExact();
      case FORM.data8:
        return cursor.u64Exact();
      case FORM.data1:
      case FORM.data2:
      case FORM.data4:
      case FORM.implicitConst:
      case FORM.flag:
      case FORM.flagPresent:
      case FORM.secOffset:
        return BigInt(attribute.value);
      default:
        return undefined;
    }
  };

  const address = (entry: Entry, name: number): number | undefined => {
    const attribute = entry.attributes.get(name);
    if (!attribute) return undefined;
    const { form, value } = attribute;
    if (form === FORM.addr) return value;
    if (!ADDRESS_INDEXES.has(form)) return undefined;
    const unit = entry.unit.part.skeleton ?? entry.unit;
    const at = baseOf(unit, AT.addrBase, AT.gnuAddrBase) + value * unit.addressSize;
    return new Cursor(unit.part.sections.addr, at).unsigned(unit.addressSize);
  };

  const reference = (entry: Entry, name: number): number | undefined => {
    const attribute = entry.attributes.get(name);
    if (!attribute) return undefined;
    const { form, value } = attribute;
    const { part } = entry.unit;
    if (form === FORM.refAddr) return part.base + value;
    if (form === FORM.refSup4 || form === FORM.refSup8 || form === FORM.gnuRefAlt)
      return part.supplement && part.supplement.base + value;
    if (form === FORM.refSig8) {
      const unit = bySignature.get(new Cursor(info, value).u64Exact());
      if (!unit) return undefined;
      const typeOffset = new Cursor(info, unit.first - unit.offsetSize);
      return unit.offset + typeOffset.unsigned(unit.offsetSize);
    }
    return UNIT_REFERENCES.has(form) ? entry.unit.offset + value : undefined;
  };

  return {
    units,
    info,
    parts,
    root: (unit) => read(unit, unit.first),
    at(offset) {
      const entry = read(unitAt(offset), offset);
      if (!entry) throw new DwarfError('a reference leads to no entry');
      return entry;
    },
    children,
    text,
    number(entry, name) {
      const value = constant(entry, name);
      return value !== undefined && value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)
        ? Number(value)
        : undefined;
    },
    constant,
    address,
    reference,
  };
}

const UNIT_REFERENCES: ReadonlySet<number> = new Set([
  ...[FORM.ref1, FORM.ref2, FORM.ref4, FORM.ref8, FORM.refUdata],
]);
const ADDRESS_INDEXES: ReadonlySet<number> = new Set([
  ...[FORM.addrx, FORM.addrx1, FORM.addrx2, FORM.addrx3, FORM.addrx4, FORM.gnuAddrIndex],
]);

function readAttribute(
  cursor: Cursor,
  unit: CompilationUnit,
  form: number,
  implicit: number,
): Attribute {
  const { at } = cursor;
  const here = (): Attribute => ({ form, value: at });
  const block = (length: number): Attribute => {
    const start = cursor.at;
    cursor.skip(length);
    return { form, value: start };
  };
  switch (form) {
    case FORM.addr:
      return { form, value: cursor.unsigned(unit.addressSize) };
    case FORM.data1:
    case FORM.ref1:
    case FORM.flag:
    case FORM.strx1:
    case FORM.addrx1:
      return { form, value: cursor.u8() };
    case FORM.data2:
    case FORM.ref2:
    case FORM.strx2:
    case FORM.addrx2:
      return { form, value: cursor.u16() };
    case FORM.strx3:
    case FORM.addrx3:
      return { form, value: cursor.u24() };
    case FORM.data4:
    case FORM.ref4:
    case FORM.refSup4:
    case FORM.strx4:
    case FORM.addrx4:
      return { form, value: cursor.u32() };
    case FORM.ref8:
    case FORM.refSup8:
      return { form, value: cursor.u64() };
    case FORM.data8:
    case FORM.refSig8:
      cursor.skip(8);
      return here();
    case FORM.data16:
      cursor.skip(16);
      return here();
    case FORM.sdata:
    case FORM.udata:
      cursor.ulebExact();
      return here();
    case FORM.refUdata:
    case FORM.strx:
    case FORM.addrx:
    case FORM.loclistx:
    case FORM.rnglistx:
    case FORM.gnuAddrIndex:
    case FORM.gnuStrIndex:
      return { form, value: cursor.uleb() };
    case FORM.strp:
    case FORM.lineStrp:
    case FORM.secOffset:
    case FORM.strpSup:
    case FORM.gnuRefAlt:
    case FORM.gnuStrpAlt:
      return { form, value: cursor.unsigned(unit.offsetSize) };
    case FORM.refAddr:
      // As wide as an address in DWARF 2.
      return {
        form,
        value: cursor.unsigned(unit.version === 2 ? unit.addressSize : unit.offsetSize),
      };
    case FORM.string: {
      const end = cursor.bytes.indexOf(0, at);
      cursor.skip(end + 1 - at);
      return here();
    }
    case FORM.block1:
      return block(cursor.u8());
    case FORM.block2:
      return block(cursor.u16());
    case FORM.block4:
      return block(cursor.u32());
    case FORM.block:
    case FORM.exprloc:
      return block(cursor.uleb());
    case FORM.flagPresent:
      return { form, value: 1 };
    case FORM.implicitConst:
      return { form, value: implicit };
    case FORM.indirect:
      return readAttribute(cursor, unit, cursor.uleb(), 0);
    default:
      throw new DwarfError(`attributes of form 0x${form.toString(16)} are not known`);
  }
}
