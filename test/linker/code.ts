/** Objects of instructions that a test writes down: enough of an ELF file for what reads code. */
import { type ElfObject, type ElfSymbol, SHF, SHT, STB, STT } from '../../linker/elf/elf.ts';

/** Opcodes (include/uapi/linux/bpf.h). */
export const OP = {
  ...{
    addImmediate: 0x07,
    add: 0x0f,
    subImmediate: 0x17,
    sub: 0x1f,
    mov: 0xbf,
    movImmediate: 0xb7,
  },
  ...{ mov32: 0xbc, add32: 0x0c, mul: 0x2f, call: 0x85, exit: 0x95, loadImm64: 0x18 },
  ...{ load8: 0x79, load4: 0x61, store8: 0x7b, store4: 0x63, storeImmediate8: 0x7a, atomic8: 0xdb },
  ...{ jump: 0x05, longJump: 0x06, jumpIfEqual: 0x15, jumpIfEqual32: 0x16 },
} as const;

export interface Written {
  readonly op: number;
  readonly dst?: number;
  readonly src?: number;
  readonly off?: number;
  readonly imm?: number;
}

export function codeOf(instructions: readonly Written[]): Uint8Array {
  const bytes = Buffer.alloc(8 * instructions.length);
  for (const [index, { op, dst = 0, src = 0, off = 0, imm = 0 }] of instructions.entries()) {
    bytes.writeUInt8(op, 8 * index);
    bytes.writeUInt8((src << 4) | dst, 8 * index + 1);
    bytes.writeInt16LE(off, 8 * index + 2);
    bytes.writeInt32LE(imm, 8 * index + 4);
  }
  return bytes;
}

export interface CodeSection {
  readonly name: string;
  readonly code: readonly Written[];
  readonly flags?: number;
  /** Names of functions, each with the first instruction and how many there are. */
  readonly functions: Readonly<Record<string, readonly [first: number, count: number]>>;
  /** By instruction, the symbol that it refers to: a function's, or one that is not defined. */
  readonly references?: Readonly<Record<number, string>>;
}

export function elfOf(...given: readonly CodeSection[]): ElfObject {
  const none = { type: SHT.progbits, size: 0, align: 8, link: 0, info: 0 };
  const sections = [
    { ...none, name: '', type: SHT.null, flags: 0, data: new Uint8Array() },
    ...given.map(({ name, code, flags = SHF.alloc | SHF.exec }) => {
      const data = codeOf(code);
      return { ...none, name, flags, size: data.length, data };
    }),
  ];
  const symbols: ElfSymbol[] = given.flatMap(({ functions }, index) =>
    Object.entries(functions).map(([name, [first, count]]) => ({
      ...{ name, bind: STB.global, type: STT.func, section: index + 1 },
      ...{ value: 8 * first, size: 8 * count },
    })),
  );
  const symbolOf = (name: string): number => {
    const known = symbols.findIndex((symbol) => symbol.name === name);
    if (known >= 0) return known;
    symbols.push({ name, bind: STB.global, type: STT.notype, section: 0, value: 0, size: 0 });
    return symbols.length - 1;
  };
  const relocations = new Map(
    given.flatMap(({ references }, index) =>
      references
        ? [
            [
              index + 1,
              Object.entries(references).map(([at, name]) => ({
                ...{ offset: 8 * Number(at), type: 10, symbol: symbolOf(name) },
              })),
            ] as const,
          ]
        : [],
    ),
  );
  return { sections, symbols, relocations };
}
