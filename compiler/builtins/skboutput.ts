/** skboutput: a network packet, for the loader to write to a pcap file. */
import type { AnalysisScope, BuiltinUse } from '../analysis/builtin.ts';
import { integer, text, value } from '../analysis/parameters.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import type { IrValue } from '../llvm/ir.ts';
import type { EventSpec } from '../lowering/lowering.ts';
import type { Type } from '../types/type.ts';
import { UINT32, UINT64 } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { argument, cast, inTracing, UNPINNED } from './use.ts';

/** {u64 boot clock, u32 bytes that follow, u32 bytes of them to skip, u32 the packet's length} */
const FIELDS: readonly Type[] = [UINT64, UINT32, UINT32, UINT32];

/** A record of the perf buffer, with all its headers, has 16 bits for its size (struct perf_event_header). */
const MOST = 65_024;

/** include/uapi/linux/bpf.h: to this CPU's buffer; the number of the packet's bytes stands above. */
const BPF_F_CURRENT_CPU = 0xffff_ffffn;
const LENGTH_SHIFT = 32;

const EFAULT = -14;
const EINVAL = -22;

/** `skb->len` */
function packetLength(
  skb: TypedExpression,
  use: BuiltinUse,
  scope: AnalysisScope,
): TypedExpression | undefined {
  const struct = skb.type.kind === 'pointer' ? skb.type.to : undefined;
  const member = struct?.kind === 'struct' && scope.kernel.types.member(struct, 'len');
  if (struct?.kind === 'struct' && member)
    return { kind: 'member', base: skb, struct, member, type: member.type, range: use.range };
  scope.error(
    'kernel-lacks',
    'skboutput() is not available: this kernel has no sk_buff->len',
    use.range,
  );
  return undefined;
}

export const skboutput: Builtin = defineBuiltin({
  name: 'skboutput',
  traits: { needsLoader: UNPINNED },
  parameters: { file: text, skb: value('struct sk_buff *'), length: integer, offset: integer },
  needsProbe: true,
  summary:
    'Writes bytes of a struct sk_buff * from an offset on to a pcap file (raw IP); 0, or a negative error number.',
  analyse({ file: { value: file, range }, skb, length, offset }, use, scope) {
    if (!inTracing(use, scope)) return undefined;
    if (file === '' || file.includes('\0')) {
      scope.error('argument-value', 'skboutput() expects the path of a file', range);
      return undefined;
    }
    const total = packetLength(skb, use, scope);
    if (!total) return undefined;
    const args = [skb, cast(length, UINT64), cast(offset, UINT64), total];
    return typed(UINT32, { args, plan: { file } });
  },
  /** The helper copies from the packet's first byte on: the loader leaves out what is before the offset. */
  lower(call, lowering) {
    const { ir } = lowering;
    const least = (a: IrValue, b: IrValue) => ir.select(ir.compare('ult', a, b), a, b);
    return lowering.typedPointer(
      argument(call, 0),
      (skb) => {
        const most = ir.constant(MOST);
        const total = lowering.value(argument(call, 3));
        const length = least(lowering.value(argument(call, 1)), most);
        const offset = least(lowering.value(argument(call, 2)), most);
        const end = least(least(ir.op('add', length, offset), total), most);
        return ir.ifValue(
          ir.compare('ule', end, offset),
          () => ir.constant(EINVAL),
          () => {
            const spec: EventSpec = {
              kind: 'packet',
              fields: FIELDS,
              format: call.plan.file,
              range: call.range,
            };
            const { pointer, size, countLost } = lowering.record(spec, (field) => {
              ir.store(field(0).pointer, 0, 8, lowering.call('ktime_get_boot_ns'));
              ir.store(field(1).pointer, 0, 4, end);
              ir.store(field(2).pointer, 0, 4, offset);
              ir.store(field(3).pointer, 0, 4, total);
            });
            const result = lowering.call(
              'skb_output',
              skb,
              lowering.runtimeMap('packets'),
              ir.op(
                'or',
                ir.op('shl', end, ir.constant(LENGTH_SHIFT)),
                ir.constant(BPF_F_CURRENT_CPU),
              ),
              pointer,
              ir.constant(size),
            );
            ir.if_(ir.toBool(result), countLost);
            return result;
          },
        );
      },
      () => ir.constant(EFAULT),
    );
  },
});
