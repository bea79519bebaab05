/** Line records: which line of the script an instruction comes from, for the verifier's log and `bpftool`. */
import { basename } from 'node:path';
import type { BtfBuilder } from './btf/builder.ts';
import { type LineRecord, readExtension } from './btf/extension.ts';
import { readBtf } from './btf/read.ts';
import type { ElfObject } from './elf/elf.ts';
import type { Image } from './image.ts';
import type { NumberedText } from './input.ts';

/** A line record of LLVM's and where it is. */
export interface CompiledLine {
  readonly section: string;
  readonly offset: number;
  /** Through all texts, from 1; 0 says that an instruction comes from no place in particular. */
  readonly line: number;
  readonly column: number;
}

/** LLVM's records, a list for each section. */
export function readLines({ sections }: ElfObject): readonly (readonly CompiledLine[])[] {
  const dataOf = (name: string) => sections.find((section) => section.name === name)?.data;
  const names = dataOf('.BTF');
  const extension = dataOf('.BTF.ext');
  if (!names || !extension) return [];
  const btf = readBtf(names);
  return readExtension(extension).lines.map(({ section, records }) => {
    const name = btf.string(section);
    return records.map(({ offset, line, column }) => ({ section: name, offset, line, column }));
  });
}

/**
 * Takes LLVM's records (place, line, column) and gives them the script's text, by index of the code section.
 * The kernel wants them in strictly ascending order, and one at the start of each function (check_btf_line in
 * kernel/bpf/verifier.c); libbpf warns of programs without any. So every function gets one, even where LLVM
 * wrote none. `imported` are those of imported objects, in `.text`.
 */
export function harvestLines(
  compiled: readonly (readonly CompiledLine[])[],
  image: Image,
  texts: readonly NumberedText[],
  builder: BtfBuilder,
  imported: readonly LineRecord[],
): ReadonlyMap<number, readonly LineRecord[]> {
  const bySection = new Map<number, Map<number, LineRecord>>();
  const numbered = texts.flatMap(linesOf);
  const indices = new Map(image.code.map(({ name }, index) => [name, index]));
  for (const records of compiled) {
    for (const { section, offset, line, column } of records) {
      const index = indices.get(section);
      if (index === undefined) continue;
      const lines = bySection.get(index) ?? new Map<number, LineRecord>();
      bySection.set(index, lines);
      if (line === 0 || lines.has(offset)) continue;
      const own = numbered[line - 1];
      if (!own) throw new Error(`line ${line} is in none of the texts`);
      lines.set(offset, {
        offset,
        file: builder.string(own.file),
        text: builder.string(own.text),
        line: own.line,
        column,
      });
    }
  }
  const text = image.code.findIndex((code) => code.name === '.text');
  if (imported.length > 0) {
    const lines = bySection.get(text) ?? new Map<number, LineRecord>();
    for (const line of imported) lines.set(line.offset, line);
    bySection.set(text, lines);
  }
  addFunctionStarts(image, bySection, builder.string(texts[0] ? fileName(texts[0]) : ''));
  return new Map(
    [...bySection].map(([section, lines]) => [
      section,
      [...lines.values()].sort((left, right) => left.offset - right.offset),
    ]),
  );
}

interface Line {
  readonly file: string;
  /** From 1, in its file. */
  readonly line: number;
  readonly text: string;
}

/** A function that begins without a record gets its own first one, or one that names no line. */
function addFunctionStarts(
  image: Image,
  bySection: Map<number, Map<number, LineRecord>>,
  file: number,
): void {
  for (const { section, offset, size } of image.functions) {
    const lines = bySection.get(section) ?? new Map<number, LineRecord>();
    bySection.set(section, lines);
    if (lines.has(offset)) continue;
    const first = [...lines.values()]
      .filter((line) => line.offset > offset && line.offset < offset + size)
      .sort((left, right) => left.offset - right.offset)[0];
    lines.set(offset, { ...(first ?? { file, text: 0, line: 0, column: 0 }), offset });
  }
}

/** A file's name without its folder, which belongs to the building machine. */
function fileName({ name }: NumberedText): string {
  return basename(name);
}

function linesOf(text: NumberedText): readonly Line[] {
  const file = fileName(text);
  return text.text.split('\n').map((line, index) => ({ file, line: index + 1, text: line }));
}
