/** comm: name of the current thread, or of another process. */
import type { AnalysisScope, BuiltinUse } from '../analysis/builtin.ts';
import { integer, optional } from '../analysis/parameters.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import { ownTypes } from '../kernel/types.ts';
import type { Lowering, Storage } from '../lowering/lowering.ts';
import { type StringType, UINT32 } from '../types/type.ts';
import { type Analysed, type Builtin, type Call, defineBuiltin, typed } from './builtin.ts';
import { argument, cast } from './use.ts';

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

/** Where task_struct has its `comm`: the id of the struct, the offset in bytes and the path of its relocation. */
interface Place {
  readonly struct: number;
  readonly offset: number;
  readonly indexes: readonly number[];
}

/** Of the name of another process; of that of the current thread there is nothing to know. */
type Plan = Place | undefined;

function analyseOther(
  pid: TypedExpression,
  use: BuiltinUse,
  scope: AnalysisScope,
): Analysed<Plan> | undefined {
  const { provider, section } = scope.probe;
  if (section === '.text' || REFUSED.has(provider)) {
    const place = section === '.text' ? 'in functions' : `with "${provider}" probes`;
    scope.error(
      'probe-kind',
      `comm of another process can not be used ${place}`,
      use.range,
      'The kernel lets tracepoint, rawtracepoint, interval, profile, software, fentry and fexit probes ask for it.',
    );
    return undefined;
  }
  const types = ownTypes(scope.kernel);
  const task = types.struct('struct', 'task_struct');
  const member = task && types.member(task, 'comm');
  if (!task || !member) {
    scope.error(
      'kernel-lacks',
      'comm() is not available: this kernel has no task_struct->comm',
      use.range,
    );
    return undefined;
  }
  const plan = { struct: task.id, offset: member.bitOffset / 8, indexes: member.indexes };
  return typed(OTHER, { args: [cast(pid, UINT32)], plan });
}

function lowerOther(call: Call<Plan>, place: Place, lowering: Lowering, to: Storage): void {
  const { ir } = lowering;
  const say = (text: string, message: string): void => {
    lowering.into({ kind: 'string', value: text, type: OTHER, range: call.range }, to);
    lowering.emit({ kind: 'warning', fields: [], message, range: call.range }, () => {});
  };
  const pid = lowering.value(argument(call, 0));
  const { struct, offset, indexes } = place;
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
            lowering.coreNumber('byte-offset', struct, indexes, offset),
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

export const comm: Builtin = defineBuiltin({
  name: 'comm',
  parameters: { pid: optional(integer) },
  summary: 'Name of the current thread, or of another process by its id.',
  analyse({ pid }, use, scope): Analysed<Plan> | undefined {
    if (pid !== undefined) return analyseOther(pid, use, scope);
    return typed({ kind: 'string', size: COMM_SIZE }, { traits: { steady: true } });
  },
  /**
   * Reads straight into the destination. Before Linux 6.2 bpf_get_current_comm (kernel/bpf/helpers.c) leaves what
   * stood behind the NUL, which would tell equal keys apart.
   */
  lowerInto(call, lowering, to) {
    if (call.plan !== undefined) {
      lowerOther(call, call.plan, lowering, to);
      return;
    }
    if (to.padded) lowering.ir.zero(to.pointer, COMM_SIZE, to.align);
    lowering.call('get_current_comm', to.pointer, lowering.ir.constant(COMM_SIZE));
  },
});
