/** Functions of the kernel as BTF has them: what fentry and fexit programs can be typed by. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import type { Btf } from '../../linker/btf/read.ts';
import { resolveType } from './btf-types.ts';
import type { ContextValue, KernelFunction, Parameter } from './types.ts';

/** MAX_BPF_FUNC_ARGS (include/linux/bpf.h). */
const MOST_PARAMETERS = 12;

/**
 * The prototype of a function, or why the kernel does not let programs be attached to it; undefined where BTF knows no
 * function of that name.
 */
export function kernelFunction(
  btf: Btf,
  name: string,
  isOwn: (id: number) => boolean = () => true,
): KernelFunction | string | undefined {
  const id = btf.named(name).find((each) => btf.kind(each) === BTF_KIND.function && isOwn(each));
  if (id === undefined) return undefined;
  const prototype = btf.sizeOrType(id);
  const reason = refusal(btf, prototype);
  if (reason !== undefined) return reason;
  let slot = 0;
  const parameters = Array.from({ length: btf.length(prototype) }, (_, index): Parameter => {
    const typeId = parameterType(btf, prototype, index);
    const parameter = {
      name: parameterName(btf, prototype, index),
      type: resolveType(btf, typeId).type,
      typeId,
      slot,
      ...refusedByVerifier(btf, typeId),
    };
    slot += sizeOf(btf, typeId) > 8 ? 2 : 1;
    return parameter;
  });
  const returned = btf.sizeOrType(prototype);
  const result =
    returned === 0
      ? undefined
      : {
          type: resolveType(btf, returned).type,
          typeId: returned,
          slot,
          ...refusedByVerifier(btf, returned),
        };
  return { parameters, result };
}

/**
 * Names of the functions that programs can be attached to, of those that match, in the order of their ids. Nothing
 * but sizes is looked at, since there are tens of thousands.
 */
export function typedFunctions(
  btf: Btf,
  matches: (name: string) => boolean,
  isOwn: (id: number) => boolean = () => true,
): readonly string[] {
  // Where several have one name, the first is the one that is attached to.
  const found = new Map<string, boolean>();
  for (const id of btf.ofKind(BTF_KIND.function)) {
    const name = btf.name(id);
    if (matches(name) && !found.has(name) && isOwn(id))
      found.set(name, refusal(btf, btf.sizeOrType(id)) === undefined);
  }
  return [...found].flatMap(([name, isTyped]) => (isTyped ? [name] : []));
}

/** Why the kernel attaches no program to a function, as btf_distill_func_proto (kernel/bpf/btf.c) decides. */
function refusal(btf: Btf, prototype: number): string | undefined {
  const count = btf.length(prototype);
  if (count > MOST_PARAMETERS) return `it has more than ${MOST_PARAMETERS} parameters`;
  for (let index = 0; index < count; index += 1) {
    const type = parameterType(btf, prototype, index);
    if (type === 0) return 'it takes a variable number of arguments';
    const size = sizeOf(btf, type);
    if (size > 16 || (size > 8 && !isAggregate(btf, type)))
      return `its parameter ${parameterName(btf, prototype, index)} has ${size} bytes`;
  }
  const returned = btf.sizeOrType(prototype);
  return returned !== 0 && (isAggregate(btf, returned) || sizeOf(btf, returned) > 8)
    ? 'it returns a struct'
    : undefined;
}

/**
 * Pointers to pointers, enums, arrays, functions and unknown structs (btf_ctx_access, kernel/bpf/btf.c), and before Linux
 * 5.17 those to numbers. What is void here may be a number there.
 */
export function refusedByVerifier(btf: Btf, declared: number): Pick<ContextValue, 'isRefused'> {
  const id = btf.skipModifiers(declared);
  if (btf.kind(id) !== BTF_KIND.pointer) return {};
  return isAggregate(btf, btf.sizeOrType(id)) ? {} : { isRefused: true };
}

export function parameterName(btf: Btf, prototype: number, index: number): string {
  const name = btf.string(btf.word(prototype, index * 2));
  return name === '' ? `arg${index}` : name;
}

export function parameterType(btf: Btf, prototype: number, index: number): number {
  return btf.word(prototype, index * 2 + 1);
}

function isAggregate(btf: Btf, declared: number): boolean {
  const kind = btf.kind(btf.skipModifiers(declared));
  return kind === BTF_KIND.struct || kind === BTF_KIND.union;
}

/** Bytes of a parameter; what has no size of its own is a pointer. */
function sizeOf(btf: Btf, declared: number): number {
  const id = btf.skipModifiers(declared);
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
