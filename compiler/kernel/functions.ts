/** Functions of the kernel as BTF has them: what fentry and fexit programs can be typed by. */
import { BTF_KIND, type Btf } from './btf.ts';
import { resolveType, skipModifiers } from './btf-types.ts';
import type { KernelFunction, Parameter } from './types.ts';

/** MAX_BPF_FUNC_ARGS (include/linux/bpf.h). */
const MOST_PARAMETERS = 12;

/**
 * The prototype of a function, or why the kernel does not let programs be attached to it, as btf_distill_func_proto
 * (kernel/bpf/btf.c) decides; undefined where BTF knows no function of that name.
 */
export function kernelFunction(btf: Btf, name: string): KernelFunction | string | undefined {
  const id = btf.find(BTF_KIND.function, name);
  if (id === undefined) return undefined;
  const prototype = btf.sizeOrType(id);
  const count = btf.length(prototype);
  if (count > MOST_PARAMETERS) return `it has more than ${MOST_PARAMETERS} parameters`;
  const parameters: Parameter[] = [];
  let slot = 0;
  for (let index = 0; index < count; index += 1) {
    const typeId = btf.word(prototype, index * 2 + 1);
    if (typeId === 0) return 'it takes a variable number of arguments';
    const parameterName = btf.string(btf.word(prototype, index * 2));
    const { type } = resolveType(btf, typeId);
    const size = sizeOf(btf, typeId);
    if (size > 16 || (size > 8 && type.kind !== 'struct'))
      return `its parameter ${parameterName} has ${size} bytes`;
    parameters.push({ name: parameterName === '' ? `arg${index}` : parameterName, type, slot });
    slot += size > 8 ? 2 : 1;
  }
  const returned = btf.sizeOrType(prototype);
  const { type } = resolveType(btf, returned);
  if (returned !== 0 && (type.kind === 'struct' || sizeOf(btf, returned) > 8))
    return 'it returns a struct';
  return { parameters, result: returned === 0 ? undefined : { type, slot } };
}

/** Bytes of a parameter; what has no size of its own is a pointer. */
function sizeOf(btf: Btf, declared: number): number {
  const id = skipModifiers(btf, declared);
  switch (btf.kind(id)) {
    case BTF_KIND.int:
    case BTF_KIND.struct:
    case BTF_KIND.union:
    case BTF_KIND.enum:
    case BTF_KIND.enum64:
    case BTF_KIND.float:
      return btf.sizeOrType(id);
    default:
      return 8;
  }
}

/** Names of all functions, in the order of their ids; some stand several times. */
export function functionNames(btf: Btf): readonly string[] {
  return btf.ofKind(BTF_KIND.function).map((id) => btf.name(id));
}
