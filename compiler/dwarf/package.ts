/** Packages of .dwo files (dwp): an index leads from the number of a unit to its parts of the sections (DWARF 5, 7.3.5). */
import { type ElfFile, sectionNamed } from '../../linker/elf/file.ts';
import { Cursor } from './cursor.ts';
import { unlessDamaged } from './damage.ts';
import { type DebugSections, sectionsOf } from './sections.ts';

/** DW_SECT_*, the same in version 2 of GNU. */
const SECTION = { info: 1, abbrev: 3, strOffsets: 6 } as const;

export function findInPackage(file: ElfFile, id: bigint): DebugSections | undefined {
  const section = sectionNamed(file, '.debug_cu_index');
  if (!section) return undefined;
  return unlessDamaged(
    () => {
      const parts = partsOf(file.data(section), id);
      if (!parts) return undefined;
      const all = sectionsOf(file, '.dwo');
      const part = (bytes: Uint8Array, name: number): Uint8Array => {
        const [start = 0, size = 0] = parts.get(name) ?? [];
        return bytes.subarray(start, start + size);
      };
      return {
        ...{ lineStr: all.lineStr, str: all.str, addr: all.addr, ranges: all.ranges },
        rnglists: all.rnglists,
        info: part(all.info, SECTION.info),
        abbrev: part(all.abbrev, SECTION.abbrev),
        strOffsets: part(all.strOffsets, SECTION.strOffsets),
      };
    },
    () => undefined,
  );
}

/** By the number of a section, its offset and size. */
function partsOf(
  index: Uint8Array,
  id: bigint,
): ReadonlyMap<number, readonly [number, number]> | undefined {
  const head = new Cursor(index, 0);
  // A half of a word and padding in DWARF 5, a word before.
  head.skip(4);
  const columns = head.u32();
  const units = head.u32();
  const slots = head.u32();
  const hashes = 16;
  const rows = hashes + 8 * slots;
  const names = rows + 4 * slots;
  const offsets = names + 4 * columns;
  const sizes = offsets + 4 * columns * units;
  const word = (at: number): number => new Cursor(index, at).u32();
  for (let slot = 0; slot < slots; slot += 1) {
    const row = word(rows + 4 * slot);
    if (row === 0 || row > units || new Cursor(index, hashes + 8 * slot).u64Exact() !== id)
      continue;
    return new Map(
      Array.from({ length: columns }, (_, column) => {
        const cell = 4 * (columns * (row - 1) + column);
        return [word(names + 4 * column), [word(offsets + cell), word(sizes + cell)]] as const;
      }),
    );
  }
  return undefined;
}
