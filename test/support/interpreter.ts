/**
 * Runs the programs of an object in this process: instructions of BPF (Documentation/bpf/standardization/instruction-set.rst),
 * the helpers that scripts use most, and maps. It takes no kernel, and knows nothing of types or of a verifier: what
 * matters is which values come out. What a verifier would refuse on the way that is taken is an error: accesses outside of what a program
 * was given, or not aligned, registers and bytes of the stack that were not set, frames that the stack has no room for, records that are
 * not sent or given back, arguments that are missing.
 */
import { HELPERS } from '../../linker/contract/helpers.ts';
import { SHARED_VARIABLES, type SharedVariableName } from '../../linker/contract/variables.ts';
import { INSN_SIZE, STT, viewOf } from '../../linker/elf/elf.ts';
import { readElf } from '../../linker/elf/read.ts';
import { inspectObject } from '../../linker/inspect.ts';
import type { Manifest, ManifestType } from '../../linker/manifest/manifest.ts';
import { createHelpers, type World } from './interpreter-helpers.ts';
import { createMemory, type Memory } from './interpreter-memory.ts';

/** A value of a script: records and tuples are lists, strings end at their NUL. */
export type Value = bigint | boolean | string | readonly Value[];

export interface Interpreter {
  /** Runs the program of this name, or the first, on a CPU; gives what it returns. `context` is what r1 points to. */
  run(program?: string, context?: Uint8Array, cpu?: number): bigint;
  /** What was sent since the last time, by kind of event. */
  sent(): readonly { readonly kind: string; readonly values: readonly Value[] }[];
  /** A map without keys; undefined where nothing was stored. */
  value(map: string): Value | undefined;
  /** A map with keys, in the order of insertion. */
  entries(map: string): readonly (readonly [key: Value, value: Value])[];
  /** Makes programs use this generation of a map that is emptied while they run; the first is 0. */
  use(map: string, generation: 0 | 1): void;
  /** Puts an element into a kernel map, as the loader does. */
  put(kernelMap: string, key: Uint8Array, value: Uint8Array): void;
  /** Where something stands that the manifest names by its offset. */
  at(section: '.rodata' | '.bss', offset: number): bigint;
  /** Keys and values of a kernel map, as they are. */
  elements(kernelMap: string): readonly (readonly [key: Uint8Array, value: Uint8Array])[];
  /** What iterators wrote since the last time. */
  written(): Uint8Array;
  /** How often helpers were called so far. */
  readonly calls: ReadonlyMap<string, number>;
  /** The context's memory, where it was given, and all else. */
  readonly memory: Memory;
}

/** What the kinds of stores have: a variable, or a map of the kernel. */
interface Store {
  readonly kind: string;
  readonly map?: string;
  readonly offset?: number;
  readonly present?: number;
  readonly valueSize: number;
  /** Of the second generation in an array: behind how many elements it begins. */
  readonly first?: number;
  /** Of narrow keys. */
  readonly key?: ManifestType;
}

/** Nothing where it was not set, or where a call left something. */
type Register = bigint | undefined;

/** More instructions than any test needs. */
const MOST_STEPS = 3_000_000;
const STACK = 512;
/** Addresses of code are no memory. */
const CODE = 1n << 56n;
const U64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const NAMES = new Map(Object.entries(HELPERS).map(([name, number]) => [number as number, name]));

export function interpret(object: Uint8Array, world: World = {}): Interpreter {
  const elf = readElf(object);
  const { manifest: described, maps } = inspectObject(object);
  const manifest = described as Manifest;
  const memory = createMemory();
  const helpers = createHelpers(memory, maps, world, (code, ...args) => enter(code, args));
  /** Functions that calls with relocations lead to, by section and byte. */
  const calledAt = new Map<string, bigint>();
  /** Where data sections begin in memory. */
  const bases = elf.sections.map(({ name, data, size }) =>
    /^\.(?:bss|rodata|data)/.test(name)
      ? memory.add(data.length > 0 ? new Uint8Array(data) : new Uint8Array(size))
      : 0n,
  );
  /** What the loader sets: CPUs, and what the world says. */
  for (const [name, value] of Object.entries({ cpus: BigInt(world.cpus ?? 1), ...world.shared })) {
    const offset = manifest.globals[name as SharedVariableName];
    const { section, size } = SHARED_VARIABLES[name as SharedVariableName];
    const base = bases[elf.sections.findIndex((one) => one.name === section)];
    if (offset !== undefined && base !== undefined)
      memory.store(base + BigInt(offset), Math.min(size, 8), value);
  }
  const code = elf.sections.map(({ data }, section) => linked(data, section));
  const calls = new Map<string, number>();
  let steps = 0;
  /** Functions that are being run, what each has of the stack, and which stood above each other. */
  const chain: string[] = [];
  const depths = new Map<string, number>();
  const chains = new Set<string>();

  /** A section's code with symbols resolved: what stands in pairs of immediates is an address. */
  function linked(data: Uint8Array, section: number): DataView {
    const view = viewOf(new Uint8Array(data));
    for (const { offset, symbol, type } of elf.relocations.get(section) ?? []) {
      const target = elf.symbols[symbol];
      const into = elf.sections[target?.section ?? 0];
      if (!target || !into) throw new Error('a relocation is about nothing');
      if (offset + INSN_SIZE > data.length || type === 2 || type === 3 || type === 4) continue;
      if (view.getUint8(offset) === 0x85) {
        // The immediate counts from the next instruction, of the section's start where that is the symbol.
        const own = target.type === STT.section ? view.getInt32(offset + 4, true) + 1 : 0;
        const at = target.value / INSN_SIZE + own;
        calledAt.set(`${section}:${offset}`, codeAddress(target.section, at));
        continue;
      }
      const added = view.getUint32(offset + 4, true);
      const address =
        into.name === '.maps'
          ? helpers.mapAddress(target.name)
          : (into.flags & 4) !== 0
            ? codeAddress(target.section, (target.value + added) / INSN_SIZE)
            : (bases[target.section] ?? 0n) + BigInt(target.value + added);
      view.setUint32(offset + 4, Number(address & 0xffff_ffffn), true);
      view.setUint32(offset + 12, Number(address >> 32n), true);
    }
    return view;
  }

  function enter(address: bigint, args: readonly Register[]): bigint {
    const section = Number((address - CODE) >> 32n);
    const stack = memory.addUnwritten(STACK);
    const name = address.toString(16);
    chain.push(name);
    const result = execute(section, Number(address & 0xffff_ffffn), args, stack);
    depths.set(name, Math.max(depths.get(name) ?? 0, STACK - memory.lowest(stack)));
    chains.add(chain.join(' '));
    chain.pop();
    return result;
  }

  /** Frames stand on one stack, each on a multiple of 32 (check_max_stack_depth, kernel/bpf/verifier.c). */
  function checkStack(): void {
    for (const one of chains) {
      const depth = one
        .split(' ')
        .reduce((sum, name) => sum + Math.ceil(Math.max(1, depths.get(name) ?? 0) / 32) * 32, 0);
      if (depth > STACK) throw new Error(`frames take ${depth} bytes of the stack`);
    }
  }

  function execute(
    section: number,
    start: number,
    args: readonly Register[],
    stack: bigint,
  ): bigint {
    const view = code[section];
    if (!view) throw new Error('a call of no code');
    const r: Register[] = Array.from({ length: 11 }, () => undefined);
    for (const [index, value] of args.entries()) r[index + 1] = value;
    r[10] = stack + BigInt(STACK);
    const get = (register: number): bigint => {
      const value = r[register];
      if (value === undefined) throw new Error(`register ${register} holds nothing`);
      return value;
    };
    for (let at = start; ; ) {
      steps += 1;
      if (steps > MOST_STEPS) throw new Error('a program does not end');
      const place = at * INSN_SIZE;
      const opcode = view.getUint8(place);
      const [to, from] = [view.getUint8(place + 1) & 15, view.getUint8(place + 1) >> 4];
      const offset = view.getInt16(place + 2, true);
      const immediate = BigInt(view.getInt32(place + 4, true));
      at += 1;
      const kind = opcode & 7;
      if (opcode === 0x18) {
        r[to] = (U64(immediate) & 0xffff_ffffn) | (BigInt(view.getUint32(place + 12, true)) << 32n);
        at += 1;
      } else if (kind === 7 || kind === 4) {
        const wide = kind === 7;
        const operand = (opcode & 8) !== 0 && opcode >> 4 !== 0xd ? get(from) : U64(immediate);
        r[to] = computed(opcode, opcode >> 4 === 0xb ? 0n : get(to), operand, wide);
      } else if (kind === 1) {
        r[to] = memory.load(get(from) + BigInt(offset), widthOf(opcode));
      } else if (kind === 2) {
        memory.store(get(to) + BigInt(offset), widthOf(opcode), U64(immediate));
      } else if (kind === 3) {
        const address = get(to) + BigInt(offset);
        if (opcode >> 5 === 3) memory.store(address, widthOf(opcode), get(from));
        else atomic(r, get, address, widthOf(opcode), Number(immediate), from);
      } else if (opcode === 0x95) {
        return get(0);
      } else if (opcode === 0x85) {
        const called = calledAt.get(`${section}:${place}`);
        r[0] =
          from === 1
            ? enter(called ?? codeAddress(section, at + Number(immediate)), r.slice(1, 6))
            : help(Number(immediate), r.slice(1, 6));
        // What the kernel leaves there is nothing to read.
        r.fill(undefined, 1, 6);
      } else {
        const operand = (opcode & 8) !== 0 ? get(from) : U64(immediate);
        if (opcode >> 4 === 0 || jumps(opcode, get(to), operand)) at += offset;
      }
    }
  }

  function atomic(
    r: Register[],
    get: (register: number) => bigint,
    address: bigint,
    width: number,
    operation: number,
    from: number,
  ) {
    const old = memory.load(address, width);
    const given = get(from);
    if (operation === 0xf1) {
      if (old === BigInt.asUintN(width * 8, get(0))) memory.store(address, width, given);
      r[0] = old;
      return;
    }
    const result = { 0: old + given, 64: old | given, 80: old & given, 160: old ^ given }[
      operation & 0xf0
    ];
    memory.store(address, width, operation === 0xe1 ? given : (result ?? 0n));
    if ((operation & 1) !== 0) r[from] = old;
  }

  function help(number: number, args: readonly Register[]): bigint {
    const name = NAMES.get(number) ?? String(number);
    calls.set(name, (calls.get(name) ?? 0) + 1);
    return U64(helpers.call(name, args));
  }

  /** Bytes of a value, as the manifest says what they are. */
  function decoded(type: ManifestType, bytes: Uint8Array): Value {
    const view = viewOf(bytes);
    const number = (size: number, signed: boolean): bigint => {
      const value = BigInt(`0x${Buffer.from(bytes.subarray(0, size)).reverse().toString('hex')}`);
      return signed ? BigInt.asIntN(size * 8, value) : value;
    };
    switch (type.kind) {
      case 'int':
      case 'enum':
        return number(type.size, type.signed);
      case 'bool':
        return view.getUint8(0) !== 0;
      case 'string': {
        const text = Buffer.from(bytes.subarray(0, type.size));
        const end = text.indexOf(0);
        return text.subarray(0, end < 0 ? text.length : end).toString('latin1');
      }
      case 'buffer': {
        const length = view.getUint32(0, true);
        return Buffer.from(bytes.subarray(4, 4 + length)).toString('latin1');
      }
      case 'tuple':
      case 'record':
        return type.fields.map((field) => decoded(field.type, bytes.subarray(field.offset)));
      case 'array':
        return Array.from({ length: type.count }, (_, index) =>
          decoded(type.element, bytes.subarray((index * type.size) / type.count)),
        );
      case 'count':
      case 'pointer':
      case 'probe':
      case 'ksym':
      case 'name':
        return number(8, false);
      case 'sum':
        return number(8, type.signed);
      default:
        return Array.from({ length: bytes.length / 8 }, (_, index) =>
          view.getBigUint64(index * 8, true),
        );
    }
  }

  const bss = elf.sections.findIndex(({ name }) => name === '.bss');
  const wordOf = ({ name, generation }: Manifest['maps'][number]): bigint => {
    if (generation === undefined) throw new Error(`${name} has one generation`);
    return (bases[bss] ?? 0n) + BigInt(generation);
  };
  /** Stores of the generation that programs use. */
  const placeOf = (name: string) => {
    const map = manifest.maps.find((one) => one.name === name);
    if (!map) throw new Error(`no map ${name}`);
    const isNext = map.generation !== undefined && memory.load(wordOf(map), 8) === 1n;
    const stores = (isNext ? map.next : map.stores) as readonly Store[];
    const [store] = stores;
    if (!store) throw new Error(`${name} is nowhere`);
    return { map, stores, store };
  };

  return {
    run(program, context = new Uint8Array(256), cpu = 0) {
      helpers.goTo(cpu);
      const symbol = elf.symbols.find(
        ({ name, type, bind }) => type === STT.func && bind === 1 && (program ?? name) === name,
      );
      if (!symbol) throw new Error(`no program ${program}`);
      // It may be run by what a helper of another run does.
      const outer = chain.splice(0);
      steps = 0;
      const address = codeAddress(symbol.section, symbol.value / INSN_SIZE);
      const result = enter(address, [memory.add(context)]) & 0xffff_ffffn;
      checkStack();
      if (outer.length === 0) helpers.end();
      chain.push(...outer);
      return result;
    },
    sent: () =>
      helpers.taken().map((record) => {
        const event = manifest.events[viewOf(record).getUint32(0, true)];
        if (!event) throw new Error('a record of no event');
        if (record.length !== event.size) throw new Error('a record of another size');
        return {
          kind: event.kind,
          values: event.fields.map(({ offset, type }) => decoded(type, record.subarray(offset))),
        };
      }),
    value(name) {
      const { map, store } = placeOf(name);
      if (store.kind === 'global') {
        const base = bases[bss] ?? 0n;
        if (store.present !== undefined && memory.load(base + BigInt(store.present), 1) === 0n)
          return undefined;
        return decoded(map.value, memory.bytes(base + BigInt(store.offset ?? 0), store.valueSize));
      }
      const elements = helpers.elements(store.map ?? '');
      const bytes = elements[store.first ?? 0]?.[1];
      if (!bytes) return undefined;
      if (store.present !== undefined && bytes[store.present] === 0) return undefined;
      return decoded(map.value, bytes);
    },
    entries(name) {
      const { map, stores } = placeOf(name);
      const { key, value } = map;
      if (!key) throw new Error(`${name} has no keys`);
      // Of keys with texts there is one for each class of sizes.
      return stores.flatMap((store) =>
        helpers
          .elements(store.map ?? '')
          .map(([own, bytes]) => [decoded(store.key ?? key, own), decoded(value, bytes)] as const),
      );
    },
    use(name, generation) {
      memory.store(wordOf(placeOf(name).map), 8, BigInt(generation));
    },
    put: helpers.put,
    elements: helpers.elements,
    at(section, offset) {
      const base = bases[elf.sections.findIndex(({ name }) => name === section)];
      if (base === undefined) throw new Error(`no ${section}`);
      return base + BigInt(offset);
    },
    written: helpers.written,
    calls,
    memory,
  };
}

const codeAddress = (section: number, instruction: number): bigint =>
  CODE + (BigInt(section) << 32n) + BigInt(instruction);

const widthOf = (opcode: number): number => ({ 0: 4, 8: 2, 16: 1, 24: 8 })[opcode & 0x18] ?? 0;

function computed(opcode: number, old: bigint, given: bigint, wide: boolean): bigint {
  const bits = wide ? 64 : 32;
  const cut = (value: bigint): bigint => BigInt.asUintN(bits, value);
  const [a, b] = [cut(old), cut(given)];
  const shift = b & BigInt(bits - 1);
  switch (opcode >> 4) {
    case 0x0:
      return cut(a + b);
    case 0x1:
      return cut(a - b);
    case 0x2:
      return cut(a * b);
    case 0x3:
      return b === 0n ? 0n : a / b;
    case 0x4:
      return a | b;
    case 0x5:
      return a & b;
    case 0x6:
      return cut(a << shift);
    case 0x7:
      return a >> shift;
    case 0x8:
      return cut(-a);
    case 0x9:
      return b === 0n ? a : a % b;
    case 0xa:
      return a ^ b;
    case 0xb:
      return b;
    case 0xc:
      return cut(BigInt.asIntN(bits, a) >> shift);
    case 0xd:
      return swapped(old, Number(BigInt.asIntN(32, given)), (opcode & 8) !== 0);
    default:
      throw new Error(`opcode ${opcode} is unknown`);
  }
}

/** BPF_END: the immediate says how many bits; to little-endian is what they are. */
function swapped(value: bigint, bits: number, toBig: boolean): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  const own = bytes.subarray(0, bits / 8);
  if (toBig) own.reverse();
  return BigInt(`0x${Buffer.from(own).reverse().toString('hex')}`);
}

function jumps(opcode: number, left: bigint, right: bigint): boolean {
  const bits = (opcode & 7) === 5 ? 64 : 32;
  const [a, b] = [BigInt.asUintN(bits, left), BigInt.asUintN(bits, right)];
  const [x, y] = [BigInt.asIntN(bits, left), BigInt.asIntN(bits, right)];
  switch (opcode >> 4) {
    case 0x0:
      return true;
    case 0x1:
      return a === b;
    case 0x2:
      return a > b;
    case 0x3:
      return a >= b;
    case 0x4:
      return (a & b) !== 0n;
    case 0x5:
      return a !== b;
    case 0x6:
      return x > y;
    case 0x7:
      return x >= y;
    case 0xa:
      return a < b;
    case 0xb:
      return a <= b;
    case 0xc:
      return x < y;
    case 0xd:
      return x <= y;
    default:
      throw new Error(`opcode ${opcode} is unknown`);
  }
}
