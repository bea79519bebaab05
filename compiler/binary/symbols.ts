/** Functions of a program or library, as `nm` and `nm -D` list them. */
import { type Binary, FLAG_EXECUTABLE, SECTION, textAt } from './elf.ts';

const SYMBOL_SIZE = 24;
/** Indexes from here up are not sections (SHN_ABS, SHN_COMMON, ...). */
const FIRST_RESERVED = 0xff00;
/** Types that code has: without a type (as assembly leaves it), function, indirect function. */
const CODE: ReadonlySet<number> = new Set([0, 2, 10]);

/**
 * Names of what stands in executable sections: the letters T, t, W and i of nm, without data that stands among
 * code. Sorted, each once.
 */
export function functionNames(binary: Binary): readonly string[] {
  const names = new Set<string>();
  for (const table of binary.sections) {
    if (table.type !== SECTION.symtab && table.type !== SECTION.dynsym) continue;
    const strings = binary.sections[table.link];
    if (strings) addNames(binary, binary.read(table), binary.read(strings), names);
  }
  return [...names].sort();
}

function addNames(binary: Binary, symbols: Buffer, strings: Buffer, names: Set<string>): void {
  for (let at = 0; at + SYMBOL_SIZE <= symbols.length; at += SYMBOL_SIZE) {
    const section = symbols.readUInt16LE(at + 6);
    if (section === 0 || section >= FIRST_RESERVED) continue;
    if (!CODE.has((symbols[at + 4] ?? 0) & 15)) continue;
    if (((binary.sections[section]?.flags ?? 0) & FLAG_EXECUTABLE) === 0) continue;
    // A static symbol table may hold versions: `memcpy@@GLIBC_2.14`.
    const name = textAt(strings, symbols.readUInt32LE(at)).replace(/@.*$/, '');
    if (name !== '') names.add(name);
  }
}
