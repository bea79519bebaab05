/** kstack and ustack. */
import type { TypedCall, TypedExpression } from '../analysis/typed.ts';
import type { Lowering, Storage } from '../lowering/lowering.ts';
import type { StackMode } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import { describe, typedCall, unavailable, wordOf } from './use.ts';

const DEFAULT_LIMIT = 127;
const LARGEST_LIMIT = 1024n;

function stackMode(word: string): StackMode | undefined {
  return word === 'bpftrace' || word === 'perf' || word === 'raw' || word === 'build_id'
    ? word
    : undefined;
}

function analyse(
  name: 'kstack' | 'ustack' | 'dw_ustack',
  use: BuiltinUse,
  scope: AnalysisScope,
): TypedExpression | undefined {
  const [first, second] = use.args;
  const firstIsMode = first !== undefined && wordOf(first) !== undefined;
  const modeArgument = firstIsMode || second !== undefined ? first : undefined;
  const limitArgument = modeArgument === undefined ? first : second;
  const space = name === 'kstack' ? 'kernel' : 'user';

  let mode = scope.config.stackMode;
  // Only bpf_get_stack gives build ids, of user code: a default of them does not reach the others.
  if (name !== 'ustack' && mode === 'build_id') mode = 'bpftrace';
  if (modeArgument !== undefined) {
    const word = wordOf(modeArgument) ?? describe(modeArgument);
    const given = stackMode(word);
    if (given === undefined) {
      scope.error(
        `Invalid stack mode: ${word} (expects: bpftrace, perf, raw or build_id)`,
        modeArgument.range,
      );
      return undefined;
    }
    if (given === 'build_id' && name !== 'ustack') {
      scope.error('build_id is a mode of ustack only', modeArgument.range);
      return undefined;
    }
    mode = given;
  }

  let limit = DEFAULT_LIMIT;
  if (limitArgument !== undefined) {
    const literal = scope.intLiteral(limitArgument, use);
    if (literal === undefined) return undefined;
    if (literal < 1n) {
      scope.error(`${name}: invalid limit value: ${literal}`, limitArgument.range);
      return undefined;
    }
    if (literal > LARGEST_LIMIT) {
      scope.error(
        `${name}([int limit]): limit shouldn't exceed ${LARGEST_LIMIT}, ${literal} given`,
        limitArgument.range,
      );
      return undefined;
    }
    limit = Number(literal);
  }
  return typedCall(name, use, { kind: 'stack', space, mode, limit });
}

function lowerInto(call: TypedCall, lowering: Lowering, to: Storage): void {
  lowering.captureStack(call.type, to.pointer);
}

export const kstack: Builtin = {
  name: 'kstack',
  arity: [0, 2],
  needsProbe: true,
  legacyNames: ['stack'],
  summary: 'The kernel stack: kstack([mode][, limit]), with modes bpftrace, perf and raw.',
  analyse: (use, scope) => analyse('kstack', use, scope),
  lowerInto,
};

export const ustack: Builtin = {
  name: 'ustack',
  arity: [0, 2],
  needsProbe: true,
  summary: 'The user stack: ustack([mode][, limit]), with modes bpftrace, perf, raw and build_id.',
  analyse: (use, scope) => analyse('ustack', use, scope),
  lowerInto,
};

export const dwUstack: Builtin = {
  name: 'dw_ustack',
  arity: [0, 2],
  needsProbe: true,
  summary:
    'The user stack of a process of -p or --dwarf-pid, also without frame pointers, by its unwind tables: dw_ustack([mode][, limit]). Unstable.',
  analyse(use, scope) {
    if (!scope.allowUnstable('dwUstack', use.range)) return undefined;
    if (scope.kernel.arch !== 'x86_64') {
      scope.error(`dw_ustack is not available on ${scope.kernel.arch}`, use.range);
      return undefined;
    }
    if (scope.probe.context === 'none') return unavailable(use, scope);
    return analyse('dw_ustack', use, scope);
  },
  lowerInto: (call, lowering, to) => lowering.captureStack(call.type, to.pointer, true),
};
