/** What a probe was called with: args, arg0 to arg9, retval and ctx. */
import { UINT64 } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { refusedInLoop, typedCall, unavailable } from './use.ts';

export const args: Builtin = {
  name: 'args',
  arity: [0, 0],
  needsProbe: true,
  summary: 'Fields of a tracepoint, or arguments of a raw tracepoint or a function: args.NAME.',
  /** Gives the context as a whole; taking a field of it is the analysis of field accesses. */
  analyse(use, scope) {
    const { probe } = scope;
    if (!probe.fields && !probe.parameters && !probe.arguments) {
      const hint =
        probe.provider === 'uretprobe'
          ? ['When a function returns, its arguments are gone. Keep them in a map, in a uprobe.']
          : probe.registers > 0
            ? [`Use arg0 to arg${probe.registers - 1}.`]
            : [];
      return unavailable(use, scope, ...hint);
    }
    if (refusedInLoop(use, scope)) return undefined;
    return typedCall('args', use, { kind: 'context' });
  },
  lower: (_call, lowering) => lowering.ir.pointerToInt(lowering.context),
};

const REGISTERS = ['arg0', 'arg1', 'arg2', 'arg3', 'arg4', 'arg5', 'arg6', 'arg7'] as const;

function argN(index: number): Builtin {
  const name = `arg${index}`;
  return {
    name,
    arity: [0, 0],
    needsProbe: true,
    summary: `Argument ${index} of the probed function, raw tracepoint or USDT point, as 64 bits.`,
    analyse(use, scope) {
      const { probe } = scope;
      if (probe.registers === 0) {
        const named = probe.fields !== undefined || probe.parameters !== undefined;
        const hint = named ? ['Use args.NAME.'] : [];
        return unavailable(use, scope, ...hint);
      }
      if (refusedInLoop(use, scope)) return undefined;
      if (index >= probe.registers) {
        const last = probe.registers - 1;
        scope.error(
          `${name} is not available: ${probe.name} has arg0${last > 0 ? ` to arg${last}` : ' only'}`,
          use.range,
        );
        return undefined;
      }
      if (probe.context === 'btf-arguments') {
        return { kind: 'context-argument', index, type: UINT64, range: use.range };
      }
      return typedCall(name, use, UINT64);
    },
    lower(_call, lowering) {
      if (lowering.probe.provider === 'usdt') return lowering.usdtArgument(index);
      const register = REGISTERS[index];
      if (register === undefined) throw new Error(`${name} does not come in a register`);
      return lowering.register(register);
    },
  };
}

/** arg0 to arg9, from the first. */
export const numberedArguments: readonly Builtin[] = Array.from({ length: 10 }, (_, index) =>
  argN(index),
);

export const retval: Builtin = {
  name: 'retval',
  arity: [0, 0],
  needsProbe: true,
  summary: 'Return value of the probed function, as 64 bits; in fexit of its own type.',
  analyse(use, scope) {
    if (!scope.probe.hasRetval) return unavailable(use, scope);
    if (refusedInLoop(use, scope)) return undefined;
    const { result } = scope.probe;
    if (result)
      return { kind: 'context-argument', type: result.type, index: result.slot, range: use.range };
    return typedCall('retval', use, UINT64);
  },
  lower: (_call, lowering) => lowering.register('retval'),
};

export const ctx: Builtin = {
  name: 'ctx',
  arity: [0, 0],
  needsProbe: true,
  summary: "Address of the probe's context.",
  analyse(use, scope) {
    const { probe } = scope;
    if (probe.context === 'none') return unavailable(use, scope);
    if (probe.context === 'tracepoint') {
      scope.error('Use args instead of ctx in tracepoint', use.range);
      return undefined;
    }
    if (refusedInLoop(use, scope)) return undefined;
    if (probe.iterated)
      return typedCall('ctx', use, { kind: 'pointer', to: probe.iterated, space: 'kernel' });
    return typedCall('ctx', use, { kind: 'context' });
  },
  lower: (_call, lowering) => lowering.ir.pointerToInt(lowering.context),
};
