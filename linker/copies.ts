/**
 * Programs that are copies of others (input.ts): their code, relocations, sites and lines are put into the compiler's
 * object, as if it had compiled them. Sections of programs are laid out anew, in the order of the programs.
 */
import {
  type ElfObject,
  type ElfRelocation,
  type ElfSection,
  type ElfSymbol,
  STB,
  STT,
  viewOf,
} from './elf/elf.ts';
import type { CopyPlace, ProgramCopy, ProgramPlace } from './input.ts';
import type { CompiledLine } from './lines.ts';
import type { Compiled } from './parts.ts';
import { RECORD_SIZE, SITES_SECTION } from './sites.ts';

/** A program, where its code came from and where it went. */
interface Placed {
  readonly program: ProgramPlace;
  /** In the compiler's object: section, and bytes in it. */
  readonly from: { readonly section: number; readonly start: number; readonly end: number };
  readonly to: { readonly section: number; readonly start: number };
}

export function addCopies(whole: Compiled, programs: readonly ProgramPlace[]): Compiled {
  if (!programs.some(({ copy }) => copy)) return whole;
  const { elf } = whole;
  const { sections, numbers, placed } = layOut(elf, programs);
  const compiled = new Map(
    placed.filter(({ program }) => !program.copy).map((one) => [one.program.symbol, one]),
  );
  const symbols = elf.symbols.map((symbol): ElfSymbol => {
    const own = symbol.type === STT.func ? compiled.get(symbol.name) : undefined;
    if (own) return { ...symbol, section: own.to.section, value: own.to.start };
    return { ...symbol, section: numbers.get(symbol.section) ?? symbol.section };
  });
  for (const { program, from, to } of placed)
    if (program.copy)
      symbols.push({
        name: program.symbol,
        bind: STB.global,
        type: STT.func,
        section: to.section,
        value: to.start,
        size: from.end - from.start,
      });
  const relocations = moveRelocations(elf, { symbols, numbers, placed });
  const moved = { sections, symbols, relocations };
  return {
    elf: moveSites(elf, moved, numbers, placed),
    lines: moveLines(whole, placed, sections),
  };
}

/** What of a list, which is sorted, is inside of a piece. */
function inside<Kind extends { readonly offset: number }>(
  sorted: readonly Kind[],
  { start, end }: Placed['from'],
): readonly Kind[] {
  const firstFrom = (offset: number): number => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle]?.offset ?? offset) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return sorted.slice(firstFrom(start), firstFrom(end));
}

function byOffset<Kind extends { readonly offset: number }>(
  list: readonly Kind[],
): readonly Kind[] {
  return [...list].sort((left, right) => left.offset - right.offset);
}

/** Sections in which programs stand are put where the first of them was; others stay in their order. */
function layOut(elf: ElfObject, programs: readonly ProgramPlace[]) {
  const functions = new Map(
    elf.symbols.filter(({ type }) => type === STT.func).map((symbol) => [symbol.name, symbol]),
  );
  const sourceOf = ({ symbol, copy }: ProgramPlace): Placed['from'] => {
    const found = functions.get(copy?.of ?? symbol);
    if (!found) throw new Error(`program ${symbol} is missing from the compiler's object`);
    return { section: found.section, start: found.value, end: found.value + found.size };
  };
  const sources = programs.map((program) => ({ program, from: sourceOf(program) }));
  const old = new Set(sources.map(({ from }) => from.section));

  const sections: ElfSection[] = [];
  const numbers = new Map<number, number>();
  const placed: Placed[] = [];
  const addPrograms = (): void => {
    for (const name of new Set(programs.map(({ section }) => section))) {
      const parts: Uint8Array[] = [];
      let end = 0;
      let like: ElfSection | undefined;
      for (const { program, from } of sources) {
        if (program.section !== name) continue;
        const source = elf.sections[from.section];
        const code = source?.data.subarray(from.start, from.end);
        if (!source || !code) throw new Error(`program ${program.symbol} has no code`);
        if (!program.copy) numbers.set(from.section, sections.length);
        placed.push({ program, from, to: { section: sections.length, start: end } });
        parts.push(code);
        end += code.length;
        like = source;
      }
      if (!like) continue;
      sections.push({ ...like, name, size: end, data: Buffer.concat(parts) });
    }
  };
  elf.sections.forEach((section, index) => {
    if (!old.has(index)) {
      numbers.set(index, sections.length);
      sections.push(section);
    } else if (placed.length === 0) {
      addPrograms();
    }
  });
  return { sections, numbers, placed };
}

function moveRelocations(
  elf: ElfObject,
  to: {
    readonly symbols: readonly ElfSymbol[];
    readonly numbers: ReadonlyMap<number, number>;
    readonly placed: readonly Placed[];
  },
): Map<number, readonly ElfRelocation[]> {
  const relocations = new Map<number, ElfRelocation[]>();
  const old = new Set(to.placed.map(({ from }) => from.section));
  for (const [section, list] of elf.relocations)
    if (!old.has(section)) relocations.set(to.numbers.get(section) ?? section, [...list]);
  const sorted = new Map(
    [...elf.relocations]
      .filter(([section]) => old.has(section))
      .map(([section, list]) => [section, byOffset(list)]),
  );
  const named = new Map(to.symbols.map(({ name }, index) => [name, index]));
  for (const { program, from, to: place } of to.placed) {
    const list = relocations.get(place.section) ?? [];
    relocations.set(place.section, list);
    for (const relocation of inside(sorted.get(from.section) ?? [], from)) {
      const { offset, symbol } = relocation;
      const own = program.copy?.symbols.get(elf.symbols[symbol]?.name ?? '');
      const number = own === undefined ? symbol : named.get(own);
      if (number === undefined)
        throw new Error(`${program.symbol} refers to ${own}, which is not defined`);
      list.push({ ...relocation, offset: offset - from.start + place.start, symbol: number });
    }
  }
  return relocations;
}

/** The table of sites, whose records name places by a section's symbol. */
function moveSites(
  elf: ElfObject,
  moved: ElfObject,
  numbers: ReadonlyMap<number, number>,
  placed: readonly Placed[],
): ElfObject {
  const table = elf.sections.findIndex(({ name }) => name === SITES_SECTION);
  const section = elf.sections[table];
  const number = numbers.get(table);
  if (!section || number === undefined) return moved;
  const symbols = [...moved.symbols];
  const starts = new Map<number, number>();
  /** A symbol of the start of a section. */
  const startOf = (index: number): number => {
    const known = starts.get(index);
    if (known !== undefined) return known;
    symbols.push({
      name: '',
      bind: STB.local,
      type: STT.section,
      section: index,
      value: 0,
      size: 0,
    });
    starts.set(index, symbols.length - 1);
    return symbols.length - 1;
  };
  const view = viewOf(section.data);
  const records: number[] = [];
  const relocations: ElfRelocation[] = [];
  for (const relocation of elf.relocations.get(table) ?? []) {
    const symbol = elf.symbols[relocation.symbol];
    if (!symbol) throw new Error('a site is at no symbol');
    const at = symbol.value + view.getUint32(relocation.offset, true);
    const site = view.getUint32(relocation.offset + 4, true);
    const owners = placed.filter(
      ({ from }) => from.section === symbol.section && at >= from.start && at < from.end,
    );
    const places =
      owners.length > 0
        ? owners.map(({ program, from, to }) => ({
            section: to.section,
            at: at - from.start + to.start,
            site: program.copy?.sites.get(site) ?? site,
          }))
        : [{ section: numbers.get(symbol.section) ?? symbol.section, at, site }];
    for (const place of places) {
      relocations.push({
        ...relocation,
        offset: records.length * 4,
        symbol: startOf(place.section),
      });
      records.push(place.at, place.site);
    }
  }
  const data = Buffer.alloc((records.length / 2) * RECORD_SIZE);
  records.forEach((value, index) => {
    data.writeUInt32LE(value, index * 4);
  });
  const sections = moved.sections.map((kept, index) =>
    index === number ? { ...kept, size: data.length, data } : kept,
  );
  return {
    sections,
    symbols,
    relocations: new Map([...moved.relocations, [number, relocations] as const]),
  };
}

function moveLines(
  { elf, lines: lists }: Compiled,
  placed: readonly Placed[],
  sections: readonly ElfSection[],
): Compiled['lines'] {
  const nameOf = (list: readonly ElfSection[], index: number): string => list[index]?.name ?? '';
  const old = new Map<string, Placed[]>();
  for (const one of placed) {
    const name = nameOf(elf.sections, one.from.section);
    old.set(name, [...(old.get(name) ?? []), one]);
  }
  const key = ({ line, column }: CopyPlace): string => `${line}:${column}`;
  const translate = (copy: ProgramCopy) => {
    const places = new Map(copy.places.map(({ from, to }) => [key(from), to]));
    // LLVM's own, of a function's beginning, is the same for all.
    return (place: CopyPlace): CopyPlace => places.get(key(place)) ?? place;
  };
  const movedOf = (lines: readonly CompiledLine[], owners: readonly Placed[]) => {
    const sorted = byOffset(lines);
    return owners.flatMap(({ program, from, to }) => {
      const own = program.copy ? translate(program.copy) : (place: CopyPlace) => place;
      return inside(sorted, from).map((line): CompiledLine => {
        const { line: number, column } = own(line);
        const offset = line.offset - from.start + to.start;
        return { section: nameOf(sections, to.section), offset, line: number, column };
      });
    });
  };
  const moved = new Map<string, CompiledLine[]>(
    placed.map(({ to }) => [nameOf(sections, to.section), []]),
  );
  for (const lines of lists)
    for (const line of movedOf(lines, old.get(lines[0]?.section ?? '') ?? []))
      moved.get(line.section)?.push(line);
  // As the compiler would have had them: others stay behind the program before them.
  const waiting = [...moved.values()];
  for (const lines of moved.values()) lines.sort((left, right) => left.offset - right.offset);
  const ordered = lists.flatMap((lines): Compiled['lines'] => {
    const name = lines[0]?.section ?? '';
    if (!old.has(name)) return [lines];
    const own = waiting.findIndex((list) => list[0]?.section === name);
    return waiting.splice(0, own + 1);
  });
  return [...ordered, ...waiting];
}
