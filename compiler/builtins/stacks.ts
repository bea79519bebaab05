/** kstack, ustack and dw_ustack. */
import { MOST_FRAMES } from '../../linker/contract/types.ts';
import type { AnalysisScope, BuiltinUse } from '../analysis/builtin.ts';
import { atLoad, type Given, number, optional, word } from '../analysis/parameters.ts';
import type { Lowering, Storage } from '../lowering/lowering.ts';
import type { TypeNumber } from '../types/type.ts';
import { type Analysed, type Builtin, type Call, defineBuiltin, typed } from './builtin.ts';
import { unavailable } from './use.ts';

const DEFAULT_LIMIT = 127;

const parameters = {
  mode: optional(word('bpftrace', 'perf', 'raw', 'build_id')),
  limit: optional(atLoad(number(1n, BigInt(MOST_FRAMES)))),
};

function analyse(
  name: 'kstack' | 'ustack' | 'dw_ustack',
  { mode: asked, limit }: Given<typeof parameters>,
  scope: AnalysisScope,
): Analysed<undefined> | undefined {
  // Only bpf_get_stack gives build ids, of user code: a default of them does not reach the others.
  const { stackMode } = scope.config;
  const usual = name !== 'ustack' && stackMode === 'build_id' ? 'bpftrace' : stackMode;
  if (asked?.value === 'build_id' && name !== 'ustack') {
    scope.error('argument-value', 'build_id is a mode of ustack only', asked.range);
    return undefined;
  }
  return typed({
    kind: 'stack',
    space: name === 'kstack' ? 'kernel' : 'user',
    mode: asked?.value ?? usual,
    limit: limitOf(limit),
  });
}

function limitOf(limit: Given<typeof parameters>['limit']): TypeNumber {
  if (limit === undefined) return DEFAULT_LIMIT;
  return 'value' in limit ? Number(limit.value) : { parameter: limit.parameter };
}

function lowerInto(call: Call, lowering: Lowering, to: Storage): void {
  lowering.captureStack(call.type, to.pointer);
}

export const kstack: Builtin = defineBuiltin({
  name: 'kstack',
  parameters,
  needsProbe: true,
  legacyNames: ['stack'],
  summary: 'The kernel stack: kstack([mode][, limit]), with modes bpftrace, perf and raw.',
  analyse: (given, _use, scope) => analyse('kstack', given, scope),
  lowerInto,
});

export const ustack: Builtin = defineBuiltin({
  name: 'ustack',
  parameters,
  needsProbe: true,
  summary: 'The user stack: ustack([mode][, limit]), with modes bpftrace, perf, raw and build_id.',
  analyse: (given, _use, scope) => analyse('ustack', given, scope),
  lowerInto,
});

export const dwUstack: Builtin = defineBuiltin({
  name: 'dw_ustack',
  traits: { runsCallback: true },
  parameters,
  needsProbe: true,
  summary:
    'The user stack of a process of -p or --dwarf-pid, also without frame pointers, by its unwind tables: dw_ustack([mode][, limit]). Unstable.',
  analyse(given, use: BuiltinUse, scope) {
    if (!scope.allowUnstable('dwUstack', use.range)) return undefined;
    if (scope.kernel.arch !== 'x86_64') {
      scope.error('kernel-lacks', `dw_ustack is not available on ${scope.kernel.arch}`, use.range);
      return undefined;
    }
    if (scope.probe.context === 'none') return unavailable(use, scope);
    return analyse('dw_ustack', given, scope);
  },
  lowerInto: (call, lowering, to) => lowering.captureStack(call.type, to.pointer, true),
});
