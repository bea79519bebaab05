/**
 * `.BTF.ext`: what the instructions of each section are about. Offsets are bytes from the start of the
 * section, as in the file (libbpf turns them into instruction numbers of each program).
 */
import { viewOf } from '../elf/elf.ts';
import { BTF_MAGIC, BTF_VERSION, BtfError } from './btf.ts';

export interface FunctionRecord {
  readonly offset: number;
  /** Id of the FUNC in `.BTF`. */
  readonly type: number;
}

export interface LineRecord {
  readonly offset: number;
  /** String offsets in `.BTF`. */
  readonly file: number;
  readonly text: number;
  readonly line: number;
  readonly column: number;
}

export interface CoreRecord {
  readonly offset: number;
  readonly type: number;
  /** String offset in `.BTF`. */
  readonly access: number;
  readonly kind: number;
}

/** Records of one section, whose name is a string offset in `.BTF`. */
export interface SectionRecords<Kind> {
  readonly section: number;
  readonly records: readonly Kind[];
}

export interface Extension {
  readonly functions: readonly SectionRecords<FunctionRecord>[];
  readonly lines: readonly SectionRecords<LineRecord>[];
  readonly core: readonly SectionRecords<CoreRecord>[];
}

const HEADER_SIZE = 32;
/** The column has the lower ten bits of `line_col` (BPF_LINE_INFO_LINE_COL). */
const COLUMN_BITS = 10;
const COLUMN_MASK = (1 << COLUMN_BITS) - 1;

/** Sections without records are left out: libbpf refuses a sub-section with a size and no records. */
export function writeExtension(extension: Extension): Uint8Array {
  const parts = [
    subsection(extension.functions, (record) => [record.offset, record.type]),
    subsection(extension.lines, (record) => [
      record.offset,
      record.file,
      record.text,
      (record.line << COLUMN_BITS) | Math.min(record.column, COLUMN_MASK),
    ]),
    subsection(extension.core, (record) => [
      record.offset,
      record.type,
      record.access,
      record.kind,
    ]),
  ];
  const words = parts.flat();
  const bytes = new Uint8Array(HEADER_SIZE + words.length * 4);
  const view = viewOf(bytes);
  view.setUint16(0, BTF_MAGIC, true);
  view.setUint8(2, BTF_VERSION);
  view.setUint32(4, HEADER_SIZE, true);
  let offset = 0;
  parts.forEach((part, index) => {
    view.setUint32(8 + index * 8, offset, true);
    view.setUint32(12 + index * 8, part.length * 4, true);
    offset += part.length * 4;
  });
  words.forEach((word, index) => {
    view.setUint32(HEADER_SIZE + index * 4, word, true);
  });
  return bytes;
}

function subsection<Kind extends { readonly offset: number }>(
  sections: readonly SectionRecords<Kind>[],
  encode: (record: Kind) => readonly number[],
): readonly number[] {
  const filled = sections.filter((section) => section.records.length > 0);
  const [sample] = filled.flatMap((section) => section.records);
  if (!sample) return [];
  return [
    encode(sample).length * 4,
    ...filled.flatMap(({ section, records }) => [
      section,
      records.length,
      ...[...records].sort((left, right) => left.offset - right.offset).flatMap(encode),
    ]),
  ];
}

/**
 * Reads a `.BTF.ext` section, ours or LLVM's. In a relocatable object of LLVM the instruction offsets carry
 * relocations against the section's own symbol, so that what stands there is right as it is.
 */
export function readExtension(bytes: Uint8Array): Extension {
  if (bytes.length < 24) throw new BtfError('.BTF.ext is too short');
  const view = viewOf(bytes);
  const header = view.getUint32(4, true);
  if (view.getUint16(0, true) !== BTF_MAGIC) throw new BtfError('.BTF.ext is not little-endian');

  const read = <Kind>(
    index: number,
    decode: (word: (index: number) => number) => Kind,
  ): readonly SectionRecords<Kind>[] => {
    const sections: SectionRecords<Kind>[] = [];
    if (8 + index * 8 + 8 > header) return sections;
    let at = header + view.getUint32(8 + index * 8, true);
    const end = at + view.getUint32(12 + index * 8, true);
    if (end > bytes.length) throw new BtfError('.BTF.ext reaches beyond its end');
    if (at === end) return sections;
    const size = view.getUint32(at, true);
    at += 4;
    while (at < end) {
      const section = view.getUint32(at, true);
      const count = view.getUint32(at + 4, true);
      at += 8;
      if (size < 8 || at + count * size > end) throw new BtfError('.BTF.ext ends within a record');
      const start = at;
      sections.push({
        section,
        records: Array.from({ length: count }, (_, record) =>
          decode((word) => view.getUint32(start + record * size + word * 4, true)),
        ),
      });
      at += count * size;
    }
    return sections;
  };

  return {
    functions: read(0, (word) => ({ offset: word(0), type: word(1) })),
    lines: read(1, (word) => ({
      offset: word(0),
      file: word(1),
      text: word(2),
      line: word(3) >>> COLUMN_BITS,
      column: word(3) & COLUMN_MASK,
    })),
    core: read(2, (word) => ({ offset: word(0), type: word(1), access: word(2), kind: word(3) })),
  };
}
