/** What raw tracepoints and functions of a kernel are called with: as the loader's host/prototypes.c reads it. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import type { Btf } from '../../linker/btf/read.ts';
import { asText } from '../../linker/inspect/json.ts';
import type { Host } from './host.ts';
import type { ProbeView } from './object.ts';

export interface PrototypeValue {
  /** As declared; 0: void. */
  readonly type: number;
  /** Of u64, in the context. */
  readonly slot: number;
}

export interface Prototype {
  readonly btf: Btf;
  readonly parameters: readonly (PrototypeValue & { readonly name: string })[];
  readonly result: PrototypeValue;
}

/** The event's own functions (include/linux/tracepoint.h) have the names. */
const NAMED_BY = ['__probestub_', '__traceiter_', '__bpf_trace_'];

function describe(btf: Btf, types: number, names: number, hidden: number): Prototype {
  const parameters: (PrototypeValue & { readonly name: string })[] = [];
  const named = btf.parameters(names);
  let slot = 0;
  for (const [index, { type }] of btf.parameters(types).entries()) {
    if (index < hidden) continue;
    parameters.push({ name: named[index]?.name || `arg${index - hidden}`, type, slot });
    slot += btf.sizeOf(type) > 8 ? 2 : 1;
  }
  return { btf, parameters, result: { type: btf.sizeOrType(types), slot } };
}

export function prototypeOfFunction(btf: Btf, name: string): Prototype | undefined {
  const id = btf.find(BTF_KIND.function, name);
  if (id === undefined) return undefined;
  const types = btf.sizeOrType(id);
  return btf.kind(types) === BTF_KIND.prototype ? describe(btf, types, types, 0) : undefined;
}

export function prototypeOfEvent(btf: Btf, event: string): Prototype | undefined {
  const typedef = btf.find(BTF_KIND.typedef, `btf_trace_${event}`);
  const pointer = typedef === undefined ? 0 : btf.sizeOrType(typedef);
  if (btf.kind(pointer) !== BTF_KIND.pointer) return undefined;
  const types = btf.sizeOrType(pointer);
  if (btf.kind(types) !== BTF_KIND.prototype) return undefined;
  const named = NAMED_BY.flatMap((prefix) => {
    const id = btf.find(BTF_KIND.function, `${prefix}${event}`);
    return id === undefined ? [] : [btf.sizeOrType(id)];
  }).find((id) => btf.length(id) === btf.length(types));
  return describe(btf, types, named ?? types, 1);
}

/** Of the event or function that a probe is for; undefined where the kernel has none of that name. */
export function prototypeOfProbe(
  host: Host,
  { provider, target }: ProbeView,
): Prototype | undefined {
  const [own] = host.btfs;
  if (!own) return undefined;
  const module = asText(target.module);
  if (provider === 'rawtracepoint') {
    const event = asText(target.event);
    return prototypeOfEvent(own, event) ?? eventOfModule(host, event);
  }
  const name = asText(target.function);
  if (module !== '' && module !== 'vmlinux') return functionOfModule(host, name, module);
  return prototypeOfFunction(own, name) ?? functionOfModule(host, name, undefined);
}

function eventOfModule(host: Host, event: string): Prototype | undefined {
  const btf = host.withModules((description) => description.rawTracepoint(event));
  return btf && prototypeOfEvent(btf, event);
}

/** Without a module, of the one that has it. */
function functionOfModule(
  host: Host,
  name: string,
  module: string | undefined,
): Prototype | undefined {
  const owner = module ?? host.description.functionModules?.(name)[0];
  const found = owner === undefined ? undefined : host.description.function(name, owner);
  if (found === undefined || typeof found === 'string') return undefined;
  const btf = host.withModules(() => found);
  const { parameters, result } = found;
  return (
    btf && {
      btf,
      parameters: parameters.map((each) => ({
        name: each.name,
        type: each.typeId,
        slot: each.slot,
      })),
      result: { type: result?.typeId ?? 0, slot: result?.slot ?? 0 },
    }
  );
}
