/** Functions of a program or library, as `nm` and `nm -D` list them. */
import { SHF, SHN_LORESERVE, SHT, SYMBOL_SIZE, viewOf } from '../../linker/elf/elf.ts';
import { type ElfFile, textAt } from '../../linker/elf/file.ts';

/** Types that code has: without a type (as assembly leaves it), function, indirect function. */
const CODE: ReadonlySet<number> = new Set([0, 2, 10]);

/**
 * Names of what stands in executable sections: the letters T, t, W and i of nm, without data that stands among
 * code. Sorted, each once.
 */
export function functionNames(file: ElfFile): readonly string[] {
  const names = new Set<string>();
  for (const table of file.sections) {
    if (table.type !== SHT.symtab && table.type !== SHT.dynsym) continue;
    const strings = file.sections[table.link];
    if (strings) addNames(file, file.data(table), file.data(strings), names);
  }
  return [...names].sort();
}

function addNames(
  file: ElfFile,
  symbols: Uint8Array,
  strings: Uint8Array,
  names: Set<string>,
): void {
  const view = viewOf(symbols);
  for (let at = 0; at + SYMBOL_SIZE <= symbols.length; at += SYMBOL_SIZE) {
    const section = view.getUint16(at + 6, true);
    if (section === 0 || section >= SHN_LORESERVE) continue;
    if (!CODE.has(view.getUint8(at + 4) & 15)) continue;
    if (((file.sections[section]?.flags ?? 0) & SHF.exec) === 0) continue;
    // A static symbol table may hold versions: `memcpy@@GLIBC_2.14`.
    const name = textAt(strings, view.getUint32(at, true)).replace(/@.*$/, '');
    if (name !== '') names.add(name);
  }
}
