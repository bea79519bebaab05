/** The symbols of a program, found by name without decoding the whole table: it can have a million. */
import { STT, SYMBOL_SIZE, viewOf } from '../../linker/elf/elf.ts';
import { type ElfFile, type FileSection, sectionNamed, textAt } from '../../linker/elf/file.ts';
import { wildcard } from '../kernel/wildcard.ts';

export interface ProgramSymbol {
  readonly name: string;
  /** In the file's own address space. */
  readonly address: number;
  readonly size: number;
  /** STT_FUNC, STT_OBJECT, ... */
  readonly type: number;
}

/** The defined symbols of a name, those with a size first. `name` may hold `*`, which matches any run. */
export function findSymbols(file: ElfFile, name: string): readonly ProgramSymbol[] {
  for (const table of ['.symtab', '.dynsym']) {
    const section = sectionNamed(file, table);
    const found = section ? search(file, section, name) : [];
    if (found.length > 0) return found;
  }
  return [];
}

function search(file: ElfFile, table: FileSection, name: string): readonly ProgramSymbol[] {
  const strings = file.sections[table.link];
  if (!strings) return [];
  const names = file.data(strings);
  const wanted = name.includes('*') ? undefined : offsetsOf(names, name);
  const pattern = wildcard(name);
  const view = viewOf(file.data(table));
  const found: ProgramSymbol[] = [];
  for (let at = 0; at + SYMBOL_SIZE <= view.byteLength; at += SYMBOL_SIZE) {
    const offset = view.getUint32(at, true);
    if (wanted && !wanted.has(offset)) continue;
    if (view.getUint16(at + 6, true) === 0) continue;
    const text = wanted ? name : textAt(names, offset);
    if (!wanted && !pattern.test(text)) continue;
    found.push({
      name: text,
      address: Number(view.getBigUint64(at + 8, true)),
      size: Number(view.getBigUint64(at + 16, true)),
      type: view.getUint8(at + 4) & 15,
    });
  }
  return found.sort((one, other) => Number(other.size > 0) - Number(one.size > 0));
}

export function isFunction(symbol: ProgramSymbol): boolean {
  return symbol.type === STT.func;
}

/** Where a name stands in a table of strings, also as the end of a longer one. */
export function offsetsOf(table: Uint8Array, name: string): ReadonlySet<number> {
  const bytes = Buffer.from(table.buffer, table.byteOffset, table.byteLength);
  const wanted = Buffer.from(`${name}\0`);
  const offsets = new Set<number>();
  for (let at = bytes.indexOf(wanted); at !== -1; at = bytes.indexOf(wanted, at + 1))
    offsets.add(at);
  return offsets;
}
