/** comm: name of the current thread. */
import type { Builtin } from './builtin.ts';
import { typedCall } from './use.ts';

/** TASK_COMM_LEN (include/linux/sched.h). */
const COMM_SIZE = 16;

export const comm: Builtin = {
  name: 'comm',
  arity: [0, 1],
  summary: 'Name of the current thread.',
  analyse(use, scope) {
    const [argument] = use.args;
    if (argument !== undefined) {
      scope.error('comm() of another process is not supported yet', argument.range);
      return undefined;
    }
    return typedCall('comm', use, { kind: 'string', size: COMM_SIZE });
  },
  /**
   * Reads straight into the destination. Before Linux 6.2 bpf_get_current_comm (kernel/bpf/helpers.c) leaves what
   * stood behind the NUL, which would tell equal keys apart.
   */
  lowerInto(_call, lowering, to) {
    if (to.padded) lowering.ir.zero(to.pointer, COMM_SIZE, to.align);
    lowering.call('get_current_comm', to.pointer, lowering.ir.constant(COMM_SIZE));
  },
};
