/** Members of structs and unions, those of anonymous ones inside them as their own. */
import { BTF_KIND, damaged } from '../../linker/btf/btf.ts';
import { type Btf, type BtfMember, bitfieldOf } from '../../linker/btf/read.ts';
import { resolveType } from './btf-types.ts';
import type { Member } from './types.ts';

/** Deeper than any C compiler nests anonymous structs in the kernel. */
const DEEPEST = 32;

/** The member of a name, which C allows once for a struct and its anonymous members. */
export function findMember(btf: Btf, struct: number, name: string): Member | undefined {
  if (name === '') return undefined;
  for (const member of walk(btf, struct, 0, []))
    if (member.name === name) return describe(btf, member);
  return undefined;
}

export function listMembers(btf: Btf, struct: number): readonly Member[] {
  return [...walk(btf, struct, 0, [])].map((member) => describe(btf, member));
}

interface FoundMember extends BtfMember {
  readonly indexes: readonly number[];
}

/** Members with names, at their places in the outermost struct. */
function* walk(
  btf: Btf,
  struct: number,
  base: number,
  path: readonly number[],
): Generator<FoundMember> {
  if (path.length > DEEPEST) throw damaged(`struct ${struct} contains itself`);
  if (!isAggregate(btf, struct)) return;
  for (const [index, member] of btf.members(struct).entries()) {
    const indexes = [...path, index];
    const bitOffset = base + member.bitOffset;
    if (member.name === '') yield* walk(btf, btf.skipModifiers(member.type), bitOffset, indexes);
    else yield { ...member, bitOffset, indexes };
  }
}

function isAggregate(btf: Btf, id: number): boolean {
  const kind = btf.kind(id);
  return kind === BTF_KIND.struct || kind === BTF_KIND.union;
}

function describe(btf: Btf, member: FoundMember): Member {
  const { type, tag } = resolveType(btf, member.type);
  const { at, bits } = bitfieldOf(btf, member);
  return {
    name: member.name,
    type,
    bitOffset: member.bitOffset + at,
    bitSize: bits,
    indexes: member.indexes,
    tag,
  };
}
