/** Members of structs and unions, those of anonymous ones inside them as their own. */
import { BTF_KIND, type Btf } from './btf.ts';
import { integerBits, resolveType, skipModifiers } from './btf-types.ts';
import { KernelDescriptionError } from './error.ts';
import type { Member } from './types.ts';

/** Words of a struct btf_member: name, type, offset. */
const MEMBER_WORDS = 3;
/** Deeper than any C compiler nests anonymous structs in the kernel. */
const DEEPEST = 32;

interface RawMember {
  readonly nameOffset: number;
  readonly type: number;
  readonly bitOffset: number;
  readonly bitSize: number;
  readonly indexes: readonly number[];
}

/** The member of a name, which C allows once for a struct and its anonymous members. */
export function findMember(btf: Btf, struct: number, name: string): Member | undefined {
  const nameOffset = btf.offsetOf(name);
  if (nameOffset === undefined || nameOffset === 0) return undefined;
  for (const member of walk(btf, struct, 0, [])) {
    if (member.nameOffset === nameOffset) return describe(btf, member);
  }
  return undefined;
}

export function listMembers(btf: Btf, struct: number): readonly Member[] {
  return [...walk(btf, struct, 0, [])].map((member) => describe(btf, member));
}

function* walk(
  btf: Btf,
  struct: number,
  base: number,
  path: readonly number[],
): Generator<RawMember> {
  if (path.length > DEEPEST)
    throw new KernelDescriptionError(`the BTF is damaged: struct ${struct} contains itself`);
  const count = isAggregate(btf, struct) ? btf.length(struct) : 0;
  const packed = btf.flag(struct);
  for (let index = 0; index < count; index += 1) {
    const nameOffset = btf.word(struct, index * MEMBER_WORDS);
    const type = btf.word(struct, index * MEMBER_WORDS + 1);
    const word = btf.word(struct, index * MEMBER_WORDS + 2);
    const indexes = [...path, index];
    // With the kind flag the offset's upper byte is the size of a bitfield.
    const bitOffset = base + (packed ? word & 0xffffff : word);
    if (nameOffset === 0) {
      const inner = skipModifiers(btf, type);
      if (isAggregate(btf, inner)) yield* walk(btf, inner, bitOffset, indexes);
      continue;
    }
    if (packed) {
      yield { nameOffset, type, bitOffset, bitSize: word >>> 24, indexes };
    } else {
      const old = oldBitfield(btf, type);
      yield { nameOffset, type, bitOffset: bitOffset + old.at, bitSize: old.bits, indexes };
    }
  }
}

/** Before the kind flag a bitfield was an integer type of fewer bits. */
function oldBitfield(btf: Btf, type: number): { readonly bits: number; readonly at: number } {
  const base = skipModifiers(btf, type);
  if (btf.kind(base) !== BTF_KIND.int) return { bits: 0, at: 0 };
  const { bits, at } = integerBits(btf, base);
  return bits === btf.sizeOrType(base) * 8 ? { bits: 0, at: 0 } : { bits, at };
}

function isAggregate(btf: Btf, id: number): boolean {
  const kind = btf.kind(id);
  return kind === BTF_KIND.struct || kind === BTF_KIND.union;
}

function describe(btf: Btf, member: RawMember): Member {
  const { type, tag } = resolveType(btf, member.type);
  return {
    name: btf.string(member.nameOffset),
    type,
    bitOffset: member.bitOffset,
    bitSize: member.bitSize,
    indexes: member.indexes,
    tag,
  };
}
