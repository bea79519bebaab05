/**
 * Types as the linker looks at them, decoded from BTF where they stand (compiler/kernel/btf.ts) when they are
 * asked for: the kernel's BTF has more than 100,000 types, of which a script needs a handful.
 */
import { openBtf } from '../../compiler/kernel/btf.ts';
import { BtfError, KIND } from './btf.ts';

export interface BtfType {
  readonly id: number;
  readonly kind: number;
  readonly name: string;
  /** Bytes, of types that have a size; else the id of the type it refers to. */
  readonly sizeOrType: number;
  readonly entries: number;
  readonly kindFlag: boolean;
}

export interface BtfMember {
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  readonly bitSize: number;
}

export interface Btf {
  /** Ids are 0 (void) to count - 1. */
  readonly count: number;
  type(id: number): BtfType;
  members(type: BtfType): readonly BtfMember[];
  array(type: BtfType): { readonly element: number; readonly count: number };
  int(type: BtfType): { readonly encoding: number; readonly bits: number };
  variables(
    type: BtfType,
  ): readonly { readonly variable: number; readonly offset: number; readonly size: number }[];
  enumerators(type: BtfType): readonly (readonly [string, bigint])[];
  parameters(type: BtfType): readonly { readonly name: string; readonly type: number }[];
  linkage(type: BtfType): number;
  string(offset: number): string;
  /** A word behind the three that all types have. */
  word(type: BtfType, index: number): number;
  /** Follows typedefs, const, volatile, restrict and type tags. */
  resolve(id: number): BtfType;
  /** Size of a value in bytes. */
  sizeOf(id: number): number;
  /** The first typedef that names this very type. */
  typedefOf(id: number): string | undefined;
}

const VOID: BtfType = { id: 0, kind: 0, name: '', sizeOrType: 0, entries: 0, kindFlag: false };
/** Chains of modifiers, arrays and typedefs in real BTF are a few types long. */
const DEPTH_LIMIT = 64;

/**
 * Throws KernelDescriptionError when the bytes are not BTF or (later) a type is not there, and BtfError when types
 * make no sense together.
 */
export function readBtf(bytes: Uint8Array): Btf {
  const raw = openBtf(bytes);
  const word = (type: BtfType, index: number): number => raw.word(type.id, index);

  const btf: Btf = {
    count: raw.count,
    type(id) {
      if (id === 0) return VOID;
      return {
        id,
        kind: raw.kind(id),
        name: raw.name(id),
        sizeOrType: raw.sizeOrType(id),
        entries: raw.length(id),
        kindFlag: raw.flag(id),
      };
    },
    members: (type) =>
      range(type.entries).map((index) => {
        const offset = word(type, 3 * index + 2);
        const member = {
          name: raw.string(word(type, 3 * index)),
          type: word(type, 3 * index + 1),
        };
        return type.kindFlag
          ? { ...member, bitOffset: offset & 0xffffff, bitSize: offset >>> 24 }
          : { ...member, bitOffset: offset, bitSize: 0 };
      }),
    array: (type) => ({ element: word(type, 0), count: word(type, 2) }),
    int: (type) => ({ encoding: (word(type, 0) >>> 24) & 15, bits: word(type, 0) & 0xff }),
    variables: (type) =>
      range(type.entries).map((index) => ({
        variable: word(type, 3 * index),
        offset: word(type, 3 * index + 1),
        size: word(type, 3 * index + 2),
      })),
    enumerators: (type) => {
      const wide = type.kind === KIND.enum64;
      const stride = wide ? 3 : 2;
      return range(type.entries).map((index) => {
        const low = BigInt(word(type, stride * index + 1));
        const value = wide ? (BigInt(word(type, stride * index + 2)) << 32n) | low : low;
        const bits = wide ? 64 : 32;
        return [
          raw.string(word(type, stride * index)),
          type.kindFlag ? BigInt.asIntN(bits, value) : value,
        ] as const;
      });
    },
    parameters: (type) =>
      range(type.entries).map((index) => ({
        name: raw.string(word(type, 2 * index)),
        type: word(type, 2 * index + 1),
      })),
    linkage: (type) => (type.kind === KIND.variable ? word(type, 0) : type.entries),
    string: raw.string,
    word,
    resolve(id) {
      let type = btf.type(id);
      for (let depth = 0; isModifier(type.kind); depth += 1) {
        if (depth === DEPTH_LIMIT) throw new BtfError(`BTF type ${id} refers to itself`);
        type = btf.type(type.sizeOrType);
      }
      return type;
    },
    sizeOf(id) {
      let count = 1;
      let type = btf.resolve(id);
      for (let depth = 0; type.kind === KIND.array; depth += 1) {
        if (depth === DEPTH_LIMIT) throw new BtfError(`BTF type ${id} refers to itself`);
        const array = btf.array(type);
        count *= array.count;
        type = btf.resolve(array.element);
      }
      return count * (type.kind === KIND.pointer ? 8 : type.sizeOrType);
    },
    typedefOf(id) {
      for (let candidate = 1; candidate < raw.count; candidate += 1)
        if (raw.kind(candidate) === KIND.typedef && raw.sizeOrType(candidate) === id)
          return raw.name(candidate);
      return undefined;
    },
  };
  return btf;
}

function isModifier(kind: number): boolean {
  return (
    kind === KIND.typedef ||
    kind === KIND.const ||
    kind === KIND.volatile ||
    kind === KIND.restrict ||
    kind === KIND.typeTag
  );
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
