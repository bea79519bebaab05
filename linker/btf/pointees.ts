/**
 * What pointers of the kernel lead to, as far as the loader has to compare it: a program that follows a pointer takes what
 * is there for what the kernel description says.
 */
import { BTF_KIND } from './btf.ts';
import type { BtfBuilder } from './builder.ts';
import type { Btf } from './read.ts';

/** Pointers to pointers that scripts follow. */
const DEEPEST = 4;

/** A struct by its name alone, a number, or a pointer to such; what else there is becomes void, which is not compared. */
export function addPointee(builder: BtfBuilder, kernel: Btf, id: number, depth = 0): number {
  const type = kernel.resolve(id);
  const { kind, name, sizeOrType: size } = type;
  switch (kind) {
    case BTF_KIND.int: {
      const { encoding, bits } = kernel.int(type.id);
      return builder.int(name, size, encoding, bits);
    }
    case BTF_KIND.enum:
    case BTF_KIND.enum64:
      return builder.enum(name, size, type.kindFlag, [], kind === BTF_KIND.enum64);
    case BTF_KIND.pointer:
      return depth >= DEEPEST ? 0 : builder.pointer(addPointee(builder, kernel, size, depth + 1));
    case BTF_KIND.struct:
      return name === '' ? 0 : builder.forward('struct', name);
    case BTF_KIND.union:
      return name === '' ? 0 : builder.forward('union', name);
    case BTF_KIND.forward:
      return builder.forward(type.kindFlag ? 'union' : 'struct', name);
    default:
      return 0;
  }
}
