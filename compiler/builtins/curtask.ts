/** curtask, and what is one or two members away from it. */
import type { AnalysisScope, BuiltinUse } from '../analysis/builtin.ts';
import { optional, value } from '../analysis/parameters.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import { ownTypes } from '../kernel/types.ts';
import type { StructType, Type } from '../types/type.ts';
import { UINT32, VOID } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';

export const curtask: Builtin = defineBuiltin({
  name: 'curtask',
  traits: { steady: true, btfPointer: true, customaryCast: true },
  summary: 'The current task: a pointer to struct task_struct.',
  analyse(_given, _use, scope) {
    const task = ownTypes(scope.kernel).struct('struct', 'task_struct');
    return typed({ kind: 'pointer', to: task ?? VOID, space: 'kernel' });
  },
  lower: (_call, lowering) =>
    lowering.ir.pointerToInt(lowering.callPointer('get_current_task_btf')),
});

/** `task->a->b`; undefined after reporting that the kernel has no such member. */
function follow(
  task: TypedExpression,
  path: readonly string[],
  use: BuiltinUse,
  scope: AnalysisScope,
): TypedExpression | undefined {
  let value = task;
  for (const name of path) {
    const struct = structBehind(value.type, scope);
    const member = struct && scope.kernel.types.member(struct, name);
    if (struct === undefined || member === undefined) {
      scope.error(
        'kernel-lacks',
        `${use.name} is not available: struct task_struct of this kernel has no ${path.join('->')}`,
        use.range,
      );
      return undefined;
    }
    value = {
      kind: 'member',
      base: value,
      struct,
      member,
      type: member.type,
      range: use.range,
    };
  }
  return value;
}

/** The struct that a pointer leads to; a forward declaration is completed by its name. */
function structBehind(type: Type, scope: AnalysisScope): StructType | undefined {
  if (type.kind !== 'pointer' || type.to.kind !== 'struct') return undefined;
  const struct = type.to;
  if (struct.size > 0) return struct;
  return ownTypes(scope.kernel).struct(struct.aggregate, struct.name) ?? struct;
}

function relative(name: string, path: readonly string[], summary: string): Builtin {
  return defineBuiltin({
    ...{ name, summary },
    parameters: { task: optional(value('struct task_struct *')) },
    analyse({ task: given }, use, scope) {
      const task = given ?? curtask.analyse(use, scope);
      const found = task && follow(task, path, use, scope);
      if (found === undefined || found.type.kind === 'string') return found;
      return { kind: 'cast', type: UINT32, operand: found, range: use.range };
    },
  });
}

// The parent is a process: its thread group id is what getppid(2) gives, where `pid` would be the id of the
// thread that forked (kernel/sys.c, sys_getppid).
export const ppid: Builtin = relative(
  'ppid',
  ['real_parent', 'tgid'],
  'Process id of the parent of the current task, or of a task.',
);

export const pcomm: Builtin = relative(
  'pcomm',
  ['real_parent', 'comm'],
  'Name of the parent of the current task, or of a task.',
);

export const leaderTid: Builtin = relative(
  'leader_tid',
  ['group_leader', 'pid'],
  'Thread id of the main thread of the current process, or of that of a task.',
);

export const leaderComm: Builtin = relative(
  'leader_comm',
  ['group_leader', 'comm'],
  'Name of the main thread of the current process, or of that of a task.',
);
