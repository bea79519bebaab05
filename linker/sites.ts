/**
 * Finds the instructions of sites. Section `.bpfscript.sites` holds {u32 address, u32 site number}; the address
 * carries a relocation, whose symbol and addend give section and offset. One site can be at several places, since
 * LLVM may duplicate code, and at none, since it may drop it.
 */
import { type ElfObject, INSN_SIZE, R_BPF, viewOf } from './elf/elf.ts';
import type { Image, ImageFunction } from './image.ts';
import type { Site } from './input.ts';
import type { ManifestFixup, ManifestSession } from './manifest/manifest.ts';

export interface PlacedSite<Kind extends Site = Site> {
  readonly site: Kind;
  /** Index into the image's code. */
  readonly section: number;
  /** Bytes from the start of the section. */
  readonly offset: number;
  readonly at: ManifestFixup['site'];
}

export const RECORD_SIZE = 8;
export const SITES_SECTION = '.bpfscript.sites';

export function placeSites(
  elf: ElfObject,
  image: Image,
  sites: readonly Site[],
): readonly PlacedSite[] {
  const table = elf.sections.findIndex((section) => section.name === SITES_SECTION);
  const data = elf.sections[table]?.data;
  if (!data) return [];
  const view = viewOf(data);
  const relocations = new Map(
    (elf.relocations.get(table) ?? []).map((relocation) => [relocation.offset, relocation]),
  );
  const codes = new Map(image.code.map((section, index) => [section.input, index]));

  const placed: PlacedSite[] = [];
  for (let at = 0; at + RECORD_SIZE <= data.length; at += RECORD_SIZE) {
    const number = view.getUint32(at + 4, true);
    const site = sites[number];
    if (!site) throw new Error(`site ${number} is unknown`);
    const relocation = relocations.get(at);
    const symbol = relocation && elf.symbols[relocation.symbol];
    if (!symbol || (relocation.type !== R_BPF.nodyld32 && relocation.type !== R_BPF.abs32))
      throw new Error(`the place of site ${number} has no relocation`);
    const section = codes.get(symbol.section);
    if (section === undefined) throw new Error(`site ${number} is not in code`);
    const offset = symbol.value + view.getUint32(at, true);
    const code = image.code[section]?.data;
    if (!code) throw new Error(`site ${number} is not in code`);
    placed.push({ site, section, offset, at: checkInstruction(code, offset, site, number) });
  }
  return placed.sort((left, right) => left.section - right.section || left.offset - right.offset);
}

/** Writes the numbers that the linker knows into the code. */
export function writeNumbers(image: Image, placed: readonly PlacedSite[]): void {
  for (const { site, section, offset, at } of placed.filter(isKind('number'))) {
    const code = image.code[section]?.data;
    if (!code || at !== 'immediate') throw new Error(`the number ${site.number} has no place`);
    viewOf(code).setInt32(offset + 4, site.number, true);
  }
}

/** Says which number of the instruction the site is about, and that it is the one the compiler meant. */
function checkInstruction(
  code: Uint8Array,
  offset: number,
  site: Site,
  number: number,
): ManifestFixup['site'] {
  if (offset % INSN_SIZE !== 0 || offset + INSN_SIZE > code.length)
    throw new Error(`site ${number} is at no instruction`);
  const view = viewOf(code);
  const at = placeOfNumber(view.getUint8(offset));
  if (!at) throw new Error(`site ${number} is at an instruction without a number`);
  const value = at === 'offset' ? view.getInt16(offset + 2, true) : view.getInt32(offset + 4, true);
  if (value !== site.value)
    throw new Error(`site ${number} has ${value} where the compiler meant ${site.value}`);
  return at;
}

const OPERATION = 0xf0;
/** BPF_LSH, BPF_RSH, BPF_ARSH. */
const SHIFTS: ReadonlySet<number> = new Set([0x60, 0x70, 0xc0]);

/** By the instruction's class (include/uapi/linux/bpf_common.h): loads and stores, or arithmetic with a constant. */
function placeOfNumber(opcode: number): ManifestFixup['site'] | undefined {
  const LD_IMM64 = 0x18;
  const SOURCE_REGISTER = 0x08;
  switch (opcode & 7) {
    case 1: // BPF_LDX
    case 2: // BPF_ST
    case 3: // BPF_STX
      return 'offset';
    case 4: // BPF_ALU
    case 7: // BPF_ALU64
      if (opcode & SOURCE_REGISTER) return undefined;
      return SHIFTS.has(opcode & OPERATION) ? 'shift' : 'immediate';
    default:
      return opcode === LD_IMM64 ? 'immediate' : undefined;
  }
}

export function isKind<Kind extends Site['kind']>(
  kind: Kind,
): (placed: PlacedSite) => placed is PlacedSite<Extract<Site, { kind: Kind }>> {
  return (placed): placed is PlacedSite<Extract<Site, { kind: Kind }>> => placed.site.kind === kind;
}

/** Sites that the loader adapts, as the manifest lists them; `localType` turns ids of the kernel's BTF into ours. */
export function fixupsOf(
  image: Image,
  placed: readonly PlacedSite[],
  localType: (id: number) => number,
): readonly ManifestFixup[] {
  return placed.flatMap(({ site, section, offset, at }): readonly ManifestFixup[] => {
    if (site.kind !== 'tracepoint' && site.kind !== 'argument') return [];
    const program = functionAt(image, section, offset);
    // What programs call has no fixed place: libbpf copies it behind each of them.
    if (!program?.global) throw new Error('a context is read outside a program');
    const { kind, value, ...rest } = site;
    return [
      {
        program: program.name,
        insn: (offset - program.offset) / INSN_SIZE,
        site: at,
        value,
        ...('field' in rest
          ? { tracepoint: rest }
          : {
              argument: {
                type: localType(rest.type),
                ...(rest.parameter === undefined ? {} : { name: rest.parameter }),
              },
            }),
      },
    ];
  });
}

/** Sessions with the places of their calls: each has one. */
export function placeSessions(
  image: Image,
  placed: readonly PlacedSite[],
  sessions: readonly Omit<ManifestSession, 'insn'>[],
): readonly ManifestSession[] {
  return sessions.map((session) => {
    const [found, ...others] = placed
      .filter(isKind('session'))
      .filter(({ site }) => site.symbol === session.program);
    const program = found && functionAt(image, found.section, found.offset);
    if (!found || program?.name !== session.program || others.length > 0)
      throw new Error(`${session.program} has no single call`);
    return { ...session, insn: (found.offset - program.offset) / INSN_SIZE };
  });
}

function functionAt(image: Image, section: number, offset: number): ImageFunction | undefined {
  return image.functions.find(
    (candidate) =>
      candidate.section === section &&
      offset >= candidate.offset &&
      offset < candidate.offset + candidate.size,
  );
}
