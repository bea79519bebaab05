/** Raw tracepoints as BTF has them. */
import { BTF_KIND } from '../../linker/btf/btf.ts';
import type { Btf } from '../../linker/btf/read.ts';

export interface RawParameter {
  readonly name: string;
  readonly typeId: number;
}

/** What the kernel attaches a typed program by (include/trace/bpf_probe.h). */
export const RAW_TRACEPOINT = 'btf_trace_';

/**
 * The typedef is a pointer to a function type, which has no names. The event's own functions
 * (include/linux/tracepoint.h) have them.
 */
const NAMED_BY = ['__probestub_', '__traceiter_', '__bpf_trace_'];

/** Parameters without the leading `void *`; undefined if BTF knows no such event. */
export function rawTracepointParameters(
  btf: Btf,
  event: string,
): readonly RawParameter[] | undefined {
  const typedef = btf.find(BTF_KIND.typedef, `${RAW_TRACEPOINT}${event}`);
  if (typedef === undefined) return undefined;
  const pointer = btf.skipModifiers(typedef);
  const prototypes = NAMED_BY.flatMap((prefix) => {
    const id = btf.find(BTF_KIND.function, `${prefix}${event}`);
    return id === undefined ? [] : [btf.sizeOrType(id)];
  });
  const own = btf.skipModifiers(btf.sizeOrType(pointer));
  const parameters = btf.parameters(own);
  const named = prototypes.find((id) => btf.length(id) === parameters.length) ?? own;
  const names = btf.parameters(named).map(({ name }) => name);
  return parameters.slice(1).map(({ type }, index) => ({
    name: names[index + 1] || `arg${index}`,
    typeId: type,
  }));
}
