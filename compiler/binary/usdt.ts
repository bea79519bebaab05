/** USDT points of a program or library: notes of type 3 and owner `stapsdt`, as <sys/sdt.h> writes them. */
import { SHT } from '../../linker/elf/elf.ts';
import { type ElfFile, textAt } from '../../linker/elf/file.ts';

const NOTE_TYPE = 3;
const OWNER = 'stapsdt';

export interface UsdtPoint {
  readonly provider: string;
  readonly name: string;
  /** C types by size and sign: `int32`, `uint64`. */
  readonly arguments: readonly string[];
  /** Where each of them is, as the assembler writes it: `-4@%edi`. */
  readonly operands: readonly string[];
  /** Of the instruction, in the file's own address space. */
  readonly address: bigint;
  /** Address of the counter that switches the point on; 0 where it is always on. */
  readonly semaphore: bigint;
}

/** In the order of the file; a point that stands at several places comes as often. */
export function usdtPoints(file: ElfFile): readonly UsdtPoint[] {
  return file.sections
    .filter((section) => section.type === SHT.note && section.name === '.note.stapsdt')
    .flatMap((section) => readNotes(Buffer.from(file.data(section))));
}

function readNotes(notes: Buffer): readonly UsdtPoint[] {
  const points: UsdtPoint[] = [];
  const aligned = (size: number) => (size + 3) & ~3;
  for (let at = 0; at + 12 <= notes.length; ) {
    const nameSize = notes.readUInt32LE(at);
    const size = notes.readUInt32LE(at + 4);
    const type = notes.readUInt32LE(at + 8);
    const start = at + 12 + aligned(nameSize);
    if (start + size > notes.length) break;
    if (type === NOTE_TYPE && textAt(notes, at + 12) === OWNER) {
      const point = readPoint(notes.subarray(start, start + size));
      if (point) points.push(point);
    }
    at = start + aligned(size);
  }
  return points;
}

/** Three addresses, then provider, name and arguments, each with a NUL; what is shorter has no provider. */
function readPoint(note: Buffer): UsdtPoint | undefined {
  const [provider = '', name = '', places = ''] = note.toString('latin1', 24).split('\0');
  if (provider === '' || name === '') return undefined;
  const operands = places.split(' ').filter((operand) => operand !== '');
  return {
    provider,
    name,
    address: note.readBigUInt64LE(0),
    semaphore: note.readBigUInt64LE(16),
    operands,
    arguments: operands.map(typeOf),
  };
}

/** `-4@%edi` => int32, `4f@%xmm0` => float; an operand without a size is as wide as a register. */
function typeOf(operand: string): string {
  const match = /^(-?)([1248])(f?)@/.exec(operand);
  if (!match) return 'int64';
  const [, sign, size, float] = match;
  if (float === 'f') return size === '4' ? 'float' : 'double';
  return `${sign === '-' ? '' : 'u'}int${Number(size) * 8}`;
}
