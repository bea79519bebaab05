/**
 * Types that an object was compiled against, in its own BTF ("local"), beside those of another kernel ("host"): which
 * of the kernel's members libbpf takes for one of the object's (relo_core.c), and whether code for the one can take the
 * value of the other. The rules are those of the loader (loader/src/host/type_match.c): a change of one is one of both.
 */
import { BTF_KIND, damaged, ENCODING } from '../../linker/btf/btf.ts';
import type { Btf, BtfMember, BtfType } from '../../linker/btf/read.ts';

/** What an access path leads to. */
export interface Leaf {
  readonly btf: Btf;
  /** As declared: with its modifiers and typedefs. */
  readonly type: number;
  /** From the start of the path's struct. */
  readonly bitOffset: number;
  /** 0: no bitfield. */
  readonly bitSize: number;
  /** The last member's name on the path; empty for an element without one. */
  readonly name: string;
}

/** How the code takes a value: see `enum type_use` of the loader. */
export type Use = 'adapts' | 'open' | 'loads' | 'fixed';

/** Deeper than any C compiler nests structs in the kernel. */
const MOST_NESTING = 32;
/** Members that are looked at at once: BTF that holds itself by value has no end. */
const MOST_STEPS = 20_000;

/** Decoded once for each BTF: a struct of the kernel has hundreds, and is asked for each of them. */
const KNOWN_MEMBERS = new WeakMap<Btf, Map<number, readonly BtfMember[]>>();
const KNOWN_NAMES = new WeakMap<Btf, Map<number, ReadonlyMap<string, Leaf>>>();

function remember<T>(known: WeakMap<Btf, Map<number, T>>, btf: Btf, id: number, make: () => T): T {
  const ofBtf = known.get(btf) ?? new Map<number, T>();
  known.set(btf, ofBtf);
  const found = ofBtf.get(id) ?? make();
  ofBtf.set(id, found);
  return found;
}

/** A name without its `___flavor` (bpf_core_essential_name_len). */
export function essentialName(name: string): string {
  const flavor = /[^_]___[^_]/.exec(name);
  return flavor ? name.slice(0, flavor.index + 1) : name;
}

const isEnum = (kind: number) => kind === BTF_KIND.enum || kind === BTF_KIND.enum64;
const isAggregate = (kind: number) => kind === BTF_KIND.struct || kind === BTF_KIND.union;

/** The host's types of the local one's kind and name, without a flavor. Enums of either width are one kind. */
export function candidates(local: Btf, id: number, host: Btf): readonly number[] {
  const { kind, name } = local.type(id);
  const wanted = essentialName(name);
  if (wanted === '' || id === 0) return [];
  const same = (other: number) => other === kind || (isEnum(other) && isEnum(kind));
  return host.named(wanted).filter((other) => same(host.kind(other)));
}

function indexesOf(access: string): readonly number[] | undefined {
  const indexes = access.split(':').map(Number);
  // The first is that of a pointer to the struct.
  return indexes[0] === 0 ? indexes.slice(1) : undefined;
}

function enterArray(leaf: Leaf, array: BtfType, index: number): Leaf {
  const { element } = leaf.btf.array(array.id);
  return {
    ...leaf,
    type: element,
    bitOffset: leaf.bitOffset + leaf.btf.sizeOf(element) * index * 8,
    bitSize: 0,
  };
}

function enterMember(leaf: Leaf, aggregate: BtfType, index: number): Leaf | undefined {
  const member = remember(KNOWN_MEMBERS, leaf.btf, aggregate.id, () =>
    leaf.btf.members(aggregate.id),
  )[index];
  if (!member) return undefined;
  return {
    btf: leaf.btf,
    type: member.type,
    bitOffset: leaf.bitOffset + member.bitOffset,
    bitSize: member.bitSize,
    name: member.name,
  };
}

function localStep(
  leaf: Leaf,
  index: number,
): { readonly leaf: Leaf; readonly name: string | undefined } | undefined {
  const type = leaf.btf.resolve(leaf.type);
  if (type.kind === BTF_KIND.array) return { leaf: enterArray(leaf, type, index), name: undefined };
  if (!isAggregate(type.kind)) return undefined;
  const member = enterMember(leaf, type, index);
  return member && { leaf: member, name: member.name };
}

/** Follows an access path (`0:1:2`) in the object's own BTF; undefined where it makes no sense there. */
export function localLeaf(local: Btf, type: number, access: string): Leaf | undefined {
  let leaf: Leaf | undefined = { btf: local, type, bitOffset: 0, bitSize: 0, name: '' };
  const indexes = indexesOf(access);
  if (!indexes) return undefined;
  for (const index of indexes) leaf = leaf && localStep(leaf, index)?.leaf;
  return leaf;
}

/** A member by its name, also in anonymous ones: the first, as bpf_core_match_member looks for it. */
export function findMember(leaf: Leaf, name: string): Leaf | undefined {
  const type = leaf.btf.resolve(leaf.type);
  if (!isAggregate(type.kind)) return undefined;
  const found = remember(KNOWN_NAMES, leaf.btf, type.id, () => namedMembers(leaf.btf, type)).get(
    name,
  );
  return found && { ...found, bitOffset: leaf.bitOffset + found.bitOffset };
}

/** Members with names, from the start of their struct. */
function namedMembers(btf: Btf, aggregate: BtfType): ReadonlyMap<string, Leaf> {
  const found = new Map<string, Leaf>();
  let steps = 0;
  const add = (leaf: Leaf, type: BtfType, depth: number): void => {
    if (!isAggregate(type.kind) || depth > MOST_NESTING) return;
    for (let index = 0; index < type.entries; index += 1) {
      steps += 1;
      if (steps > MOST_STEPS) throw damaged(`${type.name || 'a struct'} has no end`);
      const inner = enterMember(leaf, type, index);
      if (!inner) continue;
      if (inner.name === '') add(inner, btf.resolve(inner.type), depth + 1);
      else if (!found.has(inner.name)) found.set(inner.name, inner);
    }
  };
  add({ btf, type: aggregate.id, bitOffset: 0, bitSize: 0, name: '' }, aggregate, 0);
  return found;
}

/** Follows the same path from a struct of the host by names, as bpf_core_spec_match does. */
export function hostLeaf(
  local: Btf,
  type: number,
  access: string,
  host: Btf,
  candidate: number,
): Leaf | undefined {
  let at: Leaf = { btf: local, type, bitOffset: 0, bitSize: 0, name: '' };
  let leaf: Leaf = { btf: host, type: candidate, bitOffset: 0, bitSize: 0, name: '' };
  const indexes = indexesOf(access);
  if (!indexes) return undefined;
  for (const index of indexes) {
    const step = localStep(at, index);
    if (!step) return undefined;
    at = step.leaf;
    if (step.name === undefined) {
      const array = host.resolve(leaf.type);
      if (array.kind !== BTF_KIND.array) return undefined;
      // One without a length ends its struct, and has what the struct has room for.
      const { count } = host.array(array.id);
      if (count > 0 && index >= count) return undefined;
      leaf = enterArray(leaf, array, index);
    } else if (step.name !== '') {
      const found = findMember(leaf, step.name);
      if (!found) return undefined;
      leaf = found;
    }
  }
  return leaf;
}

type ValueKind = 'number' | 'enum' | 'pointer' | 'array' | 'aggregate' | 'other';

function kindOf({ kind }: BtfType): ValueKind {
  if (kind === BTF_KIND.int) return 'number';
  if (isEnum(kind)) return 'enum';
  if (kind === BTF_KIND.pointer) return 'pointer';
  if (kind === BTF_KIND.array) return 'array';
  return isAggregate(kind) ? 'aggregate' : 'other';
}

const isNumberKind = (kind: ValueKind) => kind === 'number' || kind === 'enum';

/** Whether a resolved type is an integer or an enum. */
export function isNumber(type: BtfType): boolean {
  return isNumberKind(kindOf(type));
}

/** Plain `char` has the sign that its kernel was compiled with, and scripts have it with one. */
function isSigned(btf: Btf, type: BtfType): boolean {
  if (type.kind !== BTF_KIND.int) return false;
  return type.name === 'char' || (btf.int(type.id).encoding & ENCODING.signed) !== 0;
}

function hasSign(btf: Btf, type: BtfType): boolean {
  return isEnum(type.kind) ? type.kindFlag : isSigned(btf, type);
}

/** Whether a resolved type is one of truths. */
export function isBool(btf: Btf, { id, kind }: BtfType): boolean {
  return kind === BTF_KIND.int && (btf.int(id).encoding & ENCODING.bool) !== 0;
}

function bitsOf(leaf: Leaf, type: BtfType): number {
  if (leaf.bitSize > 0) return leaf.bitSize;
  return type.kind === BTF_KIND.int ? leaf.btf.int(type.id).bits : type.sizeOrType * 8;
}

/** A number, truth or enumerator as registers hold it. */
export interface NumberType {
  readonly size: number;
  readonly signed: boolean;
  /** Whose sign BTF may not say. */
  readonly isEnum: boolean;
}

export function numberType(btf: Btf, id: number): NumberType | undefined {
  const type = btf.resolve(id);
  const kind = kindOf(type);
  if (!isNumberKind(kind)) return undefined;
  return {
    size: type.sizeOrType,
    signed: kind === 'enum' ? type.kindFlag : isSigned(btf, type),
    isEnum: kind === 'enum',
  };
}

/** Whether libbpf takes the host's leaf for the local one (bpf_core_fields_are_compat). */
export function relocates(local: Leaf, host: Leaf): boolean {
  let was = local.btf.resolve(local.type);
  let is = host.btf.resolve(host.type);
  for (let depth = 0; depth < MOST_NESTING; depth += 1) {
    if (was.kind !== BTF_KIND.array || is.kind !== BTF_KIND.array) break;
    was = local.btf.resolve(local.btf.array(was.id).element);
    is = host.btf.resolve(host.btf.array(is.id).element);
  }
  if (kindOf(was) !== kindOf(is)) return false;
  switch (kindOf(was)) {
    case 'number':
      // Bitfields of the older notation that do not begin at a byte.
      return local.btf.int(was.id).at === 0 && host.btf.int(is.id).at === 0;
    case 'enum':
      return (
        was.name === '' || is.name === '' || essentialName(was.name) === essentialName(is.name)
      );
    case 'other':
      return was.kind === BTF_KIND.float && is.kind === BTF_KIND.float;
    default:
      return true;
  }
}

/** How a type is called, for messages: `struct sock`, `unsigned int`, `a pointer`. */
export function describeType(btf: Btf, id: number): string {
  const declared = btf.type(id);
  const type = declared.kind === BTF_KIND.typedef ? declared : btf.resolve(id);
  if (type.id === 0) return 'void';
  const { kind, name } = type;
  switch (kind) {
    case BTF_KIND.pointer: {
      const to = btf.resolve(type.sizeOrType);
      if ((isAggregate(to.kind) || to.kind === BTF_KIND.forward) && to.name !== '')
        return `a pointer to ${aggregateWord(to)} ${to.name}`;
      const isNamed = to.kind === BTF_KIND.pointer || isNumber(to);
      return isNamed ? `a pointer to ${describeType(btf, type.sizeOrType)}` : 'a pointer';
    }
    case BTF_KIND.array:
      return `an array of ${btf.array(type.id).count}`;
    case BTF_KIND.struct:
    case BTF_KIND.union:
      return [aggregateWord(type), name].filter((word) => word !== '').join(' ');
    case BTF_KIND.enum:
    case BTF_KIND.enum64:
      return `enum${name === '' ? '' : ` ${name}`} of ${type.sizeOrType} bytes`;
    default:
      return name === '' ? 'another kind of type' : name;
  }
}

function aggregateWord({ kind, kindFlag }: BtfType): string {
  const isUnion = kind === BTF_KIND.forward ? kindFlag : kind === BTF_KIND.union;
  return isUnion ? 'union' : 'struct';
}

function differs(local: Leaf, host: Leaf): string {
  return `is ${describeType(host.btf, host.type)} on this kernel, and the script was built for ${describeType(local.btf, local.type)}`;
}

function numbersDiffer(
  local: Leaf,
  was: BtfType,
  host: Leaf,
  is: BtfType,
  use: Use,
): string | undefined {
  const localBits = bitsOf(local, was);
  const hostBits = bitsOf(host, is);
  if (use === 'open' && is.kind === BTF_KIND.int)
    return isSigned(host.btf, is) || hostBits < 64
      ? undefined
      : 'is a number of 64 bits without a sign on this kernel, and the script does not say its type: cast it, as in (uint64)$p.field';
  const plain = was.kind === BTF_KIND.int && is.kind === BTF_KIND.int;
  const wasSigned = hasSign(local.btf, was);
  const isNowSigned = hasSign(host.btf, is);
  const old = { isEnum: isEnum(was.kind), signed: wasSigned };
  const now = { isEnum: isEnum(is.kind), signed: isNowSigned };
  if (wasSigned !== isNowSigned && !isUnknownSign(old, now))
    return `has ${isNowSigned ? 'a' : 'no'} sign on this kernel, and the script was built for a number ${wasSigned ? 'with' : 'without'} one`;
  // Two states, as programs take it, are not all that such a number may say.
  if (isBool(local.btf, was) && !isBool(host.btf, is) && hostBits > 1) return differs(local, host);
  const wasField = local.bitSize > 0;
  const isField = host.bitSize > 0;
  if (localBits === hostBits && wasField === isField) return undefined;
  if (hostBits <= was.sizeOrType * 8) {
    if (use === 'adapts' && (wasField || !isField || wasSigned)) return undefined;
    if (use === 'loads' && !wasField && !isField && plain && !wasSigned) return undefined;
  }
  if (localBits !== hostBits)
    return `has ${hostBits} bits on this kernel, and the script was built for ${localBits}`;
  return isField
    ? 'is a bitfield on this kernel, and the script was built for whole bytes'
    : 'is no bitfield on this kernel, and the script was built for one';
}

/** Why a value of the host's leaf is not what code for the local one takes it for; undefined where it is. */
export function valueDiffers(local: Leaf, host: Leaf, use: Use): string | undefined {
  const was = local.btf.resolve(local.type);
  const is = host.btf.resolve(host.type);
  if (was.id === 0 || is.id === 0) return undefined;
  const localKind = kindOf(was);
  const hostKind = kindOf(is);
  if (isNumberKind(localKind) && isNumberKind(hostKind))
    return numbersDiffer(local, was, host, is, use);
  if (localKind !== hostKind) return differs(local, host);
  // Of a struct in a struct programs take the place, for one of that name.
  if (localKind === 'aggregate')
    return was.name === '' || essentialName(was.name) === essentialName(is.name)
      ? undefined
      : differs(local, host);
  if (localKind === 'pointer')
    return pointeesDiffer(local.btf, was.sizeOrType, host.btf, is.sizeOrType)
      ? differs(local, host)
      : undefined;
  if (localKind !== 'array') return undefined;
  const then = local.btf.array(was.id);
  const now = host.btf.array(is.id);
  if (now.count > 0 && now.count < then.count) return differs(local, host);
  return valueDiffers(elementOf(local.btf, then), elementOf(host.btf, now), 'fixed');
}

function elementOf(btf: Btf, { element }: { readonly element: number }): Leaf {
  return leafOf(btf, element);
}

function leafOf(btf: Btf, type: number): Leaf {
  return { btf, type, bitOffset: 0, bitSize: 0, name: '' };
}

/**
 * Whether a program that follows a pointer finds something else than it was built for. Objects keep structs that they
 * only point to without members, and have void where the program does not follow the pointer.
 */
function pointeesDiffer(
  local: Btf,
  localId: number,
  host: Btf,
  hostId: number,
  depth = 0,
): boolean {
  const was = local.resolve(localId);
  const is = host.resolve(hostId);
  if (was.id === 0 || depth > MOST_NESTING) return false;
  // As `char *` and `void *` lead to.
  if (is.id === 0) return was.kind !== BTF_KIND.int || was.sizeOrType !== 1;
  const named = (kind: number) => isAggregate(kind) || kind === BTF_KIND.forward;
  if (named(was.kind)) return !named(is.kind) || essentialName(was.name) !== essentialName(is.name);
  if (was.kind === BTF_KIND.pointer)
    return (
      is.kind !== BTF_KIND.pointer ||
      pointeesDiffer(local, was.sizeOrType, host, is.sizeOrType, depth + 1)
    );
  if (!isNumber(was)) return false;
  return (
    !isNumber(is) ||
    numbersDiffer(leafOf(local, was.id), was, leafOf(host, is.id), is, 'fixed') !== undefined
  );
}

/**
 * Why bytes of one type cannot be taken for the other's: another kind, size or sign, or of structs, a member (by its
 * name) that is at another place.
 */
export function layoutDiffers(
  local: Btf,
  localType: number,
  host: Btf,
  hostType: number,
): string | undefined {
  let steps = 0;

  const members = (id: number, base: number, hostId: number, depth: number): string | undefined => {
    const was = local.resolve(id);
    if (!isAggregate(was.kind) || depth > MOST_NESTING) return undefined;
    for (let index = 0; index < was.entries; index += 1) {
      steps += 1;
      if (steps > MOST_STEPS) return 'has too many members to compare';
      const old = enterMember(
        { btf: local, type: id, bitOffset: base, bitSize: 0, name: '' },
        was,
        index,
      );
      if (!old) continue;
      if (old.name === '') {
        const inner = members(old.type, old.bitOffset, hostId, depth + 1);
        if (inner !== undefined) return inner;
        continue;
      }
      const now = findMember(
        { btf: host, type: hostId, bitOffset: 0, bitSize: 0, name: '' },
        old.name,
      );
      if (!now) return `has no member ${old.name} on this kernel`;
      if (now.bitOffset !== old.bitOffset || now.bitSize !== old.bitSize)
        return `has its member ${old.name} at another place on this kernel`;
      const inner = layout(old.type, now.type, depth + 1);
      if (inner !== undefined) return `has a member ${old.name} that ${inner}`;
    }
    return undefined;
  };

  const layout = (localId: number, hostId: number, depth: number): string | undefined => {
    if (depth > MOST_NESTING) return undefined;
    const old: Leaf = { btf: local, type: localId, bitOffset: 0, bitSize: 0, name: '' };
    const now: Leaf = { btf: host, type: hostId, bitOffset: 0, bitSize: 0, name: '' };
    const was = local.resolve(localId);
    const is = host.resolve(hostId);
    if (was.id === 0 || is.id === 0) return was.id === is.id ? undefined : differs(old, now);
    switch (kindOf(was)) {
      case 'array':
        if (is.kind !== BTF_KIND.array || host.array(is.id).count !== local.array(was.id).count)
          return differs(old, now);
        return layout(local.array(was.id).element, host.array(is.id).element, depth + 1);
      case 'aggregate':
        if (is.kind !== was.kind || essentialName(was.name) !== essentialName(is.name))
          return differs(old, now);
        if (is.sizeOrType !== was.sizeOrType)
          return `has ${is.sizeOrType} bytes on this kernel, and the script was built for ${was.sizeOrType}`;
        return members(localId, 0, hostId, depth);
      default:
        return valueDiffers(old, now, 'fixed');
    }
  };
  return layout(localType, hostType, 0);
}

/**
 * Enums had no sign in BTF before pahole 1.24: one that seems to have none may have one. Code for numbers without takes
 * none that has one in any case.
 */
function isUnknownSign(
  local: Pick<NumberType, 'isEnum' | 'signed'>,
  host: Pick<NumberType, 'isEnum' | 'signed'>,
): boolean {
  return local.isEnum === host.isEnum ? local.isEnum : local.signed || !host.signed;
}

/** Why code for one number cannot be made to take the other, as the loader's patch.c decides. */
export function numberDoesNotSuit(local: NumberType, host: NumberType): string | undefined {
  if (host.size > local.size)
    return `has ${host.size} bytes on this kernel, and the script was built for ${local.size}`;
  const narrower = host.size < local.size;
  if (isUnknownSign(local, host) || host.signed === local.signed || (narrower && local.signed))
    return undefined;
  return `has ${host.signed ? 'a' : 'no'} sign on this kernel, and the script was built for a number ${local.signed ? 'with' : 'without'} one`;
}
