/**
 * CO-RE: the object's own minimal copies of kernel types, and relocation records that refer to them.
 *
 * A copy holds only the members on some access path, at the offsets of the kernel description. libbpf looks
 * members up in the running kernel by name (`bpf_core_match_member` in tools/lib/bpf/relo_core.c) and
 * compares field types by kind alone, so pointers that no program follows become `void *`, and structs that no path
 * enters stay empty.
 */

import { BTF_KIND, BtfError, ENCODING } from './btf.ts';
import type { BtfBuilder } from './builder.ts';
import type { CoreSite, NamedSite } from './definitions.ts';
import { addPointee } from './pointees.ts';
import { type Btf, type BtfMember, type BtfType, bitfieldOf } from './read.ts';

/** What a record of `.BTF.ext` says beyond its instruction. */
export interface CoreAccess {
  /** Id in the object's BTF. */
  readonly type: number;
  /** `0:1:0`: the struct itself, then members as numbered in the object's BTF. */
  readonly access: string;
  /** enum bpf_core_relo_kind. */
  readonly kind: number;
}

/** enum bpf_core_relo_kind of include/uapi/linux/bpf.h. */
export const CORE_KIND: Readonly<Record<CoreSite['relocation'] | NamedSite['relocation'], number>> =
  {
    'byte-offset': 0,
    'byte-size': 1,
    exists: 2,
    signed: 3,
    lshift: 4,
    rshift: 5,
    'type-exists': 8,
    // As a path without steps: libbpf takes the size of a type that the kernel lacks for 0 (BPF_CORE_TYPE_SIZE), but
    // makes an instruction of a missing place one that the verifier refuses, if it is reached.
    'type-size': 1,
    'enum-value-exists': 10,
    'enum-value': 11,
  };

/**
 * Adds local types for all sites, and gives the access of each. A site in an unnamed struct that no typedef
 * names has none: nothing could find such a struct in another kernel, so its number stays as it is, and the loader
 * compares the struct (`within` of the manifest's types).
 */
export function addCoreTypes(
  kernel: Btf,
  builder: BtfBuilder,
  sites: readonly CoreSite[],
): ReadonlyMap<CoreSite, CoreAccess> {
  const used = usedMembers(kernel, sites);
  const followed = followedMembers(kernel, sites);
  const copies = new Map<number, number>();

  /** Copies the type of a member, without its modifiers; with what its pointers lead to where they are `followed`. */
  const copy = (id: number, isFollowed: boolean): number => {
    const type = kernel.resolve(id);
    switch (type.kind) {
      case BTF_KIND.void:
        return 0;
      case BTF_KIND.int: {
        const { encoding, bits } = kernel.int(type.id);
        return builder.int(type.name, type.sizeOrType, encoding, bits);
      }
      case BTF_KIND.float:
        return builder.float(type.name, type.sizeOrType);
      case BTF_KIND.pointer:
        return builder.pointer(isFollowed ? addPointee(builder, kernel, type.sizeOrType) : 0);
      case BTF_KIND.array: {
        const { element, count } = kernel.array(type.id);
        return builder.array(copy(element, isFollowed), count);
      }
      case BTF_KIND.struct:
      case BTF_KIND.union:
        return copyAggregate(type);
      case BTF_KIND.enum:
      case BTF_KIND.enum64:
        return builder.enum(
          type.name,
          type.sizeOrType,
          type.kindFlag,
          [],
          type.kind === BTF_KIND.enum64,
        );
      default:
        throw new BtfError(`a member of kind ${type.kind} cannot be relocated`);
    }
  };

  const copyAggregate = (type: BtfType): number => {
    const known = copies.get(type.id);
    if (known !== undefined) return known;
    const members = kernel.members(type.id);
    const id = builder.aggregate(
      type.kind === BTF_KIND.union ? 'union' : 'struct',
      type.name,
      type.sizeOrType,
      indexesOf(used, type.id).map((index) => {
        const member = memberAt(members, index, type);
        return {
          ...member,
          type: copy(member.type, followed.get(type.id)?.has(index) === true),
        };
      }),
    );
    copies.set(type.id, id);
    return id;
  };

  const accesses = new Map<CoreSite, CoreAccess>();
  for (const site of sites) {
    if (site.relocation === 'enum-value') {
      accesses.set(site, enumeratorAccess(kernel, builder, site));
      continue;
    }
    const struct = kernel.resolve(site.struct);
    const name = struct.name === '' ? kernel.typedefOf(struct.id) : struct.name;
    if (name === undefined) continue;
    const local = copyAggregate(struct);
    accesses.set(site, {
      type: struct.name === '' ? builder.typedef(name, local) : local,
      access: ['0', ...localIndexes(kernel, used, site)].join(':'),
      kind: CORE_KIND[site.relocation],
    });
  }
  return accesses;
}

/** An enum with that one enumerator: libbpf looks for both by their names. */
function enumeratorAccess(kernel: Btf, builder: BtfBuilder, site: CoreSite): CoreAccess {
  const type = kernel.resolve(site.struct);
  const found = kernel.enumerators(type.id)[site.indexes[0] ?? 0];
  if (!found) throw new BtfError(`${type.name} has no enumerator ${site.indexes}`);
  const wide = type.kind === BTF_KIND.enum64;
  return {
    type: builder.enum(type.name, type.sizeOrType, type.kindFlag, [found], wide),
    access: '0',
    kind: CORE_KIND['enum-value'],
  };
}

/** One step of an access path: the aggregate or array that it is taken in. */
interface Step {
  readonly container: BtfType;
  readonly index: number;
}

function stepsOf(btf: Btf, root: number, indexes: readonly number[]): readonly Step[] {
  let current = btf.resolve(root);
  return indexes.map((index) => {
    const step = { container: current, index };
    current = btf.resolve(enter(btf, current, index).type);
    return step;
  });
}

/** The member or element that an index selects. */
function enter(btf: Btf, container: BtfType, index: number): BtfMember {
  if (container.kind === BTF_KIND.array) {
    const { element } = btf.array(container.id);
    return { name: '', type: element, bitOffset: index * btf.sizeOf(element) * 8, bitSize: 0 };
  }
  if (container.kind !== BTF_KIND.struct && container.kind !== BTF_KIND.union)
    throw new BtfError(`type ${container.id} (${container.name}) has no members`);
  return memberAt(btf.members(container.id), index, container);
}

function memberAt(members: readonly BtfMember[], index: number, type: BtfType): BtfMember {
  const member = members[index];
  if (!member) throw new BtfError(`${type.name || `type ${type.id}`} has no member ${index}`);
  return member;
}

type Members = ReadonlyMap<number, ReadonlySet<number>>;

/** Members on some path, by the id of their aggregate. */
function usedMembers(kernel: Btf, sites: readonly CoreSite[]): Members {
  const ofMembers = sites.filter(({ relocation }) => relocation !== 'enum-value');
  return membersOf(
    ofMembers.flatMap(({ struct, indexes }) => memberSteps(kernel, struct, indexes)),
  );
}

/** Pointers, and arrays of such, that some program follows. */
function followedMembers(kernel: Btf, sites: readonly CoreSite[]): Members {
  return membersOf(
    sites
      .filter(({ follows }) => follows)
      .flatMap(({ struct, indexes }) => memberSteps(kernel, struct, indexes).slice(-1)),
  );
}

function memberSteps(kernel: Btf, root: number, indexes: readonly number[]): readonly Step[] {
  return stepsOf(kernel, root, indexes).filter(
    ({ container }) => container.kind !== BTF_KIND.array,
  );
}

function membersOf(steps: readonly Step[]): Members {
  const members = new Map<number, Set<number>>();
  for (const { container, index } of steps)
    members.set(container.id, (members.get(container.id) ?? new Set()).add(index));
  return members;
}

function indexesOf(used: Members, id: number): number[] {
  return [...(used.get(id) ?? [])].sort((left, right) => left - right);
}

function localIndexes(kernel: Btf, used: Members, site: CoreSite): readonly string[] {
  return stepsOf(kernel, site.struct, site.indexes).map(({ container, index }) =>
    String(
      container.kind === BTF_KIND.array ? index : indexesOf(used, container.id).indexOf(index),
    ),
  );
}

/**
 * The number that libbpf computes for a relocation from the object's own BTF, and whether it insists that the
 * instruction holds it (`bpf_core_calc_field_relo` in relo_core.c: it does not for most of a bitfield's).
 */
export function coreValue(
  local: Btf,
  access: CoreAccess,
): { readonly value: number; readonly binding: boolean } {
  if (access.kind === CORE_KIND['enum-value']) {
    const value = local.enumerators(local.skipModifiers(access.type))[0]?.[1];
    return { value: Number(value), binding: true };
  }
  if (access.kind === CORE_KIND['type-exists'] || access.kind === CORE_KIND['enum-value-exists'])
    return { value: 1, binding: true };
  if (access.kind === CORE_KIND['byte-size'] && access.access === '0')
    return { value: local.sizeOf(access.type), binding: true };
  const indexes = access.access.split(':').slice(1).map(Number);
  const steps = stepsOf(local, access.type, indexes);
  const last = steps.at(-1);
  if (!last) throw new BtfError('an access path is empty');
  const member = enter(local, last.container, last.index);
  const bitOffset = steps.reduce(
    (sum, step) => sum + enter(local, step.container, step.index).bitOffset,
    0,
  );
  return memberValue(local, access.kind, { ...member, bitOffset });
}

/** The same of a member whose place from the outermost struct is known. */
export function memberValue(
  btf: Btf,
  kind: number,
  member: BtfMember,
): { readonly value: number; readonly binding: boolean } {
  const { bitOffset } = member;
  const type = btf.resolve(member.type);
  const { bits: bitSize } = bitfieldOf(btf, member);
  const bitfield = bitSize > 0;

  let byteSize = btf.sizeOf(member.type);
  let byteOffset = Math.floor(bitOffset / 8);
  if (bitfield) {
    const containing = (): number => Math.floor(bitOffset / 8 / byteSize) * byteSize;
    byteOffset = containing();
    while (bitOffset + bitSize - byteOffset * 8 > byteSize * 8) {
      if (byteSize >= 8) throw new BtfError(`bitfield ${member.name} cannot be loaded at once`);
      byteSize *= 2;
      byteOffset = containing();
    }
  }
  const bits = bitfield ? bitSize : byteSize * 8;
  switch (kind) {
    case CORE_KIND['byte-offset']:
      return { value: byteOffset, binding: !bitfield };
    case CORE_KIND['byte-size']:
      return { value: byteSize, binding: !bitfield };
    case CORE_KIND.exists:
      return { value: 1, binding: true };
    case CORE_KIND.signed:
      return { value: isSigned(btf, type) ? 1 : 0, binding: true };
    case CORE_KIND.lshift:
      return { value: 64 - (bitOffset + bits - byteOffset * 8), binding: !bitfield };
    case CORE_KIND.rshift:
      return { value: 64 - bits, binding: true };
    default:
      throw new BtfError(`unknown CO-RE relocation ${kind}`);
  }
}

function isSigned(btf: Btf, type: BtfType): boolean {
  // An enum's sign is its kind flag (Documentation/bpf/btf.rst).
  if (type.kind === BTF_KIND.enum || type.kind === BTF_KIND.enum64) return type.kindFlag;
  return type.kind === BTF_KIND.int && (btf.int(type.id).encoding & ENCODING.signed) !== 0;
}
