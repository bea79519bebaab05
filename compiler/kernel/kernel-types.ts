/** `KernelTypes` over BTF, which is opened when the first type is asked for. */

import { BTF_KIND } from '../../linker/btf/btf.ts';
import { type Btf, readBtf } from '../../linker/btf/read.ts';
import type { StructType, Type } from '../types/type.ts';
import { enumType, resolveType, structType } from './btf-types.ts';
import { kernelFunction, typedFunctions } from './functions.ts';
import { findMember, listMembers } from './members.ts';
import { rawTracepointParameters } from './raw-tracepoints.ts';
import type { KernelFunction, KernelTypes, Member, Parameter } from './types.ts';

type Enumerator = { readonly value: bigint; readonly type: Type };

export interface BtfTypes {
  readonly types: KernelTypes;
  /** See `KernelDescription.percpuVariable`. */
  percpuVariable(name: string): { readonly id: number; readonly type: Type } | undefined;
  /** Parameters of a raw tracepoint without the leading `void *`. */
  rawTracepoint(event: string): readonly Parameter[] | undefined;
  /** See `KernelDescription.function`. */
  function(name: string): KernelFunction | string | undefined;
  /** Names of the functions that fentry and fexit can be attached to, unsorted. */
  typedFunctions(matches: (name: string) => boolean): readonly string[];
}

export function createBtfTypes(bytes: () => Uint8Array): BtfTypes {
  const btf = lazily(() => readBtf(bytes()));
  const structs = new Map<string, StructType | undefined>();
  const members = new Map<string, Member | undefined>();
  const lists = new Map<number, readonly Member[]>();
  const enumerators = new Map<string, Enumerator | undefined>();

  const types: KernelTypes = {
    struct: (aggregate, name) =>
      remember(structs, `${aggregate} ${name}`, () => {
        const kind = aggregate === 'struct' ? BTF_KIND.struct : BTF_KIND.union;
        const id = btf().find(kind, name);
        return id === undefined ? undefined : structType(btf(), id);
      }),
    enum: (name) => {
      const id = btf().find(BTF_KIND.enum, name) ?? btf().find(BTF_KIND.enum64, name);
      return id === undefined ? undefined : enumType(btf(), id);
    },
    typedef: (name) => {
      const id = btf().find(BTF_KIND.typedef, name);
      return id === undefined ? undefined : resolveType(btf(), id).type;
    },
    member: (struct, name) =>
      remember(members, `${struct.id} ${name}`, () => findMember(btf(), struct.id, name)),
    members: (struct) => remember(lists, struct.id, () => listMembers(btf(), struct.id)),
    enumerator: (name) => remember(enumerators, name, () => findEnumerator(btf(), name)),
    enumerators: (id) => (isEnum(btf(), id) ? btf().enumerators(id) : []),
  };
  return {
    types,
    rawTracepoint: (event) => rawTracepoint(btf(), event),
    function: (name) => kernelFunction(btf(), name),
    percpuVariable: (name) => percpuVariable(btf(), name),
    typedFunctions: (matches) => typedFunctions(btf(), matches),
  };
}

function lazily<T>(create: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: create() };
    return made.value;
  };
}

function remember<K, V>(known: Map<K, V>, key: K, create: () => V): V {
  const found = known.get(key);
  if (found !== undefined || known.has(key)) return found as V;
  const made = create();
  known.set(key, made);
  return made;
}

function isEnum(btf: Btf, id: number): boolean {
  const kind = btf.kind(id);
  return kind === BTF_KIND.enum || kind === BTF_KIND.enum64;
}

/** Looks at offsets of names alone, since a kernel has tens of thousands of enumerators. */
function findEnumerator(btf: Btf, name: string): Enumerator | undefined {
  const nameOffset = btf.offsetOf(name);
  if (nameOffset === undefined || nameOffset === 0) return undefined;
  for (const id of btf.ofKind(BTF_KIND.enum, BTF_KIND.enum64)) {
    const words = btf.kind(id) === BTF_KIND.enum ? 2 : 3;
    const length = btf.length(id);
    for (let index = 0; index < length; index += 1) {
      if (btf.word(id, index * words) !== nameOffset) continue;
      const found = btf.enumerators(id)[index];
      return found && { value: found[1], type: enumType(btf, id) };
    }
  }
  return undefined;
}

function rawTracepoint(btf: Btf, event: string): readonly Parameter[] | undefined {
  return rawTracepointParameters(btf, event)?.map(({ name, typeId }, slot) => ({
    name,
    type: resolveType(btf, typeId).type,
    typeId,
    slot,
  }));
}

/** The kernel's own name of the section (include/linux/percpu-defs.h), which its verifier looks for. */
const PERCPU_SECTION = '.data..percpu';

function percpuVariable(
  btf: Btf,
  name: string,
): { readonly id: number; readonly type: Type } | undefined {
  const variable = btf.find(BTF_KIND.variable, name);
  const section = btf.find(BTF_KIND.section, PERCPU_SECTION);
  if (variable === undefined || section === undefined) return undefined;
  const inside = btf.variables(section).some((entry) => entry.variable === variable);
  const id = btf.sizeOrType(variable);
  return inside ? { id, type: resolveType(btf, id).type } : undefined;
}
