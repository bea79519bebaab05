/** func: the function that a kprobe or uprobe stands in. */
import { isInBpfProgram, isInKernelFunction } from '../probes/probe.ts';
import type { Builtin } from './builtin.ts';
import { lowerTaskId } from './pid.ts';
import { refusedInLoop, textConstant, typedCall, unavailable } from './use.ts';

export const func: Builtin = {
  name: 'func',
  arity: [0, 0],
  needsProbe: true,
  summary: 'Name of the probed function.',
  analyse(use, scope) {
    const { probe } = scope;
    const kernel = isInKernelFunction(probe);
    const bpf = isInBpfProgram(probe);
    const user = probe.provider === 'uprobe' || probe.provider === 'uretprobe';
    if (!kernel && !user && !bpf) return unavailable(use, scope);
    if (refusedInLoop(use, scope)) return undefined;
    // One map can hold it from several attach points: it is an address in all of them if it is one in any.
    if (kernel && (scope.functionsAtLoad || probe.function === undefined))
      return typedCall('func', use, { kind: 'ksym' });
    if (probe.function !== undefined) return textConstant(probe.function, use.range);
    if (probe.wildcard || probe.parameterised) return typedCall('func', use, { kind: 'probe' });
    return typedCall('func', use, { kind: 'usym' });
  },
  /**
   * ksym: address of the kernel function. In user space only the loader knows which functions a pattern means, and
   * bpf_get_func_ip only since Linux 6.6: the name stands behind that of the probe in the loader's table.
   */
  lower({ type }, lowering) {
    const { ir } = lowering;
    return type.kind === 'probe'
      ? ir.op('add', lowering.eventName(), ir.constant(1))
      : lowering.call('get_func_ip', lowering.context);
  },
  /** usym, at an address: a uprobe's registers still point at the function's first instruction (handle_swbp). */
  lowerInto(_call, lowering, to) {
    const { ir } = lowering;
    ir.store(to.pointer, 0, 8, lowering.register('ip'));
    ir.store(to.pointer, 8, 4, lowerTaskId('pid', 'curr_ns', lowering));
    ir.store(to.pointer, 12, 4, ir.constant(0));
  },
};
