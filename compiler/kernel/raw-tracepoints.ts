/** Raw tracepoints as BTF has them. */
import { BTF_KIND, type Btf } from './btf.ts';
import { skipModifiers } from './btf-types.ts';

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
  const pointer = skipModifiers(btf, typedef);
  const prototypes = NAMED_BY.flatMap((prefix) => {
    const id = btf.find(BTF_KIND.function, `${prefix}${event}`);
    return id === undefined ? [] : [btf.sizeOrType(id)];
  });
  const own = skipModifiers(btf, btf.sizeOrType(pointer));
  const count = btf.length(own);
  const named = prototypes.find((id) => btf.length(id) === count) ?? own;
  return Array.from({ length: Math.max(0, count - 1) }, (_, index) => {
    const name = btf.string(btf.word(named, (index + 1) * 2));
    return {
      name: name === '' ? `arg${index}` : name,
      typeId: btf.word(own, (index + 1) * 2 + 1),
    };
  });
}
