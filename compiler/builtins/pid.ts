/** pid and tid. */
import { optional, word } from '../analysis/parameters.ts';
import type { TaskId } from '../lowering/lowering.ts';
import { UINT32 } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';

function taskId(name: TaskId, summary: string): Builtin {
  return defineBuiltin({
    ...{ name, summary },
    traits: { steady: true },
    parameters: { namespace: optional(word('curr_ns', 'init')) },
    analyse: ({ namespace }) =>
      typed(UINT32, { plan: { namespace: namespace?.value ?? 'curr_ns' } }),
    lower: ({ plan }, lowering) => lowering.taskId(name, plan.namespace),
  });
}

export const pid: Builtin = taskId(
  'pid',
  'Process id; as the tracer sees it, or pid(init) as the initial namespace does.',
);

export const tid: Builtin = taskId(
  'tid',
  'Thread id; as the tracer sees it, or tid(init) as the initial namespace does.',
);
