/** comm: name of the current thread, or of another process. */

import type { TypedCall, TypedExpression } from '../analysis/typed.ts';
import { ownTypes } from '../kernel/types.ts';
import type { Lowering, Storage } from '../lowering/lowering.ts';
import { kindName } from '../types/names.ts';
import { type StringType, UINT32 } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import { argument, isInteger, typedCall } from './use.ts';

/** TASK_COMM_LEN (include/linux/sched.h). */
const COMM_SIZE = 16;
/** Of the name of another process, which may be a word about it. */
const OTHER: StringType = { kind: 'string', size: 64 };

/**
 * Providers whose programs the kernel lets call bpf_task_from_pid: TRACING, and since Linux 6.12 TRACEPOINT and
 * PERF_EVENT (btf_prog_type_to_kfunc_hook, kernel/bpf/btf.c).
 */
const REFUSED: ReadonlySet<string> = new Set([
  'begin',
  'end',
  'self',
  'kprobe',
  'kretprobe',
  'uprobe',
  'uretprobe',
  'usdt',
]);

function analyseOther(
  given: NonNullable<BuiltinUse['args'][number]>,
  use: BuiltinUse,
  scope: AnalysisScope,
): TypedExpression | undefined {
  const { provider, section } = scope.probe;
  if (section === '.text' || REFUSED.has(provider)) {
    const place = section === '.text' ? 'in functions' : `with "${provider}" probes`;
    scope.error(
      `comm of another process can not be used ${place}`,
      use.range,
      'The kernel lets tracepoint, rawtracepoint, interval, profile, software, fentry and fexit probes ask for it.',
    );
    return undefined;
  }
  const pid = scope.expression(given);
  if (!isInteger(pid.type)) {
    scope.error(
      `comm() only supports integer arguments (${kindName(pid.type)} provided)`,
      given.range,
    );
    return undefined;
  }
  const types = ownTypes(scope.kernel);
  const task = types.struct('struct', 'task_struct');
  const member = task && types.member(task, 'comm');
  if (!task || !member) {
    scope.error('comm() is not available: this kernel has no task_struct->comm', use.range);
    return undefined;
  }
  return typedCall('comm', use, OTHER, {
    args: [{ kind: 'cast', type: UINT32, operand: pid, range: pid.range }],
    literals: [BigInt(task.id), BigInt(member.bitOffset / 8), ...member.indexes.map(BigInt)],
  });
}

function lowerOther(call: TypedCall, lowering: Lowering, to: Storage): void {
  const { ir } = lowering;
  const say = (text: string, message: string): void => {
    lowering.into({ kind: 'string', value: text, type: OTHER, range: call.range }, to);
    lowering.emit({ kind: 'warning', fields: [], message, range: call.range }, () => {});
  };
  const pid = lowering.value(argument(call, 0));
  const [struct = 0, local = 0, ...indexes] = (call.literals ?? []).map(Number);
  const allowed = lowering.hostValue({ kind: 'kfunc', name: 'bpf_task_from_pid' });
  ir.if_(
    ir.compare('ne', allowed, ir.constant(0)),
    () => {
      const task = lowering.callKernel('bpf_task_from_pid', pid);
      ir.if_(
        ir.compare('ne', task, ir.constant(0)),
        () => {
          if (to.padded) ir.zero(to.pointer, OTHER.size, to.align);
          const name = ir.op(
            'add',
            task,
            lowering.coreNumber('byte-offset', struct, indexes, local),
          );
          lowering.probeReadString(to.pointer, COMM_SIZE, name, 'kernel');
          lowering.callKernel('bpf_task_release', task);
        },
        () => say('N/A', 'comm(): there is no process with that id.'),
      );
    },
    () =>
      say(
        '[unknown]',
        'comm(): this kernel does not let this probe ask for other processes (bpf_task_from_pid).',
      ),
  );
}

export const comm: Builtin = {
  name: 'comm',
  arity: [0, 1],
  summary: 'Name of the current thread, or of another process by its id.',
  analyse(use, scope) {
    const [given] = use.args;
    if (given !== undefined) return analyseOther(given, use, scope);
    return typedCall('comm', use, { kind: 'string', size: COMM_SIZE });
  },
  /**
   * Reads straight into the destination. Before Linux 6.2 bpf_get_current_comm (kernel/bpf/helpers.c) leaves what
   * stood behind the NUL, which would tell equal keys apart.
   */
  lowerInto(call, lowering, to) {
    if (call.args.length > 0) {
      lowerOther(call, lowering, to);
      return;
    }
    if (to.padded) lowering.ir.zero(to.pointer, COMM_SIZE, to.align);
    lowering.call('get_current_comm', to.pointer, lowering.ir.constant(COMM_SIZE));
  },
};
