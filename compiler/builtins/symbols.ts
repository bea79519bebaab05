/** ksym and usym: addresses that the loader prints as symbols. */
import { UINT64 } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { address, argument, cast } from './use.ts';

export const ksym: Builtin = defineBuiltin({
  name: 'ksym',
  parameters: { address },
  summary: 'An address in the kernel, printed as the symbol there.',
  traits: { kernelSymbol: true },
  analyse: (given) => typed({ kind: 'ksym' }, { args: [cast(given.address, UINT64)] }),
  lower: (call, lowering) => lowering.value(argument(call, 0)),
});

export const usym: Builtin = defineBuiltin({
  name: 'usym',
  parameters: { address },
  summary: 'An address in the current process, printed as the symbol there.',
  analyse: (given) => typed({ kind: 'usym' }, { args: [cast(given.address, UINT64)] }),
  /** {u64 address, u32 pid, u32 unused}: the pid as the loader sees it, which reads its memory map. */
  lowerInto(call, lowering, to) {
    const { ir } = lowering;
    ir.store(to.pointer, 0, 8, lowering.value(argument(call, 0)));
    ir.store(to.pointer, 8, 4, lowering.taskId('pid', 'curr_ns'));
    ir.store(to.pointer, 12, 4, ir.constant(0));
  },
});
