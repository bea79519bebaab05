/** Ways to structs that have no name: from the structs or typedefs around them that have one, by which kernels know them. */
import { BTF_KIND, damaged } from './btf.ts';
import type { Btf } from './read.ts';

export interface StructWay {
  /** The struct that the way begins in, or that a typedef names: then there are no steps. */
  readonly root: number;
  /** `struct NAME`, `union NAME` or the typedef's name. */
  readonly from: string;
  /** As in CO-RE access paths, with 0 for an element of an array. */
  readonly indexes: readonly number[];
  /** The same by names; anonymous members have none, and an element is `0`, also what a pointer leads to. */
  readonly names: readonly string[];
  /** Bytes from the root. */
  readonly offset: number;
  /** It leads through a pointer, which no access path does: indexes and offset are of no use. */
  readonly leaves: boolean;
}

/** A struct that has a type as its member, element of a member, or behind a pointer of it. */
interface Holder {
  readonly struct: number;
  readonly index: number;
  readonly name: string;
  readonly bitOffset: number;
  /** Arrays and pointers between the member and the type. */
  readonly elements: number;
  readonly leaves: boolean;
}

/** What stands between a member and a struct without a name. */
interface Chain {
  readonly to: number;
  readonly elements: number;
  readonly leaves: boolean;
}

/** Structs of C nest, and arrays have dimensions, a handful deep. */
const DEEPEST = 32;
/** More ways than any kernel has to one struct: damaged BTF may lead in circles. */
const MOST_WAYS = 256;

/** Finds ways in a BTF: all, since only the script says through which one it came. */
export function createWays(btf: Btf): (struct: number) => readonly StructWay[] {
  let holders: ReadonlyMap<number, readonly Holder[]> | undefined;
  const known = new Map<number, readonly StructWay[]>();

  const find = (struct: number, depth: number): readonly StructWay[] => {
    if (depth > DEEPEST) throw damaged(`struct ${struct} contains itself`);
    const found = known.get(struct);
    if (found) return found;
    const from = nameOf(btf, struct);
    if (from !== undefined) return [startOf(struct, from)];
    holders ??= holdersOf(btf);
    const ways = (holders.get(struct) ?? []).flatMap((holder) =>
      find(holder.struct, depth + 1).map((way) => behind(way, holder)),
    );
    if (ways.length > MOST_WAYS) throw damaged(`too many structs contain struct ${struct}`);
    known.set(struct, ways);
    return ways;
  };
  return (struct) => find(struct, 0);
}

function startOf(root: number, from: string): StructWay {
  return { root, from, indexes: [], names: [], offset: 0, leaves: false };
}

function nameOf(btf: Btf, struct: number): string | undefined {
  const name = btf.name(struct);
  if (name === '') return btf.typedefOf(struct);
  return `${btf.kind(struct) === BTF_KIND.union ? 'union' : 'struct'} ${name}`;
}

function behind(way: StructWay, { index, name, bitOffset, elements, leaves }: Holder): StructWay {
  const steps = Array.from({ length: elements }, () => 0);
  return {
    root: way.root,
    from: way.from,
    indexes: [...way.indexes, index, ...steps],
    names: [...way.names, ...(name === '' ? [] : [name]), ...steps.map(String)],
    offset: way.offset + bitOffset / 8,
    leaves: way.leaves || leaves,
  };
}

function isAggregate(kind: number): boolean {
  return kind === BTF_KIND.struct || kind === BTF_KIND.union;
}

/** Of all structs without a name, in one pass over a kernel's members. */
function holdersOf(btf: Btf): ReadonlyMap<number, readonly Holder[]> {
  const chains = new Map<number, Chain | undefined>();
  const chainOf = (id: number, depth: number): Chain | undefined => {
    if (depth > DEEPEST) return undefined;
    if (chains.has(id)) return chains.get(id);
    const type = btf.skipModifiers(id);
    const kind = btf.kind(type);
    const next = (of: number, leaves: boolean): Chain | undefined => {
      const inner = chainOf(of, depth + 1);
      return inner && { ...inner, elements: inner.elements + 1, leaves: inner.leaves || leaves };
    };
    const chain = isAggregate(kind)
      ? btf.name(type) === ''
        ? { to: type, elements: 0, leaves: false }
        : undefined
      : kind === BTF_KIND.array
        ? next(btf.array(type).element, false)
        : kind === BTF_KIND.pointer
          ? next(btf.sizeOrType(type), true)
          : undefined;
    chains.set(id, chain);
    return chain;
  };

  const holders = new Map<number, Holder[]>();
  for (const struct of btf.ofKind(BTF_KIND.struct, BTF_KIND.union)) {
    const count = btf.length(struct);
    for (let index = 0; index < count; index += 1) {
      const chain = chainOf(btf.word(struct, 3 * index + 1), 0);
      if (!chain) continue;
      const member = btf.members(struct)[index];
      if (!member) continue;
      const { name, bitOffset } = member;
      const { to, elements, leaves } = chain;
      const known = holders.get(to) ?? [];
      known.push({ struct, index, name, bitOffset, elements, leaves });
      holders.set(to, known);
    }
  }
  return holders;
}
