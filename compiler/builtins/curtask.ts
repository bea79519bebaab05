/** curtask, and what is one or two members away from it. */
import type { TypedExpression } from '../analysis/typed.ts';
import { ownTypes } from '../kernel/types.ts';
import type { PointerType, StructType, Type } from '../types/type.ts';
import { UINT32, VOID } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import { typedCall } from './use.ts';

function pointerTo(to: Type): PointerType {
  return { kind: 'pointer', to, space: 'kernel' };
}

export const curtask: Builtin = {
  name: 'curtask',
  arity: [0, 0],
  summary: 'The current task: a pointer to struct task_struct.',
  analyse(use, scope) {
    const task = ownTypes(scope.kernel).struct('struct', 'task_struct');
    return typedCall('curtask', use, pointerTo(task ?? VOID));
  },
  lower: (_call, lowering) =>
    lowering.ir.pointerToInt(lowering.callPointer('get_current_task_btf')),
};

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
  return {
    name,
    arity: [0, 1],
    summary,
    analyse(use, scope) {
      const [argument] = use.args;
      const task =
        argument === undefined ? curtask.analyse(use, scope) : scope.expression(argument);
      if (task === undefined) return undefined;
      if (argument !== undefined && structBehind(task.type, scope)?.name !== 'task_struct') {
        scope.error(`${name}() expects a pointer to struct task_struct`, argument.range);
        return undefined;
      }
      const value = follow(task, path, use, scope);
      if (value === undefined || value.type.kind === 'string') return value;
      return { kind: 'cast', type: UINT32, operand: value, range: use.range };
    },
  };
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
