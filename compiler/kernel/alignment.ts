/** How C aligns types of BTF. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import { type Btf, bitfieldOf } from '../../linker/btf/read.ts';
import { alignOfStruct } from '../types/layout.ts';

/** Types do not hold each other so deeply: a damaged description may. */
const DEEPEST = 64;

const POINTER = 8;

/** `known` has the structs that were seen, so that each counts once. */
export function alignmentOf(
  btf: Btf,
  declared: number,
  known: Map<number, number> = new Map(),
  depth = 0,
): number {
  const id = btf.skipModifiers(declared);
  if (depth > DEEPEST) return 1;
  switch (btf.kind(id)) {
    case BTF_KIND.int:
    case BTF_KIND.float:
    case BTF_KIND.enum:
    case BTF_KIND.enum64:
      return Math.max(1, btf.sizeOrType(id));
    case BTF_KIND.pointer:
      return POINTER;
    case BTF_KIND.array:
      return alignmentOf(btf, btf.array(id).element, known, depth + 1);
    case BTF_KIND.struct:
    case BTF_KIND.union: {
      const found = known.get(id);
      if (found !== undefined) return found;
      known.set(id, 1);
      const members = btf.members(id).map((member) => {
        const { at, bits } = bitfieldOf(btf, member);
        return {
          bitOffset: member.bitOffset + at,
          bitSize: bits,
          align: alignmentOf(btf, member.type, known, depth + 1),
        };
      });
      const align = alignOfStruct(btf.sizeOrType(id), members);
      known.set(id, align);
      return align;
    }
    default:
      return 1;
  }
}
