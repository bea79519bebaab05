/** What the kernel of a host made of the programs, as columns and tables: translated BPF and native code. */

import { basename } from 'node:path';
import { INSN_SIZE } from '../../linker/elf/elf.ts';
import type { Inspection } from '../../linker/inspect/inspection.ts';
import {
  type disassemble,
  MACHINES,
  type Machine,
  type NativeInstruction,
} from '../llvm/disassembler.ts';
import { InstallationError } from '../paths.ts';
import type { Dump, DumpedFunction, DumpedLine, DumpedProgram } from './dump.ts';
import {
  type ExploredColumn,
  type ExploredLine,
  type ExploredSource,
  type ExploredTable,
  MOST_LINES,
} from './exploration.ts';
import { instructionText, LOAD_CONSTANT, type Names, wideInstructionAt } from './instruction.ts';
import { HELPER_NAMES, type OfScript } from './listings.ts';

/** What an instruction of x86-64 can have. */
const MOST_BYTES = 15;
/** Bytes on a line where they are not disassembled. */
const ROW = 16;

/** The dump is of another script than the one that it is shown with. */
export class ForeignDump extends Error {
  override readonly name = 'ForeignDump';
}

/** The line of the script, in the count of all files, that a line of the dump is; undefined where it is of none. */
type LineOf = (line: DumpedLine) => number | undefined;

/** A dump, beside the script. */
export interface Loaded {
  readonly dump: Dump;
  readonly lineOf: LineOf;
  readonly isOfScript: OfScript;
  /** LLVM's, which an installation may lack. */
  readonly disassemble: typeof disassemble;
}

/**
 * Lines are known by file, number and text; throws ForeignDump where the script has another text there, or none of the
 * dump's files is one of its. A line in no block of the script is what functions that scripts share have for one.
 */
export function dumpedLines(
  dump: Dump,
  sources: readonly ExploredSource[],
  blockOf: (line: number) => number | undefined,
): LineOf {
  const files = new Map<string, ExploredSource[]>();
  for (const source of sources) {
    const name = basename(source.name);
    files.set(name, [...(files.get(name) ?? []), source]);
  }
  const [main] = sources;
  // The script may have been given another name since.
  if (main && !files.has(dump.script)) files.set(dump.script, [main]);
  const known = new Map<string, number | undefined>();
  let isKnown = false;
  const find = ({ file, line, text }: DumpedLine): number | undefined => {
    const candidates = files.get(file) ?? [];
    if (line === 0 || candidates.length === 0) return undefined;
    isKnown = true;
    const found = candidates.find(({ lines }) => (lines[line - 1] ?? '') === text);
    if (!found) throw new ForeignDump(`in its ${file}, line ${line} is ${JSON.stringify(text)}`);
    return found.firstLine + line - 1;
  };
  const lineOf: LineOf = (line) => {
    const key = `${line.file}\0${line.line}\0${line.text}`;
    if (!known.has(key)) known.set(key, find(line));
    const global = known.get(key);
    return global !== undefined && blockOf(global) !== undefined ? global : undefined;
  };
  const all = dump.programs.flatMap(({ lines }) => lines);
  for (const line of all) lineOf(line);
  if (!isKnown && all.length > 0) throw new ForeignDump(`it was made of ${dump.script}`);
  return lineOf;
}

/** The line that begins at a place, or the last one before it. */
function finderOf(
  lines: readonly DumpedLine[],
  placeOf: (line: DumpedLine) => number | undefined,
  lineOf: LineOf,
): (place: number) => number | undefined {
  const starts = lines
    .flatMap((line) => {
      const place = placeOf(line);
      return place === undefined ? [] : [{ place, line: lineOf(line) }];
    })
    .sort((left, right) => left.place - right.place);
  return (place) => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle]?.place ?? 0) <= place) low = middle + 1;
      else high = middle;
    }
    return starts[low - 1]?.line;
  };
}

/** Lines of a column, as far as a page can hold them. */
class Listing {
  readonly lines: ExploredLine[] = [];
  #isCut = false;

  get room(): number {
    return MOST_LINES - this.lines.length;
  }

  /** Something had no room. */
  get isCut(): boolean {
    return this.#isCut;
  }

  add(text: string, line?: number): void {
    this.#put({ text, line });
  }

  heading(text: string): void {
    this.#put({ text, isHeading: true });
  }

  ended(): readonly ExploredLine[] {
    return this.#isCut ? [...this.lines, { text: '... more lines are left out' }] : this.lines;
  }

  #put(line: ExploredLine): void {
    if (this.room > 0) this.lines.push(line);
    else this.#isCut = true;
  }
}

const HARDENED =
  'Where each line begins is not known: the kernel hides constants (net.core.bpf_jit_harden), and moves lines by that.';

/**
 * Where lines begin. Constants are hidden in each function by itself, but what that moves is counted in all of them, as if
 * each were the whole program (jit_subprogs and bpf_jit_blind_constants; Linux 6.18 does it, 7.2 does not): where there
 * are several, any line may be wrong.
 */
function linesIn(dump: Dump, program: DumpedProgram): readonly DumpedLine[] | undefined {
  const isHardened = (dump.settings.get('net.core.bpf_jit_harden') ?? 0) > 0;
  return isHardened && program.functions.length > 1 ? undefined : program.lines;
}

function namesOf(dump: Dump, program: DumpedProgram, inspection: Inspection): Names {
  const starts = new Map(
    program.functions.map(({ instruction, name }) => [instruction & 0xffff, name]),
  );
  const scripts = new Map(inspection.maps.map(({ name, script }) => [name, script]));
  return {
    map: (id) => {
      const name = dump.maps.get(id);
      if (name === undefined) return `map ${id}`;
      return `map ${scripts.get(name) ?? name}`;
    },
    function: (index) => program.functions[index]?.name ?? `function ${index}`,
    local: (target) => starts.get(target & 0xffff) ?? `function at ${target}`,
    called: (immediate) => {
      if (immediate === 0 && dump.callBase === undefined) return '(hidden)';
      const address =
        dump.callBase === undefined
          ? undefined
          : BigInt.asUintN(64, dump.callBase + BigInt(immediate));
      const name = address === undefined ? undefined : dump.symbols.get(address);
      // Calls that machine code stands for keep the helper's number (bpf_jit_inlines_helper_call).
      const helper = HELPER_NAMES.get(immediate);
      return name ?? (helper === undefined ? `function ${immediate}` : `bpf_${helper}`);
    },
  };
}

const HIDDEN =
  'The kernel hides it: it shows addresses to nobody (kernel.kptr_restrict), or not to who loaded the program.';

/** BPF as the verifier has left it: what is never reached is gone, and some helpers stand in the place of their calls. */
export function translatedLines(
  { dump, lineOf, isOfScript }: Loaded,
  inspection: Inspection,
): readonly ExploredLine[] {
  const listing = new Listing();
  for (const program of dump.programs) {
    const { translated, functions } = program;
    if (!translated) {
      listing.heading(program.name);
      listing.add(HIDDEN);
      continue;
    }
    const names = namesOf(dump, program, inspection);
    const lines = linesIn(dump, program);
    const find = finderOf(lines ?? [], ({ instruction }) => instruction, lineOf);
    const starts = new Map(functions.map(({ instruction, name }) => [instruction, name]));
    const count = Math.floor(translated.length / INSN_SIZE);
    let isOwn = isOfScript(program.name);
    if (!starts.has(0)) listing.heading(program.name);
    if (!lines) listing.add(HARDENED);
    for (let at = 0; at < count && !listing.isCut; at++) {
      const start = starts.get(at);
      if (start !== undefined) {
        listing.heading(start);
        isOwn = isOfScript(start);
      }
      const instruction = wideInstructionAt(translated, at);
      const text = instructionText(instruction, at, names);
      listing.add(`${String(at).padStart(5)}: ${text}`, isOwn ? find(at) : undefined);
      if (instruction.code === LOAD_CONSTANT) at += 1;
    }
  }
  return listing.ended();
}

/** Machine code, as the kernel's just-in-time compiler wrote it. */
export function nativeLines(loaded: Loaded): readonly ExploredLine[] {
  const { dump, lineOf, isOfScript } = loaded;
  const listing = new Listing();
  const machine = MACHINES.find((each) => each === dump.machine);
  const why = machine
    ? missingDisassembler(loaded, machine)
    : `Code for ${dump.machine} is not disassembled: these are its bytes.`;
  if (why !== undefined) listing.add(why);
  for (const program of dump.programs) {
    const { native } = program;
    if (!native || native.length === 0) {
      listing.heading(program.name);
      listing.add(native ? interpreted(dump) : HIDDEN);
      continue;
    }
    const lines = linesIn(dump, program);
    const find = finderOf(lines ?? [], (line) => line.native, lineOf);
    if (!lines) listing.add(HARDENED);
    const own = new Map(program.functions.map((each) => [each.address, each.name]));
    const nameOf: NameOf = (address) => own.get(address) ?? dump.symbols.get(address);
    let before = 0;
    for (const one of functionsOf(program, native)) {
      if (listing.isCut) break;
      // One instruction more than there is room for shows that more follows.
      const most = (listing.room + 1) * MOST_BYTES;
      const bytes = native.subarray(before, before + Math.min(one.size, most));
      const shown = machine && why === undefined ? machine : undefined;
      listing.heading(one.name);
      addFunction(
        listing,
        bytes,
        shown && namedCode(loaded, shown, bytes, one, nameOf),
        (offset) => (isOfScript(one.name) ? find(before + offset) : undefined),
      );
      before += one.size;
    }
  }
  return listing.ended();
}

/** Those that the kernel names, or all of it as one. */
function functionsOf(program: DumpedProgram, native: Uint8Array): readonly DumpedFunction[] {
  const sizes = program.functions.reduce((sum, { size }) => sum + size, 0);
  return sizes === native.length
    ? program.functions
    : [{ name: program.name, instruction: 0, address: undefined, size: native.length }];
}

function addFunction(
  listing: Listing,
  bytes: Uint8Array,
  code: readonly NativeInstruction[] | undefined,
  lineOf: (offset: number) => number | undefined,
): void {
  const place = (offset: number): string => `+${offset.toString(16)}`.padStart(6);
  for (const { offset, size, text } of code ?? rows(bytes, lineOf))
    listing.add(
      `${place(offset)}: ${text ?? hex(bytes.subarray(offset, offset + size))}`,
      lineOf(offset),
    );
}

const hex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** Bytes by lines of the script, and of no more than ROW. */
function* rows(
  bytes: Uint8Array,
  lineOf: (offset: number) => number | undefined,
): Generator<NativeInstruction> {
  for (let offset = 0; offset < bytes.length; ) {
    const line = lineOf(offset);
    let size = 1;
    while (size < ROW && offset + size < bytes.length && lineOf(offset + size) === line) size += 1;
    yield { offset, size, text: undefined };
    offset += size;
  }
}

function interpreted(dump: Dump): string {
  return dump.settings.get('net.core.bpf_jit_enable') === 0
    ? 'There is none: net.core.bpf_jit_enable is 0, and the kernel interprets the program.'
    : 'There is none: the kernel interprets the program.';
}

/** Why native code cannot be shown as such; undefined where it can. */
function missingDisassembler({ disassemble: read }: Loaded, machine: Machine): string | undefined {
  try {
    read(machine, new Uint8Array(), 0n);
    return undefined;
  } catch (error) {
    if (!(error instanceof InstallationError)) throw error;
    return `It is not disassembled, these are its bytes: ${error.message}.`;
  }
}

/** Of a function at an address; undefined where it has none that is known. */
type NameOf = (address: bigint) => string | undefined;

/** With names for what it calls, and places in the function itself for what it jumps to. */
function namedCode(
  { disassemble: read }: Loaded,
  machine: Machine,
  bytes: Uint8Array,
  { address = 0n, size }: DumpedFunction,
  nameOf: NameOf,
): readonly NativeInstruction[] {
  const constants = new Constants();
  return prefixed(read(machine, bytes, address)).map((instruction) => {
    const { text } = instruction;
    if (text === undefined) return instruction;
    const named = text.replace(/\bat\.([0-9a-f]+)\b/, (_, digits: string) => {
      const target = BigInt(`0x${digits}`);
      if (target >= address && target < address + BigInt(size) && target !== address)
        return `+${(target - address).toString(16)}`;
      return nameOf(target) ?? `0x${digits}`;
    });
    const register = /^blr (x\d+)$/.exec(text)?.[1];
    const called = register === undefined ? undefined : constants.of(register);
    const name = called === undefined ? undefined : nameOf(called);
    constants.follow(text);
    return { ...instruction, text: name === undefined ? named : `${named} (${name})` };
  });
}

/** The prefix of an instruction, which LLVM takes for one of its own, on its line. */
function prefixed(code: readonly NativeInstruction[]): readonly NativeInstruction[] {
  const all: NativeInstruction[] = [];
  for (const instruction of code) {
    const before = all.at(-1);
    if (before?.text === 'lock' && instruction.text !== undefined)
      all[all.length - 1] = {
        offset: before.offset,
        size: before.size + instruction.size,
        text: `lock ${instruction.text}`,
      };
    else all.push(instruction);
  }
  return all;
}

/** Constants that arm64's code puts together in a register before it calls what is there. */
class Constants {
  readonly #values = new Map<string, bigint>();

  of(register: string): bigint | undefined {
    return this.#values.get(register);
  }

  follow(text: string): void {
    const move = /^mov (x\d+), #(-?)(0x[0-9a-f]+)$/.exec(text);
    const part = /^movk (x\d+), #(0x[0-9a-f]+)(?:, lsl #(\d+))?$/.exec(text);
    if (move) {
      const [, register = '', sign, digits = '0'] = move;
      const value = BigInt(digits);
      this.#values.set(register, BigInt.asUintN(64, sign === '-' ? -value : value));
    } else if (part) {
      const [, register = '', digits = '0', shift = '0'] = part;
      const before = this.#values.get(register);
      const mask = 0xffffn << BigInt(shift);
      if (before !== undefined)
        this.#values.set(register, (before & ~mask) | (BigInt(digits) << BigInt(shift)));
    } else {
      for (const [, register = ''] of text.matchAll(/\b[xw](\d+)\b/g))
        this.#values.delete(`x${register}`);
    }
  }
}

/** The columns, in the order in which they came to be. */
export function loadedColumns(loaded: Loaded, inspection: Inspection): readonly ExploredColumn[] {
  return [
    { title: 'translated', lines: translatedLines(loaded, inspection) },
    { title: `native (${loaded.dump.machine})`, lines: nativeLines(loaded) },
  ];
}

/** What the verifier says at the end of each program's log. */
function statisticsOf(verifier: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let program = '';
  for (const line of verifier.split('\n')) {
    program = /^libbpf: prog '([^']*)': -- BEGIN/.exec(line)?.[1] ?? program;
    if (/^(processed \d+ insns|stack depth )/.test(line))
      found.set(program, [found.get(program), line].filter(Boolean).join('; '));
  }
  return found;
}

export function loadedTables(dump: Dump, inspection: Inspection): readonly ExploredTable[] {
  const statistics = statisticsOf(dump.verifier);
  const before = new Map(inspection.programs.map(({ name, instructions }) => [name, instructions]));
  const loaded = new Set(dump.programs.map(({ name }) => name));
  const bytes = (code: Uint8Array | undefined, unit: number): string =>
    code === undefined ? 'hidden' : String(Math.floor(code.length / unit));
  return [
    {
      title: `Loaded by Linux ${dump.release}`,
      heads: [
        'program',
        'tag',
        'instructions',
        'translated',
        'native bytes',
        'walked through',
        'the verifier',
      ],
      rows: [
        ...dump.programs.map(({ name, tag, translated, native, verified }) => [
          name,
          tag,
          String(before.get(name) ?? ''),
          bytes(translated, INSN_SIZE),
          bytes(native, 1),
          String(verified ?? ''),
          statistics.get(name) ?? '',
        ]),
        // Their probes are none on that host, or were not wanted.
        ...inspection.programs
          .filter(({ name }) => dump.leftOut === 0 && !loaded.has(name))
          .map(({ name, instructions }) => [name, '', String(instructions), 'not loaded']),
      ],
    },
    {
      title: 'The host',
      heads: ['what', 'is'],
      rows: [
        ['machine', dump.machine],
        ['loader', dump.loader],
        ...[...dump.settings].map(([name, value]) => [name, String(value)]),
        ...(dump.leftOut > 0 ? [['programs that the dump leaves out', String(dump.leftOut)]] : []),
      ],
    },
  ];
}
