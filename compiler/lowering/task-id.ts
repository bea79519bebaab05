/** Ids of the current task. What user space calls pid and tid is `tgid` and `pid` inside of the kernel: mind the halves. */
import type { IrValue } from '../llvm/ir.ts';
import type { Lowering, PidNamespace, TaskId } from './lowering.ts';

/**
 * Process or thread id of the current task, in the loader's PID namespace, the initial one or, to compare with the
 * process of -p, that process' own. The loader sets `pidNamespace` (and `filterNamespace`) only where it is not in the
 * initial one, so elsewhere the verifier removes the branch.
 */
export function lowerTaskId(id: TaskId, namespace: PidNamespace, lowering: Lowering): IrValue {
  const make = () => makeTaskId(id, namespace, lowering);
  return lowering.sparesStack ? make() : lowering.ir.once(`${id} ${namespace}`, make);
}

function makeTaskId(id: TaskId, namespace: PidNamespace, lowering: Lowering): IrValue {
  const { ir } = lowering;
  // Thread group id in the upper half, thread id in the lower one (kernel/bpf/helpers.c,
  // bpf_get_current_pid_tgid). Called before any branch, so that all uses share one call.
  const both = lowering.call('get_current_pid_tgid');
  const initial = id === 'pid' ? ir.op('lshr', both, ir.constant(32)) : both;
  if (namespace === 'init') return ir.extend(initial, 4, false);
  const shared = lowering.shared(namespace === 'filtered' ? 'filterNamespace' : 'pidNamespace');
  const inode = ir.loadFixed(shared, 8, 8);
  const own = ir.ifValue(
    ir.compare('ne', inode, ir.constant(0)),
    () => {
      // struct bpf_pidns_info { __u32 pid; __u32 tgid; }: the helper fills it with zeros when the task is
      // not in the namespace.
      const device = ir.loadFixed(shared, 0, 8);
      const info = lowering.temporary(8);
      lowering.call('get_ns_current_pid_tgid', device, inode, info, ir.constant(8));
      return ir.load(info, id === 'pid' ? 4 : 0, 4, false);
    },
    () => initial,
  );
  return ir.extend(own, 4, false);
}
