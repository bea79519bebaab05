/** Builds a `.BTF` section. Ids are given out in order; equal types without entries are made once. */
import { viewOf } from '../elf/elf.ts';
import { StringTable } from '../elf/write.ts';
import { BTF_HEADER_SIZE, BTF_KIND, BTF_MAGIC, BTF_VERSION, ENCODING, LINKAGE } from './btf.ts';

export interface MemberSpec {
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  /** 0 unless it is a bitfield. */
  readonly bitSize?: number;
}

export interface SectionEntry {
  readonly variable: number;
  readonly offset: number;
  readonly size: number;
}

/** Type id 0 is void. Names are empty for types that have none. */
export class BtfBuilder {
  readonly #strings = new StringTable();
  readonly #types: Uint32Array[] = [];
  readonly #known = new Map<string, number>();

  string(text: string): number {
    return this.#strings.add(text);
  }

  /** `encoding`: a sum of ENCODING's numbers. `bits` below 8 * size only for old-style bitfields. */
  int(name: string, size: number, encoding: number, bits = size * 8): number {
    return this.#add(BTF_KIND.int, name, 0, size, [(encoding << 24) | bits]);
  }

  unsigned(size: 1 | 2 | 4 | 8): number {
    return this.int(UNSIGNED_NAMES[size], size, 0);
  }

  signed(size: 1 | 2 | 4 | 8): number {
    return this.int(SIGNED_NAMES[size], size, ENCODING.signed);
  }

  char(): number {
    return this.int('char', 1, ENCODING.signed);
  }

  float(name: string, size: number): number {
    return this.#add(BTF_KIND.float, name, 0, size, []);
  }

  pointer(to: number): number {
    return this.#add(BTF_KIND.pointer, '', 0, to, []);
  }

  typedef(name: string, to: number): number {
    return this.#add(BTF_KIND.typedef, name, 0, to, []);
  }

  array(element: number, count: number): number {
    return this.#add(BTF_KIND.array, '', 0, 0, [element, this.unsigned(4), count]);
  }

  aggregate(
    kind: 'struct' | 'union',
    name: string,
    size: number,
    members: readonly MemberSpec[],
  ): number {
    // With kind_flag a member's offset has the width of a bitfield in its upper byte.
    const bitfields = members.some((member) => member.bitSize);
    const tail = members.flatMap((member) => [
      this.string(member.name),
      member.type,
      bitfields ? ((member.bitSize ?? 0) << 24) | member.bitOffset : member.bitOffset,
    ]);
    return this.#add(BTF_KIND[kind], name, members.length, size, tail, bitfields);
  }

  /** A struct or union that only its name is known of. */
  forward(kind: 'struct' | 'union', name: string): number {
    return this.#add(BTF_KIND.forward, name, 0, 0, [], kind === 'union');
  }

  enum(
    name: string,
    size: number,
    signed: boolean,
    values: readonly (readonly [string, bigint])[],
    wide = false,
  ): number {
    const tail = values.flatMap(([label, value]) => {
      const low = Number(BigInt.asUintN(32, value));
      const high = Number(BigInt.asUintN(32, value >> 32n));
      return wide ? [this.string(label), low, high] : [this.string(label), low];
    });
    return this.#add(
      wide ? BTF_KIND.enum64 : BTF_KIND.enum,
      name,
      values.length,
      size,
      tail,
      signed,
    );
  }

  /** A function; every parameter has a name, or the kernel refuses the function. */
  function(
    name: string,
    result: number,
    parameters: readonly { readonly name: string; readonly type: number }[],
    linkage: number,
  ): number {
    return this.#add(BTF_KIND.function, name, linkage, this.prototype(result, parameters), []);
  }

  prototype(
    result: number,
    parameters: readonly { readonly name: string; readonly type: number }[],
  ): number {
    const tail = parameters.flatMap((parameter) => [this.string(parameter.name), parameter.type]);
    return this.#add(BTF_KIND.prototype, '', parameters.length, result, tail);
  }

  /** A variable, global unless said otherwise, and its place in a section, for `section`. */
  variable(name: string, type: number, linkage: number = LINKAGE.global): number {
    return this.#add(BTF_KIND.variable, name, 0, type, [linkage]);
  }

  /** A DATASEC; the kernel wants at least one entry, by ascending offset. */
  section(name: string, size: number, entries: readonly SectionEntry[]): number {
    const tail = [...entries]
      .sort((left, right) => left.offset - right.offset)
      .flatMap((entry) => [entry.variable, entry.offset, entry.size]);
    return this.#add(BTF_KIND.section, name, entries.length, size, tail);
  }

  /** The id that the next new type gets. */
  get nextId(): number {
    return this.#types.length + 1;
  }

  /** Adds a type of another object as it is, never shared with an equal one: ids are given out in advance. */
  append(
    kind: number,
    name: string,
    entries: number,
    sizeOrType: number,
    tail: readonly number[],
    kindFlag: boolean,
  ): number {
    const info = (((kindFlag ? 1 : 0) << 31) | (kind << 24) | entries) >>> 0;
    return this.#types.push(Uint32Array.from([this.string(name), info, sizeOrType, ...tail]));
  }

  /** The section's bytes. Strings that are added later are not in them. */
  finish(): Uint8Array {
    const strings = this.#strings.bytes();
    const words = this.#types.reduce((sum, type) => sum + type.length, 0);
    const bytes = new Uint8Array(BTF_HEADER_SIZE + words * 4 + strings.length);
    const view = viewOf(bytes);
    view.setUint16(0, BTF_MAGIC, true);
    view.setUint8(2, BTF_VERSION);
    view.setUint32(4, BTF_HEADER_SIZE, true);
    view.setUint32(12, words * 4, true);
    view.setUint32(16, words * 4, true);
    view.setUint32(20, strings.length, true);
    let at = BTF_HEADER_SIZE;
    for (const type of this.#types)
      for (const word of type) {
        view.setUint32(at, word, true);
        at += 4;
      }
    bytes.set(strings, at);
    return bytes;
  }

  #add(
    kind: number,
    name: string,
    entries: number,
    sizeOrType: number,
    tail: readonly number[],
    kindFlag = false,
  ): number {
    const info = (((kindFlag ? 1 : 0) << 31) | (kind << 24) | entries) >>> 0;
    const type = Uint32Array.from([this.string(name), info, sizeOrType, ...tail]);
    const key = type.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const id = this.#types.push(type);
    this.#known.set(key, id);
    return id;
  }
}

const UNSIGNED_NAMES = {
  1: 'unsigned char',
  2: 'unsigned short',
  4: 'unsigned int',
  8: 'unsigned long long',
} as const;
const SIGNED_NAMES = { 1: 'signed char', 2: 'short', 4: 'int', 8: 'long long' } as const;
