/** What a probe was called with: args, arg0 to arg11, retval and ctx. */
import type { ProbeTarget } from '../probes/probe.ts';
import { UINT64 } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { refusedInLoop, unavailable } from './use.ts';

export const args: Builtin = defineBuiltin({
  name: 'args',
  traits: { asksOf: 'fields', holdsFields: true, readsContext: true },
  needsProbe: true,
  summary: 'Fields of a tracepoint, or arguments of a raw tracepoint or a function: args.NAME.',
  /** Gives the context as a whole; taking a field of it is the analysis of field accesses. */
  analyse(_given, use, scope) {
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
    return typed({ kind: 'context' });
  },
  lower: (_call, lowering) => lowering.ir.pointerToInt(lowering.context),
});

const REGISTERS = ['arg0', 'arg1', 'arg2', 'arg3', 'arg4', 'arg5', 'arg6', 'arg7'] as const;

function argN(index: number): Builtin {
  const name = `arg${index}`;
  return defineBuiltin({
    name,
    traits: { asksOf: 'event', argument: index, readsContext: true },
    needsProbe: true,
    summary: `Argument ${index} of the probed function, raw tracepoint or USDT point, as 64 bits.`,
    analyse(_given, use, scope) {
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
          'probe-kind',
          `${name} is not available: ${probe.name} has arg0${last > 0 ? ` to arg${last}` : ' only'}`,
          use.range,
        );
        return undefined;
      }
      if (probe.context === 'btf-arguments') {
        const isRefused = probe.parameters?.find(({ slot }) => slot === index)?.isRefused;
        const copied = isRefused && { isCopied: isRefused };
        return { kind: 'context-argument', index, type: UINT64, ...copied, range: use.range };
      }
      return typed(UINT64);
    },
    lower(_call, lowering) {
      if (lowering.probe.provider === 'usdt') return lowering.usdtArgument(index);
      const register = REGISTERS[index];
      if (register === undefined) throw new Error(`${name} does not come in a register`);
      return lowering.register(register);
    },
  });
}

/** arg0 to arg11, from the first: only USDT points have the last two. */
export const numberedArguments: readonly Builtin[] = Array.from({ length: 12 }, (_, index) =>
  argN(index),
);

/** Which probe has what `retval` was meant to be. */
function whereResultsAre({ provider, fields }: ProbeTarget): readonly string[] {
  if (fields?.some(({ name }) => name === 'ret')) return ['Use args.ret.'];
  const other = AT_RETURN[provider];
  return other === undefined ? [] : [`A function has a result when it returns: use ${other}.`];
}

const AT_RETURN: Readonly<Record<string, string | undefined>> = {
  kprobe: 'kretprobe',
  uprobe: 'uretprobe',
  fentry: 'fexit',
};

export const retval: Builtin = defineBuiltin({
  name: 'retval',
  traits: { asksOf: 'result', givesResult: true, readsContext: true },
  needsProbe: true,
  summary: 'Return value of the probed function, as 64 bits; in fexit of its own type.',
  analyse(_given, use, scope) {
    if (!scope.probe.hasRetval) return unavailable(use, scope, ...whereResultsAre(scope.probe));
    if (refusedInLoop(use, scope)) return undefined;
    const { result } = scope.probe;
    if (result) {
      const { type, typeId, slot, isRefused } = result;
      const host = { parameter: undefined, type: typeId };
      const copied = isRefused && { isCopied: isRefused };
      return { kind: 'context-argument', type, index: slot, host, ...copied, range: use.range };
    }
    return typed(UINT64);
  },
  lower: (_call, lowering) => lowering.register('retval'),
});

export const ctx: Builtin = defineBuiltin({
  name: 'ctx',
  needsProbe: true,
  summary: "Address of the probe's context.",
  analyse(_given, use, scope) {
    const { probe } = scope;
    if (probe.context === 'none') return unavailable(use, scope);
    if (probe.context === 'tracepoint') {
      scope.error('probe-kind', 'Use args instead of ctx in tracepoint', use.range);
      return undefined;
    }
    if (refusedInLoop(use, scope)) return undefined;
    const { iterated } = probe;
    const reason = `ctx is as ${scope.kernel.arch} has it`;
    const plan: { readonly tie: string | undefined } = { tie: iterated ? undefined : reason };
    return typed(
      iterated ? { kind: 'pointer', to: iterated, space: 'kernel' } : { kind: 'context' },
      { plan },
    );
  },
  lower({ plan }, lowering) {
    if (plan.tie !== undefined) lowering.tie(plan.tie);
    return lowering.ir.pointerToInt(lowering.context);
  },
});
