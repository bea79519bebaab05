/** The units of .debug_info, and the abbreviations by which their entries are written. */
import { FORM, UNIT } from './constants.ts';
import { Cursor, DwarfError } from './cursor.ts';

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
}

/** All units, in order. Type units that DWARF 4 keeps in .debug_types are not read. */
export function readUnits(info: Uint8Array, abbreviations: Uint8Array): readonly CompilationUnit[] {
  const units: CompilationUnit[] = [];
  const tables = new Map<number, ReadonlyMap<number, Abbreviation>>();
  const tableAt = (offset: number) => {
    const known = tables.get(offset);
    if (known) return known;
    const table = readAbbreviations(abbreviations, offset);
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
    const unit = readHeader(cursor, { offset: at, end, offsetSize }, tableAt);
    if (unit) units.push(unit);
    at = end;
  }
  return units;
}

function readHeader(
  cursor: Cursor,
  extent: Pick<CompilationUnit, 'offset' | 'end' | 'offsetSize'>,
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
  if (kind === UNIT.type || kind === UNIT.splitType) {
    signature = cursor.u64Exact();
    cursor.skip(extent.offsetSize);
  } else if (kind === UNIT.skeleton || kind === UNIT.splitCompile) {
    cursor.skip(8);
  }
  return {
    ...extent,
    version,
    kind,
    addressSize,
    abbreviations: tableAt(table),
    first: cursor.at,
    signature,
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
