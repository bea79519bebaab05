/** func: the function that a kprobe or uprobe stands in. */
import { isInBpfProgram, isInKernelFunction } from '../probes/probe.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { refusedInLoop, textConstant, unavailable } from './use.ts';

export const func: Builtin = defineBuiltin({
  name: 'func',
  needsProbe: true,
  summary: 'Name of the probed function.',
  traits: { namesFunction: true, readsContext: true },
  analyse(_given, use, scope) {
    const { probe } = scope;
    const kernel = isInKernelFunction(probe);
    const bpf = isInBpfProgram(probe);
    const user = probe.provider === 'uprobe' || probe.provider === 'uretprobe';
    if (!kernel && !user && !bpf) return unavailable(use, scope);
    if (refusedInLoop(use, scope)) return undefined;
    // One map can hold it from several attach points: it has one form in all of them.
    if (probe.function !== undefined && !scope.functionsAtLoad)
      return textConstant(probe.function, use.range);
    if (kernel) return typed({ kind: 'ksym' });
    const named = probe.function !== undefined || probe.wildcard || probe.parameterised;
    return typed({ kind: named ? 'probe' : 'usym' });
  },
  /**
   * ksym: address of the kernel function. In user space only the loader knows which functions a pattern means, and
   * bpf_get_func_ip only since Linux 6.6: the name stands in the loader's table of names.
   */
  lower({ type }, lowering) {
    return type.kind === 'probe'
      ? lowering.functionName()
      : lowering.call('get_func_ip', lowering.context);
  },
  /** usym, at an address: a uprobe's registers still point at the function's first instruction (handle_swbp). */
  lowerInto(_call, lowering, to) {
    const { ir } = lowering;
    ir.store(to.pointer, 0, 8, lowering.register('ip'));
    ir.store(to.pointer, 8, 4, lowering.taskId('pid', 'curr_ns'));
    ir.store(to.pointer, 12, 4, ir.constant(0));
  },
});
