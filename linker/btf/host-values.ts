/**
 * Types of values that the host has in contexts: arguments and results of its functions. The loader compares them with
 * the host's own, so they are whole as far as the value reaches.
 */
import { BTF_KIND } from './btf.ts';
import type { BtfBuilder } from './builder.ts';
import { addPointee } from './pointees.ts';
import type { Btf } from './read.ts';

/** Types of values nest a few levels deep. */
const DEEPEST = 16;

/** Copies types of the kernel into the object's BTF: its ids, by the kernel's. 0 is void in both. */
export function addHostValues(
  kernel: () => Btf,
  builder: BtfBuilder,
  types: readonly number[],
): (id: number) => number {
  const copies = new Map(
    [...new Set(types)].map((id) => [id, id === 0 ? 0 : copyOf(builder, kernel(), id, 0)]),
  );
  return (id) => {
    const copy = copies.get(id);
    if (copy === undefined) throw new Error(`type ${id} of the kernel was not copied`);
    return copy;
  };
}

function copyOf(builder: BtfBuilder, kernel: Btf, id: number, depth: number): number {
  const type = kernel.resolve(id);
  const inner = (of: number): number =>
    depth >= DEEPEST ? 0 : copyOf(builder, kernel, of, depth + 1);
  switch (type.kind) {
    case BTF_KIND.int: {
      const { encoding, bits } = kernel.int(type.id);
      return builder.int(type.name, type.sizeOrType, encoding, bits);
    }
    case BTF_KIND.float:
      return builder.float(type.name, type.sizeOrType);
    case BTF_KIND.pointer:
      return builder.pointer(addPointee(builder, kernel, type.sizeOrType));
    case BTF_KIND.array: {
      const { element, count } = kernel.array(type.id);
      return builder.array(inner(element), count);
    }
    case BTF_KIND.struct:
    case BTF_KIND.union:
      return builder.aggregate(
        type.kind === BTF_KIND.struct ? 'struct' : 'union',
        type.name,
        type.sizeOrType,
        kernel.members(type.id).map((member) => ({ ...member, type: inner(member.type) })),
      );
    case BTF_KIND.enum:
    case BTF_KIND.enum64: {
      const wide = type.kind === BTF_KIND.enum64;
      return builder.enum(type.name, type.sizeOrType, type.kindFlag, [], wide);
    }
    default:
      return 0;
  }
}
