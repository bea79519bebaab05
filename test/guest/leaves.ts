/** Values in structs of a kernel, and its enumerators: where two kernels hold them differently. By BTF alone. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import { type Btf, bitfieldOf } from '../../linker/btf/read.ts';

/** Where a value stands in the outermost struct, and what it is. */
export interface Place {
  readonly kind: 'number' | 'pointer' | 'bool';
  readonly bitOffset: number;
  readonly bits: number;
  readonly isSigned: boolean;
}

export interface Leaf {
  /** `struct sock`. */
  readonly struct: string;
  /** `.sk_prot.name[0]`, without the unnamed structs on the way. */
  readonly path: string;
  readonly place: Place;
}

/** A value of which two kernels say different things: `own` is what the other one holds, if it has it. */
export interface Difference<Value> {
  readonly built: Value;
  readonly own: Value | undefined;
}

/** Structs in structs down to this many names. */
const DEEPEST = 3;
/** Of include/linux/btf.h. */
const SIGNED = 1;
const BOOL = 4;

/** Names of structs and unions that the kernel has once: of others neither libbpf nor a person knows which is meant. */
export function structsOf(btf: Btf): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const twice = new Set<string>();
  for (const id of btf.ofKind(BTF_KIND.struct, BTF_KIND.union)) {
    const name = btf.name(id);
    if (name === '' || name.includes('___')) continue;
    const word = btf.kind(id) === BTF_KIND.struct ? 'struct' : 'union';
    if (found.has(`${word} ${name}`)) twice.add(`${word} ${name}`);
    found.set(`${word} ${name}`, id);
  }
  for (const name of twice) found.delete(name);
  return found;
}

/** The values in a struct that a program reads at once; of arrays the first and the last, and those at `indexes`. */
export function leavesOf(
  btf: Btf,
  struct: string,
  id: number,
  indexes: readonly number[] = [],
): readonly Leaf[] {
  return [...walk({ btf, indexes }, id, 0, '', 0)].map((leaf) => ({ struct, ...leaf }));
}

/** What is walked, and which elements of arrays are taken besides the first and the last. */
interface Walked {
  readonly btf: Btf;
  readonly indexes: readonly number[];
}

type Found = Omit<Leaf, 'struct'>;

function* walk(
  walked: Walked,
  id: number,
  base: number,
  path: string,
  depth: number,
): Generator<Found> {
  const { btf } = walked;
  for (const member of btf.members(id)) {
    const at = base + member.bitOffset;
    const type = btf.skipModifiers(member.type);
    const { at: inside, bits } = bitfieldOf(btf, member);
    if (bits > 0) {
      if (member.name !== '')
        yield {
          path: `${path}.${member.name}`,
          place: {
            kind: 'number',
            bitOffset: at + inside,
            bits,
            isSigned: isSigned(btf, type),
          },
        };
    } else if (member.name === '') yield* walk(walked, type, at, path, depth);
    else yield* valuesOf(walked, type, at, `${path}.${member.name}`, depth + 1);
  }
}

function* valuesOf(
  walked: Walked,
  type: number,
  bitOffset: number,
  path: string,
  depth: number,
): Generator<Found> {
  const { btf, indexes } = walked;
  const kind = btf.kind(type);
  if (kind === BTF_KIND.struct || kind === BTF_KIND.union) {
    if (depth < DEEPEST) yield* walk(walked, type, bitOffset, path, depth);
  } else if (kind === BTF_KIND.array) {
    const { element, count } = btf.array(type);
    const inner = btf.skipModifiers(element);
    // Characters are a text.
    if (btf.kind(inner) === BTF_KIND.int && btf.sizeOf(inner) === 1) return;
    for (const index of new Set([0, count - 1, ...indexes]))
      if (index >= 0 && index < count && btf.kind(inner) !== BTF_KIND.array)
        yield* valuesOf(
          walked,
          inner,
          bitOffset + index * btf.sizeOf(inner) * 8,
          `${path}[${index}]`,
          depth,
        );
  } else {
    const place = placeOf(btf, type, bitOffset);
    if (place) yield { path, place };
  }
}

export function placeOf(btf: Btf, type: number, bitOffset: number): Place | undefined {
  const kind = btf.kind(type);
  const bits = btf.sizeOf(type) * 8;
  if (kind === BTF_KIND.pointer) return { kind: 'pointer', bitOffset, bits, isSigned: false };
  if (kind === BTF_KIND.enum || kind === BTF_KIND.enum64)
    return { kind: 'number', bitOffset, bits, isSigned: isSigned(btf, type) };
  if (kind !== BTF_KIND.int || bits > 64) return undefined;
  const isBool = (btf.int(type).encoding & BOOL) !== 0;
  return { kind: isBool ? 'bool' : 'number', bitOffset, bits, isSigned: isSigned(btf, type) };
}

/** Scripts have `char` with a sign, whatever its kernel was compiled with. */
function isSigned(btf: Btf, type: number): boolean {
  if (btf.name(type) === 'char') return true;
  return btf.kind(type) === BTF_KIND.int ? (btf.int(type).encoding & SIGNED) !== 0 : btf.flag(type);
}

/** Leaves of structs that both kernels have, where the places differ or the other one has none. */
export function leafDifferences(built: Btf, own: Btf, within: number): readonly Difference<Leaf>[] {
  const ownStructs = structsOf(own);
  return [...structsOf(built)].flatMap(([struct, id]) => {
    const other = ownStructs.get(struct);
    if (other === undefined) return [];
    const leaves = leavesOf(built, struct, id);
    // Where theirs is longer, our last element is one in the middle.
    const indexes = new Set(
      leaves.flatMap(({ path }) =>
        [...path.matchAll(/\[(\d+)\]/g)].map(([, index]) => Number(index)),
      ),
    );
    const theirs = new Map(
      leavesOf(own, struct, other, [...indexes]).map((leaf) => [leaf.path, leaf]),
    );
    return leaves.flatMap((leaf): readonly Difference<Leaf>[] => {
      const there = theirs.get(leaf.path);
      const isFar = (there ?? leaf).place.bitOffset / 8 > within - 16;
      return isFar || (there && isSame(leaf.place, there.place))
        ? []
        : [{ built: leaf, own: there }];
    });
  });
}

function isSame(left: Place, right: Place): boolean {
  return (
    left.kind === right.kind &&
    left.bitOffset === right.bitOffset &&
    left.bits === right.bits &&
    left.isSigned === right.isSigned
  );
}

export interface Enumerator {
  readonly name: string;
  /** Empty for one without a name. */
  readonly of: string;
  readonly value: bigint;
}

/** Enumerators whose names the kernel has once. */
export function enumeratorsOf(btf: Btf): ReadonlyMap<string, Enumerator> {
  const found = new Map<string, Enumerator>();
  const twice = new Set<string>();
  for (const id of btf.ofKind(BTF_KIND.enum, BTF_KIND.enum64))
    for (const [name, value] of btf.enumerators(id)) {
      if (found.has(name)) twice.add(name);
      found.set(name, { name, of: btf.name(id), value });
    }
  for (const name of twice) found.delete(name);
  return found;
}

export function enumeratorDifferences(built: Btf, own: Btf): readonly Difference<Enumerator>[] {
  const theirs = enumeratorsOf(own);
  const all = new Set(
    own
      .ofKind(BTF_KIND.enum, BTF_KIND.enum64)
      .flatMap((id) => own.enumerators(id).map(([name]) => name)),
  );
  return [...enumeratorsOf(built).values()].flatMap((mine): readonly Difference<Enumerator>[] => {
    const there = theirs.get(mine.name);
    // Several of that name: which is meant nobody knows.
    if (!there && all.has(mine.name)) return [];
    return there?.value === mine.value && there.of === mine.of ? [] : [{ built: mine, own: there }];
  });
}
