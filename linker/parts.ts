/**
 * The compiler's object out of the parts in which it was compiled: their code one behind the other, as LLVM would have laid
 * it out in one object. The last part defines all variables and maps, and what others have of them is left out.
 */
import {
  type ElfObject,
  type ElfRelocation,
  type ElfSection,
  type ElfSymbol,
  SHF,
  SHT,
  STT,
} from './elf/elf.ts';
import { readElf } from './elf/read.ts';
import { alignUp } from './elf/write.ts';
import { type CompiledLine, readLines } from './lines.ts';
import { resolved } from './merge.ts';
import { SITES_SECTION } from './sites.ts';

export interface Compiled {
  readonly elf: ElfObject;
  /** LLVM's line records, a list for each section. */
  readonly lines: readonly (readonly CompiledLine[])[];
}

/** A section that is put together. */
interface Row {
  readonly section: ElfSection;
  readonly index: number;
  readonly pieces: Uint8Array[];
  readonly relocations: ElfRelocation[];
  size: number;
}

/** The parts in their order. One alone stays as it is. */
export function joinParts(parts: readonly Uint8Array[]): Compiled {
  const objects = parts.map(readElf);
  const last = objects.at(-1);
  if (!last) throw new Error('there is no object of the compiler');
  if (objects.length === 1) return { elf: last, lines: readLines(last) };
  const rows: Row[] = [];
  const shared = new Map<string, Row>();
  const symbols: ElfSymbol[] = [];
  const lines = new Map<string, CompiledLine[]>();
  for (const object of objects) {
    const places = object.sections.map((section) => {
      const row = rowOf(rows, shared, section, object === last);
      return row && { row, start: append(row, section) };
    });
    object.relocations.forEach((list, section) => {
      const place = places[section];
      for (const { offset, type, symbol } of place ? list : [])
        place?.row.relocations.push({
          ...{ offset: offset + place.start, type, symbol: symbol + symbols.length },
        });
    });
    const starts = new Map(
      object.sections.map(({ name }, index) => [name, places[index]?.start ?? 0]),
    );
    for (const list of readLines(object))
      for (const line of list) {
        const known = lines.get(line.section) ?? [];
        lines.set(line.section, known);
        known.push({ ...line, offset: line.offset + (starts.get(line.section) ?? 0) });
      }
    for (const symbol of object.symbols) {
      const place = places[symbol.section];
      symbols.push(
        place
          ? { ...symbol, section: place.row.index, value: symbol.value + place.start }
          : { ...symbol, section: 0, type: STT.notype },
      );
    }
  }
  return {
    elf: {
      sections: rows.map(({ section, pieces, size }) => {
        return { ...section, size, data: Buffer.concat(pieces) };
      }),
      symbols: resolved(symbols),
      relocations: new Map(rows.map(({ index, relocations }) => [index, relocations])),
    },
    lines: [...lines.values()],
  };
}

/** Where a section goes; undefined for what is left out. */
function rowOf(
  rows: Row[],
  shared: Map<string, Row>,
  section: ElfSection,
  isLast: boolean,
): Row | undefined {
  const { name, type, flags } = section;
  const isShared = type === SHT.null || (flags & SHF.exec) !== 0 || name === SITES_SECTION;
  const known = isShared ? shared.get(name) : undefined;
  if (known) return known;
  if (!isShared && !isLast) return undefined;
  const row: Row = { section, index: rows.length, pieces: [], relocations: [], size: 0 };
  rows.push(row);
  if (isShared) shared.set(name, row);
  return row;
}

/** Puts a section behind what the row has; where it begins. */
function append(row: Row, { size, align, data }: ElfSection): number {
  const start = alignUp(row.size, align);
  row.pieces.push(new Uint8Array(start - row.size), data);
  row.size = start + size;
  return start;
}
