/** `KernelTypes` over BTF, which is opened when the first type is asked for. */

import { BTF_KIND } from '../../linker/btf/btf.ts';
import { type Btf, readBtf } from '../../linker/btf/read.ts';
import { createWays } from '../../linker/btf/ways.ts';
import type { StructType, Type } from '../types/type.ts';
import { enumType, resolveType, structType } from './btf-types.ts';
import { kernelFunction, refusedByVerifier, typedFunctions } from './functions.ts';
import { findMember, listMembers } from './members.ts';
import { RAW_TRACEPOINT, rawTracepointParameters } from './raw-tracepoints.ts';
import { plainStock, type TypeStock } from './type-stock.ts';
import type { KernelFunction, KernelTypes, Member, Parameter } from './types.ts';

type Enumerator = { readonly value: bigint; readonly type: Type };

export interface BtfTypes {
  readonly types: KernelTypes;
  /** See `KernelDescription.percpuVariable`. */
  percpuVariable(name: string): { readonly id: number; readonly type: Type } | undefined;
  /** Parameters of a raw tracepoint without the leading `void *`. */
  rawTracepoint(event: string, module?: string): readonly Parameter[] | undefined;
  /** See `KernelDescription.function`. */
  function(name: string, module?: string): KernelFunction | string | undefined;
  /** Names of the functions that fentry and fexit can be attached to, unsorted: the kernel's own, or a module's. */
  typedFunctions(matches: (name: string) => boolean, module?: string): readonly string[];
}

/** Of one BTF. */
export function createBtfTypes(bytes: () => Uint8Array): BtfTypes {
  return createStockTypes(plainStock(bytes));
}

/** Of BTF that grows: a name that is not there yet brings in what has it. */
export function createStockTypes(stock: TypeStock): BtfTypes {
  let opened:
    | {
        readonly bytes: Uint8Array;
        readonly btf: Btf;
        readonly ways: ReturnType<typeof createWays>;
      }
    | undefined;
  const openWith = (bytes: Uint8Array) => {
    if (opened?.bytes === bytes) return opened;
    const read = readBtf(bytes);
    opened = { bytes, btf: read, ways: createWays(read) };
    return opened;
  };
  const open = (bytes: Uint8Array): Btf => openWith(bytes).btf;
  const btf = (): Btf => open(stock.bytes());
  const sought = <T>(name: string, find: () => T | undefined): T | undefined => {
    for (;;) {
      const found = find();
      if (found !== undefined || stock.more(name) === undefined) return found;
    }
  };
  const structs = new Map<string, StructType | undefined>();
  const members = new Map<string, Member | undefined>();
  const lists = new Map<number, readonly Member[]>();
  const enumerators = new Map<string, Enumerator | undefined>();

  const types: KernelTypes = {
    struct: (aggregate, name) =>
      remember(structs, `${aggregate} ${name}`, () => {
        const kind = aggregate === 'struct' ? BTF_KIND.struct : BTF_KIND.union;
        const id = sought(name, () => btf().find(kind, name));
        return id === undefined ? undefined : structType(btf(), id);
      }),
    enum: (name) => {
      const id = sought(
        name,
        () => btf().find(BTF_KIND.enum, name) ?? btf().find(BTF_KIND.enum64, name),
      );
      return id === undefined ? undefined : enumType(btf(), id);
    },
    typedef: (name) => {
      const id = sought(name, () => btf().find(BTF_KIND.typedef, name));
      return id === undefined ? undefined : resolveType(btf(), id).type;
    },
    member: (struct, name) =>
      remember(members, `${struct.id} ${name}`, () => findMember(btf(), struct.id, name)),
    members: (struct) => remember(lists, struct.id, () => listMembers(btf(), struct.id)),
    enumerator: (name) =>
      remember(enumerators, name, () => sought(name, () => findEnumerator(btf(), name))),
    ways({ id }) {
      const { ways } = openWith(stock.bytes());
      return ways(id).map((way) => ({ ...way, root: structType(btf(), way.root) }));
    },
    enumerators: (id) => (isEnum(btf(), id) ? btf().enumerators(id) : []),
  };
  return {
    types,
    rawTracepoint(event, module) {
      const name = `${RAW_TRACEPOINT}${event}`;
      if (module === undefined) return sought(name, () => rawTracepoint(btf(), event));
      const found = stock.withModule(module);
      const isIts = found && open(found.bytes).named(name).some(found.isItsOwn);
      return isIts ? rawTracepoint(btf(), event) : undefined;
    },
    function(name, module) {
      if (module !== undefined) {
        const found = stock.withModule(module);
        return found && kernelFunction(open(found.bytes), name, found.isItsOwn);
      }
      return (
        kernelFunction(btf(), name, stock.isKernels) ??
        kernelFunction(open(stock.kernels()), name, stock.isKernels)
      );
    },
    percpuVariable: (name) =>
      percpuVariable(btf(), name) ?? percpuVariable(open(stock.kernels()), name),
    typedFunctions(matches, module) {
      if (module === undefined)
        return typedFunctions(open(stock.kernels()), matches, stock.isKernels);
      const found = stock.withModule(module);
      return found ? typedFunctions(open(found.bytes), matches, found.isItsOwn) : [];
    },
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
  const places = name === '' ? [] : btf.offsetsOf(name);
  if (places.length === 0) return undefined;
  for (const id of btf.ofKind(BTF_KIND.enum, BTF_KIND.enum64)) {
    const words = btf.kind(id) === BTF_KIND.enum ? 2 : 3;
    const length = btf.length(id);
    for (let index = 0; index < length; index += 1) {
      if (!places.includes(btf.word(id, index * words))) continue;
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
    ...refusedByVerifier(btf, typeId),
  }));
}

/** The kernel's own name of the section (include/linux/percpu-defs.h), which its verifier looks for. */
const PERCPU_SECTION = '.data..percpu';

function percpuVariable(
  btf: Btf,
  name: string,
): { readonly id: number; readonly type: Type } | undefined {
  const variables = btf.named(name).filter((id) => btf.kind(id) === BTF_KIND.variable);
  if (variables.length === 0) return undefined;
  // One of each kernel.
  const sections = btf.named(PERCPU_SECTION).filter((id) => btf.kind(id) === BTF_KIND.section);
  const inside = sections
    .flatMap((section) => btf.variables(section))
    .find(({ variable }) => variables.includes(variable));
  if (inside === undefined) return undefined;
  const id = btf.sizeOrType(inside.variable);
  return { id, type: resolveType(btf, id).type };
}
