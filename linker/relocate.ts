/**
 * Relocations as libbpf and other loaders expect them: maps by their own symbol, data and functions by the
 * symbol of their section, with the offset in the instruction.
 */
import { type ElfObject, type ElfRelocation, INSN_SIZE, R_BPF, STT, viewOf } from './elf/elf.ts';
import type { CodeSection, Image } from './image.ts';

/** What a relocation may name, each with its symbol in the new object. */
export interface Targets {
  /** `.rodata`, `.bss`, `.text`. */
  section(name: string): number;
  map(symbol: string): number;
  /** What the kernel has. */
  kernel(symbol: string): number;
}

const CALL = 0x85;
const LD_IMM64 = 0x18;

/** Rewrites the instructions of `code` that carry relocations, and gives their relocations in the new object. */
export function relocate(
  elf: ElfObject,
  image: Image,
  code: CodeSection,
  targets: Targets,
): readonly ElfRelocation[] {
  const view = viewOf(code.data);
  const maps = elf.sections.findIndex((section) => section.name === '.maps');
  const text = image.code.find((section) => section.name === '.text');

  return [...(elf.relocations.get(code.input) ?? [])]
    .sort((left, right) => left.offset - right.offset)
    .map(({ offset, type, symbol: index }) => {
      const symbol = elf.symbols[index];
      const opcode = offset + INSN_SIZE <= code.data.length ? view.getUint8(offset) : undefined;
      const where = `${code.name}+${offset}`;
      if (!symbol || opcode === undefined) throw new Error(`a relocation at ${where} is broken`);
      const addend = view.getInt32(offset + 4, true);
      const patch = (value: number): void => view.setInt32(offset + 4, value, true);

      const known = type === R_BPF.call ? opcode === CALL : opcode === LD_IMM64;
      if (symbol.section === 0 && symbol.name !== '' && known)
        return { offset, type, symbol: targets.kernel(symbol.name) };
      if (type === R_BPF.call && opcode === CALL) {
        if (!text || symbol.section !== text.input)
          throw new Error(`${where} calls ${symbol.name || 'a program'}, which is not in .text`);
        patch(addend + symbol.value / INSN_SIZE);
        return { offset, type, symbol: targets.section('.text') };
      }
      if (type !== R_BPF.ld64 || opcode !== LD_IMM64)
        throw new Error(`a relocation of type ${type} at ${where} is not known`);
      if (symbol.section === maps) {
        if (symbol.type !== STT.object || addend !== 0)
          throw new Error(`${where} refers to the inside of a map definition`);
        return { offset, type, symbol: targets.map(symbol.name) };
      }
      if (text && symbol.section === text.input) {
        patch(symbol.value + addend);
        return { offset, type, symbol: targets.section('.text') };
      }
      const place = image.placeOf(symbol.section, symbol.value + addend);
      if (!place) throw new Error(`${where} refers to ${symbol.name}, which is not defined`);
      patch(place.offset);
      return { offset, type, symbol: targets.section(place.section) };
    });
}
