/** Which arguments of a function of C come in the registers that `arg0`, `arg1`, ... read. */
import { AT, TAG } from './constants.ts';
import type { Entries, Entry } from './entries.ts';
import { dimensions, isFloat, position, typeEntry } from './types.ts';

export type ArgumentLocation =
  /** `argN` with this number has it, in its low bits. */
  | { readonly register: number }
  /** It cannot be read: why, as a sentence goes on behind "is". */
  | { readonly reason: string };

/** Where the parameters are, given the entries of their types and that of the result (undefined: void). */
export function locateArguments(
  entries: Entries,
  arch: string,
  parameters: readonly (Entry | undefined)[],
  result: Entry | undefined,
): readonly ArgumentLocation[] {
  const convention = arch === 'aarch64' ? AARCH64 : X86_64;
  let next = convention.hiddenResult && isInMemory(entries, result) ? 1 : 0;
  return parameters.map((type) => {
    if (!type) return { reason: 'of a type that the debug information does not tell' };
    const { integers, aligned, reason } = convention.classify(entries, type);
    const start = aligned ? next + (next % 2) : next;
    if (start + integers > convention.registers) {
      // x86 gives what registers are left to later arguments; arm64 gives none any more.
      if (convention.exhausts) next = convention.registers;
      return { reason: 'passed on the stack' };
    }
    next = start + integers;
    return reason === undefined ? { register: start } : { reason };
  });
}

interface Class {
  /** General registers that it takes. */
  readonly integers: number;
  /** It begins in an even one. */
  readonly aligned?: boolean;
  /** Why it is no plain value in one of them. */
  readonly reason?: string;
}

interface Convention {
  readonly registers: number;
  /** A large result is written where the first argument register says. */
  readonly hiddenResult: boolean;
  readonly exhausts: boolean;
  classify(entries: Entries, type: Entry): Class;
}

const FLOAT: Class = { integers: 0, reason: 'a floating-point value, which BPF cannot read' };
const WIDE = 'wider than 64 bits';
const BY_VALUE = 'a struct that is passed by value';

/** System V ABI, AMD64 supplement, section 3.2.3. */
const X86_64: Convention = {
  registers: 6,
  hiddenResult: true,
  exhausts: false,
  classify(entries, type) {
    if (isFloat(entries, type)) return FLOAT;
    const size = entries.number(type, AT.byteSize) ?? 8;
    if (!isAggregate(type)) return size > 8 ? { integers: 2, reason: WIDE } : { integers: 1 };
    if (isInMemory(entries, type)) return { integers: 0, reason: BY_VALUE };
    const words = new Set([...scalars(entries, type, 0)].filter(isWhole).map(({ at }) => at >> 3));
    return { integers: words.size, reason: BY_VALUE };
  },
};

/** Procedure Call Standard for the Arm 64-bit Architecture, section 6.8.2. */
const AARCH64: Convention = {
  registers: 8,
  hiddenResult: false,
  exhausts: true,
  classify(entries, type) {
    if (isFloat(entries, type)) return FLOAT;
    const size = entries.number(type, AT.byteSize) ?? 8;
    if (!isAggregate(type))
      return size > 8 ? { integers: 2, aligned: true, reason: WIDE } : { integers: 1 };
    const parts = [...scalars(entries, type, 0)];
    const uniform = parts.every(({ float, size: each }) => float && each === parts[0]?.size);
    if (uniform && parts.length > 0 && parts.length <= 4) return { integers: 0, reason: BY_VALUE };
    // Larger ones are copied, and their address is passed.
    return { integers: size > 16 ? 1 : Math.ceil(size / 8), reason: BY_VALUE };
  },
};

function isAggregate({ tag }: Entry): boolean {
  return tag === TAG.structureType || tag === TAG.unionType || tag === TAG.arrayType;
}

/** x86-64: larger than two registers, with parts that are not aligned, or with a long double. */
function isInMemory(entries: Entries, type: Entry | undefined): boolean {
  if (!type || !isAggregate(type)) return false;
  if ((entries.number(type, AT.byteSize) ?? 0) > 16) return true;
  return [...scalars(entries, type, 0)].some(
    ({ at, size, float }) => (float && size > 8) || (size > 0 && at % Math.min(size, 8) !== 0),
  );
}

interface Scalar {
  /** Bytes from the start. */
  readonly at: number;
  readonly size: number;
  readonly float: boolean;
}

function isWhole({ float }: Scalar): boolean {
  return !float;
}

/** Where no object of two registers has anything any more. */
const FAR = 64;

/** The scalars that an object is made of. Ends early in objects that are larger than two registers. */
function* scalars(entries: Entries, type: Entry, at: number, depth = 0): Generator<Scalar> {
  if (at > FAR || depth > FAR) return;
  const size = entries.number(type, AT.byteSize) ?? 8;
  if (type.tag === TAG.arrayType) {
    const element = typeEntry(entries, type);
    if (!element) return;
    const step = entries.number(element, AT.byteSize) ?? 8;
    const count = dimensions(entries, type).reduce((product, each) => product * each, 1);
    for (let index = 0; index < count && index <= FAR; index += 1)
      yield* scalars(entries, element, at + index * step, depth + 1);
    return;
  }
  if (!isAggregate(type)) {
    yield { at, size, float: isFloat(entries, type) };
    return;
  }
  for (const member of entries.children(type)) {
    if (member.tag !== TAG.member) continue;
    const inner = typeEntry(entries, member);
    const { bitOffset, bitSize } = position(entries, member);
    if (!inner) continue;
    if (bitSize > 0) yield { at: at + (bitOffset >> 3), size: 1, float: false };
    else yield* scalars(entries, inner, at + (bitOffset >> 3), depth + 1);
  }
}
