/**
 * Divides a module into parts, each of which is a text of its own for LLVM: several are compiled at a time, and the first
 * while the last bodies are still made. Where one ends depends on the bodies alone, never on the machine: the object would
 * else be another one elsewhere.
 */
import type { DeclaredFunction } from './declarations.ts';
import type { Primitive } from './primitives.ts';

/**
 * Characters of bodies, without what they refer to, after which a part is full. A body of thirty lines has 40,000, which
 * LLVM takes 13 ms for; each part costs a millisecond for itself.
 */
const FULL = 80_000;

/** What a body refers to. */
export interface References {
  /** Variables and maps. */
  readonly symbols: Iterable<string>;
  /** Functions beside primitives. */
  readonly callees: Iterable<DeclaredFunction>;
  readonly primitives: Iterable<Primitive>;
}

export interface Part {
  /** Those that it has code of. */
  readonly functions: ReadonlySet<DeclaredFunction>;
  /** What they refer to. */
  readonly symbols: ReadonlySet<string>;
  readonly callees: ReadonlySet<DeclaredFunction>;
  readonly primitives: ReadonlySet<Primitive>;
}

export interface Division {
  /** A function whose code is wanted, and the characters of its body. */
  add(made: DeclaredFunction, size: number, references: References): void;
  /** No function is unfinished: what was added since goes into one part, in which calls need no linker. */
  settle(): void;
  /** No function follows. There is one part at least; `onPart` is not told of the last. */
  finish(): readonly Part[];
}

/** `onPart` is told of each part, but the last, when it is full. */
export function createDivision(onPart: (part: Part) => void): Division {
  const parts: Part[] = [];
  let open = createPart();
  let added = createPart();
  const settle = (): void => {
    if (added.functions.size === 0) return;
    if (open.size >= FULL) {
      parts.push(open);
      onPart(open);
      open = createPart();
    }
    open.size += added.size;
    for (const made of added.functions) open.functions.add(made);
    include(open, added);
    added = createPart();
  };
  return {
    settle,
    add(made, size, references) {
      added.size += size;
      added.functions.add(made);
      include(added, references);
    },
    finish() {
      settle();
      return [...parts, open];
    },
  };
}

function createPart() {
  return {
    size: 0,
    functions: new Set<DeclaredFunction>(),
    symbols: new Set<string>(),
    callees: new Set<DeclaredFunction>(),
    primitives: new Set<Primitive>(),
  };
}

function include(part: ReturnType<typeof createPart>, references: References): void {
  for (const symbol of references.symbols) part.symbols.add(symbol);
  for (const callee of references.callees) part.callees.add(callee);
  for (const primitive of references.primitives) part.primitives.add(primitive);
}
