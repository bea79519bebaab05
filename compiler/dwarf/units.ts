/** The units of .debug_info, and the abbreviations by which their entries are written. */
import { FORM, UNIT } from './constants.ts';
import { Cursor, DwarfError } from './cursor.ts';
import type { DebugSections } from './sections.ts';

export interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  /** [attribute, form, value of an implicit constant] three by three: flat, because entries are read by it. */
  readonly attributes: readonly number[];
}

export interface CompilationUnit {
  readonly offset: number;
  readonly end: number;
  readonly version: number;
  readonly kind: number;
  readonly addressSize: number;
  /** 4 or 8: of offsets into other sections. */
  readonly offsetSize: number;
  readonly abbreviations: ReadonlyMap<number, Abbreviation>;
  /** Of its root. */
  readonly first: number;
  /** Of a type unit. */
  readonly signature: bigint | undefined;
  /** What a skeleton and the unit in another file have in common (DWARF 5). */
  readonly dwoId: bigint | undefined;
  readonly part: DebugPart;
}

/** The debug information of one file, or of one unit in a package of them. */
export interface DebugPart {
  readonly sections: DebugSections;
  /** Where its .debug_info begins in what all parts have together. */
  readonly base: number;
  /** What several programs share (dwz): forms of their own lead there. */
  readonly supplement?: DebugPart;
  /** The unit that the program itself has of what stands in a .dwo file: it knows the addresses. */
  readonly skeleton?: CompilationUnit;
}

/** All units of a part, in order; places are in all parts together. Type units of .debug_types (DWARF 4) are not read. */
export function readUnits(part: DebugPart): readonly CompilationUnit[] {
  const { base, sections } = part;
  const { info } = sections;
  const units: CompilationUnit[] = [];
  const tables = new Map<number, ReadonlyMap<number, Abbreviation>>();
  const tableAt = (offset: number) => {
    const known = tables.get(offset);
    if (known) return known;
    const table = readAbbreviations(sections.abbrev, offset);
    tables.set(offset, table);
    return table;
  };
  let at = 0;
  while (at < info.length) {
    const cursor = new Cursor(info, at);
    const short = cursor.u32();
    const offsetSize = short === 0xffffffff ? 8 : 4;
    const length = offsetSize === 8 ? cursor.u64() : short;
    const end = cursor.at + length;
    if (end > info.length || length === 0) throw new DwarfError('a unit has a wrong length');
    const unit = readHeader(
      cursor,
      { offset: base + at, end: base + end, offsetSize, part },
      tableAt,
    );
    if (unit) units.push(unit);
    at = end;
  }
  return units;
}

function readHeader(
  cursor: Cursor,
  extent: Pick<CompilationUnit, 'offset' | 'end' | 'offsetSize' | 'part'>,
  tableAt: (offset: number) => CompilationUnit['abbreviations'],
): CompilationUnit | undefined {
  const version = cursor.u16();
  // What a later version has to say cannot be read, and need not concern what is asked.
  if (version < 2 || version > 5) return undefined;
  const kind = version >= 5 ? cursor.u8() : 0;
  let addressSize = version >= 5 ? cursor.u8() : 0;
  const table = cursor.unsigned(extent.offsetSize);
  if (version < 5) addressSize = cursor.u8();
  let signature: bigint | undefined;
  let dwoId: bigint | undefined;
  if (kind === UNIT.type || kind === UNIT.splitType) {
    signature = cursor.u64Exact();
    cursor.skip(extent.offsetSize);
  } else if (kind === UNIT.skeleton || kind === UNIT.splitCompile) {
    dwoId = cursor.u64Exact();
  }
  return {
    ...extent,
    version,
    kind,
    addressSize,
    abbreviations: tableAt(table),
    first: extent.part.base + cursor.at,
    signature,
    dwoId,
  };
}

function readAbbreviations(section: Uint8Array, offset: number): ReadonlyMap<number, Abbreviation> {
  const cursor = new Cursor(section, offset);
  const table = new Map<number, Abbreviation>();
  for (;;) {
    const code = cursor.uleb();
    if (code === 0) return table;
    const tag = cursor.uleb();
    const hasChildren = cursor.u8() !== 0;
    const attributes: number[] = [];
    for (;;) {
      const attribute = cursor.uleb();
      const form = cursor.uleb();
      const constant = form === FORM.implicitConst ? Number(cursor.slebExact()) : 0;
      if (attribute === 0 && form === 0) break;
      attributes.push(attribute, form, constant);
    }
    table.set(code, { tag, hasChildren, attributes });
  }
}
