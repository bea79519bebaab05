/**
 * Whether programs write to their context: loader/src/object/context_stores.c looks for the same in the same way. Since
 * Linux 6.18 a store to the context of a program of kprobe's type, which those of uprobes and USDT points are too,
 * changes the registers of the traced process (kprobe_prog_is_valid_access, kernel/trace/bpf_trace.c).
 *
 * What registers may hold is followed, instruction by instruction, until nothing new comes: the context, or a place in
 * the stack of some function, since a context may be kept there, and handed on. Where instructions reach that the host
 * changes is not known.
 */
import { readExtension } from './btf/extension.ts';
import { readBtf } from './btf/read.ts';
import { HELPERS } from './contract/helpers.ts';
import { type ElfObject, INSN_SIZE, SHF, STT, viewOf } from './elf/elf.ts';

/** Where the store is. */
export interface ContextStore {
  readonly section: number;
  readonly offset: number;
}

/** An instruction whose numbers are other ones when it runs: bytes in a section of that name. */
export interface PatchedPlace {
  readonly section: string;
  readonly offset: number;
}

/** `frame`: whose stack, a number of a function, or `any`; `place`: bytes from its upper end. */
interface Value {
  context: boolean;
  frame: number | 'any' | undefined;
  place: number | 'any';
  function: number | 'any' | undefined;
}

type Registers = Value[];

interface Code {
  readonly view: DataView;
  /** By instruction: what registers may hold before it; the function that it calls or names. */
  readonly states: (Registers | undefined)[];
  readonly targets: Map<number, number>;
  readonly patched: ReadonlySet<number>;
}

interface Function {
  readonly section: number;
  readonly first: number;
  readonly end: number;
  readonly slots: readonly Value[];
  readonly result: Value;
}

const KINDS = /^(k|kret|u|uret)probe(?![^/.])|^usdt(?![^/.])/;
const REGISTERS = 11;
const ARGUMENTS = [1, 2, 3, 4, 5] as const;
const STACK_POINTER = 10;
const SLOTS = 64;
const STACK_SIZE = 8 * SLOTS;
/** Code that needs more is no compiler's, and counts as if it stored. */
const INSTRUCTIONS_MAX = 1 << 20;
const SWEEPS_MAX = 100;

const CLASS = { ld: 0, ldx: 1, st: 2, stx: 3, alu: 4, jmp: 5, jmp32: 6, alu64: 7 } as const;
const ALU = { add: 0x00, sub: 0x10, mov: 0xb0 } as const;
const LOAD_IMM64 = 0x18;
const CALL = 0x85;
const LONG_JUMP = 0x06;
const ATOMIC = 0xc0;
/** Eight bytes: BPF_DW. */
const WHOLE = 0x18;
/** What a call's source register says: a helper, or a function of the object. */
const HELPER = 0;
const LOCAL = 1;

/**
 * Helpers that call a function which they are given: the registers with the function and with what they hand on, and the
 * parameter as which they do (check_helper_call, kernel/bpf/verifier.c). None of the others calls one.
 */
const CALLING_HELPERS: ReadonlyMap<number, readonly [of: number, from: number, as: number]> =
  new Map([
    [HELPERS.loop, [2, 3, 2]],
    [HELPERS.for_each_map_elem, [2, 3, 4]],
    [HELPERS.find_vma, [3, 4, 3]],
    [HELPERS.user_ringbuf_drain, [2, 3, 2]],
    [HELPERS.timer_set_callback, [2, 0, 0]],
  ]);

const nothing = (): Value => ({
  context: false,
  frame: undefined,
  place: 0,
  function: undefined,
});
const nothings = (): Registers => Array.from({ length: REGISTERS }, nothing);

/** Adds what another value may be; true when that is new. */
function join(to: Value, more: Value): boolean {
  const before = { ...to };
  to.context ||= more.context;
  if (more.function !== undefined && more.function !== to.function)
    to.function = to.function === undefined ? more.function : 'any';
  if (more.frame !== undefined && to.frame === undefined) {
    to.frame = more.frame;
    to.place = more.place;
  } else if (more.frame !== undefined) {
    if (more.frame !== to.frame) to.frame = 'any';
    if (more.place !== to.place) to.place = 'any';
  }
  return (
    before.context !== to.context ||
    before.function !== to.function ||
    before.frame !== to.frame ||
    before.place !== to.place
  );
}

function moved(place: Value['place'], by: number): Value['place'] {
  if (place === 'any') return 'any';
  const sum = place + by;
  return sum < -STACK_SIZE || sum > STACK_SIZE ? 'any' : sum;
}

/** The first store that there may be. `fixups`: places that the loader patches. */
export function contextStore(
  elf: ElfObject,
  fixups: readonly PatchedPlace[] = [],
): ContextStore | undefined {
  const kinds = elf.sections.map(({ name, flags }) => !!(flags & SHF.exec) && KINDS.test(name));
  if (!kinds.includes(true)) return undefined;
  const places = [...coreRecords(elf), ...fixups];
  const codes = elf.sections.map(({ name, data, flags }): Code | undefined => {
    if (!(flags & SHF.exec)) return undefined;
    const own = places.filter((place) => place.section === name);
    const patched = new Set(own.map(({ offset }) => offset / INSN_SIZE));
    return { view: viewOf(data), states: [], targets: new Map(), patched };
  });
  const bytes = codes.reduce((sum, code) => sum + (code?.view.byteLength ?? 0), 0);
  if (bytes / INSN_SIZE > INSTRUCTIONS_MAX) return { section: kinds.indexOf(true), offset: 0 };
  const functions = functionsOf(elf, codes);
  nameTargets(elf, codes, functions);
  return search(codes, functions, kinds);
}

/** Places that libbpf patches: offsets, immediates and widths (bpf_core_patch_insn, tools/lib/bpf/relo_core.c). */
function coreRecords({ sections }: ElfObject): readonly PatchedPlace[] {
  const find = (name: string) => sections.find((section) => section.name === name)?.data;
  const [btf, extension] = [find('.BTF'), find('.BTF.ext')];
  if (!btf || !extension) return [];
  const { string } = readBtf(btf);
  return readExtension(extension).core.flatMap(({ section, records }) =>
    records.map(({ offset }) => ({ section: string(section), offset })),
  );
}

function functionsOf(elf: ElfObject, codes: readonly (Code | undefined)[]): readonly Function[] {
  return elf.symbols
    .filter(({ type, section, size }) => type === STT.func && codes[section] && size > 0)
    .map(({ section, value, size }) => {
      // Of a damaged object, which loaders refuse, what there is.
      const bytes = Math.min(value + size, codes[section]?.view.byteLength ?? 0);
      return {
        section,
        first: Math.floor(value / INSN_SIZE),
        end: Math.floor(bytes / INSN_SIZE),
        slots: Array.from({ length: SLOTS }, nothing),
        result: nothing(),
      };
    });
}

/** Calls, and addresses of functions (relocate in tools/lib/bpf/libbpf.c). */
function nameTargets(
  elf: ElfObject,
  codes: readonly (Code | undefined)[],
  functions: readonly Function[],
): void {
  const find = (section: number, first: number): number | undefined => {
    const found = functions.findIndex((one) => one.section === section && one.first === first);
    return found < 0 ? undefined : found;
  };
  const note = (code: Code, at: number, target: number | undefined): void => {
    if (target === undefined) code.targets.delete(at);
    else code.targets.set(at, target);
  };
  codes.forEach((code, section) => {
    if (!code) return;
    const { view } = code;
    for (let at = 0; (at + 1) * INSN_SIZE <= view.byteLength; at += 1) {
      const opcode = view.getUint8(at * INSN_SIZE);
      if (opcode === LOAD_IMM64) at += 1;
      else if (opcode === CALL && view.getUint8(at * INSN_SIZE + 1) >> 4 === LOCAL)
        note(code, at, find(section, at + 1 + view.getInt32(at * INSN_SIZE + 4, true)));
    }
    for (const { offset, symbol: index } of elf.relocations.get(section) ?? []) {
      const symbol = elf.symbols[index];
      if (!symbol || !codes[symbol.section]) continue;
      // Of a damaged object.
      if (offset < 0 || offset + INSN_SIZE > view.byteLength) continue;
      const immediate = view.getInt32(offset + 4, true);
      const isCall = view.getUint8(offset) === CALL;
      const behind =
        symbol.type === STT.func ? 0 : isCall ? immediate + 1 : Math.trunc(immediate / INSN_SIZE);
      note(code, offset / INSN_SIZE, find(symbol.section, symbol.value / INSN_SIZE + behind));
    }
  });
}

function search(
  codes: readonly (Code | undefined)[],
  functions: readonly Function[],
  kinds: readonly boolean[],
): ContextStore | undefined {
  let changed = false;
  let found: ContextStore | undefined;

  const reach = (section: number, at: number, registers: readonly Value[]): void => {
    const states = codes[section]?.states;
    if (!states) return;
    const known = states[at];
    const state = known ?? nothings();
    states[at] = state;
    if (!known) changed = true;
    registers.forEach((value, index) => {
      const to = state[index];
      if (to && join(to, value)) changed = true;
    });
  };
  const enter = (number: number, registers: readonly Value[]): void => {
    const called = functions[number];
    if (!called) return;
    const start = nothings();
    for (const index of ARGUMENTS) start[index] = registers[index] ?? nothing();
    start[STACK_POINTER] = { ...nothing(), frame: number };
    reach(called.section, called.first, start);
  };
  /** The slots that a store or load of up to 8 bytes may touch. */
  const slotsAt = (base: Value, offset: number): readonly Value[] => {
    if (base.frame === undefined) return [];
    const place = moved(base.place, offset);
    const whose = base.frame === 'any' ? functions : functions.slice(base.frame, base.frame + 1);
    if (place === 'any' || place >= 0) return whose.flatMap(({ slots }) => slots);
    const first = Math.floor((place + STACK_SIZE) / 8);
    const last = Math.floor((place + STACK_SIZE + 7) / 8);
    return whose.flatMap(({ slots }) => slots.slice(first, last + 1));
  };
  const enterOf = (called: Value | undefined, given: readonly Value[]): void => {
    functions.forEach((_, number) => {
      if (called?.function === number || called?.function === 'any') enter(number, given);
    });
  };
  /** What helpers call. A function of the kernel may call each that it is given, with all that it is given. */
  const callBack = (helper: number | undefined, registers: readonly Value[]): void => {
    const given = nothings();
    if (helper !== undefined) {
      const [of, from, as] = CALLING_HELPERS.get(helper) ?? [0, 0, 0];
      if (as > 0) given[as] = { ...(registers[from] ?? nothing()), function: undefined };
      if (of > 0) enterOf(registers[of], given);
      return;
    }
    for (const into of given)
      for (const index of ARGUMENTS) join(into, registers[index] ?? nothing());
    for (const into of given) into.function = undefined;
    for (const index of ARGUMENTS) enterOf(registers[index], given);
  };
  const compute = (opcode: number, by: number | 'any', to: Value, from: Value): Value => {
    const isRegister = !!(opcode & 0x08);
    const operation = opcode & 0xf0;
    // Of anything else, such as what is left of 32 bits, no verifier takes the result for a pointer.
    if ((opcode & 7) !== CLASS.alu64) return nothing();
    if (operation === ALU.mov) return isRegister ? { ...from } : nothing();
    if (operation !== ALU.add && operation !== ALU.sub) return nothing();
    // What is taken away of an address is none.
    if (isRegister && operation === ALU.add) join(to, from);
    if (to.frame === undefined) return to;
    if (isRegister) to.place = 'any';
    else to.place = by === 'any' ? by : moved(to.place, operation === ALU.add ? by : -by);
    return to;
  };
  const based = (base: Value, isPatched: boolean): Value =>
    isPatched ? { ...base, place: 'any' } : base;
  const step = (one: Function, code: Code, at: number, before: readonly Value[]): void => {
    const { view, targets } = code;
    const opcode = view.getUint8(at * INSN_SIZE);
    const operands = view.getUint8(at * INSN_SIZE + 1);
    const offset = view.getInt16(at * INSN_SIZE + 2, true);
    const immediate = view.getInt32(at * INSN_SIZE + 4, true);
    const registers = before.map((value) => ({ ...value }));
    const to = registers[operands & 15];
    const from = registers[operands >> 4];
    if (!to || !from) return;
    const kind = opcode & 7;
    const isPatched = code.patched.has(at);
    const mayBeWhole = isPatched || (opcode & 0x18) === WHOLE;
    const target = targets.get(at);
    let next = at + 1;
    if (kind === CLASS.ld) {
      registers[operands & 15] = { ...nothing(), function: target };
      if (opcode === LOAD_IMM64) next += 1;
    } else if (kind === CLASS.ldx) {
      const loaded = nothing();
      // A pointer that is kept is 8 bytes, and comes back as such.
      for (const slot of mayBeWhole ? slotsAt(based(from, isPatched), offset) : [])
        join(loaded, slot);
      registers[operands & 15] = loaded;
    } else if (kind === CLASS.st || kind === CLASS.stx) {
      if (to.context) found ??= { section: one.section, offset: at * INSN_SIZE };
      const keeps = kind === CLASS.stx && mayBeWhole;
      for (const slot of keeps ? slotsAt(based(to, isPatched), offset) : []) {
        if (join(slot, from)) changed = true;
        // What was there may come out of it.
        if ((opcode & 0xe0) === ATOMIC) {
          join(from, slot);
          join(registers[0] ?? nothing(), slot);
        }
      }
    } else if (kind === CLASS.alu || kind === CLASS.alu64) {
      registers[operands & 15] = compute(opcode, isPatched ? 'any' : immediate, to, from);
    } else if ((opcode & 0xf0) === 0x80) {
      const helper = operands >> 4 === HELPER ? immediate : undefined;
      if (target === undefined) callBack(helper, registers);
      else enter(target, registers);
      for (const index of ARGUMENTS) registers[index] = nothing();
      registers[0] =
        target === undefined ? nothing() : { ...(functions[target]?.result ?? nothing()) };
    } else if ((opcode & 0xf0) === 0x90) {
      if (join(one.result, registers[0] ?? nothing())) changed = true;
      return;
    } else {
      const jump = next + (opcode === LONG_JUMP ? immediate : offset);
      if (jump >= one.first && jump < one.end) reach(one.section, jump, registers);
      if ((opcode & 0xf0) === 0) return;
    }
    if (next < one.end) reach(one.section, next, registers);
  };

  const context = nothings();
  context[1] = { ...nothing(), context: true };
  functions.forEach(({ section }, number) => {
    if (kinds[section]) enter(number, context);
  });
  for (let sweeps = 0; sweeps < SWEEPS_MAX; sweeps += 1) {
    changed = false;
    for (const one of functions) {
      const code = codes[one.section];
      for (let at = one.first; code && at < one.end; at += 1) {
        const state = code.states[at];
        if (state) step(one, code, at, state);
      }
    }
    if (found || !changed) return found;
  }
  return { section: kinds.indexOf(true), offset: 0 };
}
