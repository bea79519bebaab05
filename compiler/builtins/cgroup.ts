/** cgroup and cgroup_path: the current task's control group, and the path of one. */
import { integer, optional, text } from '../analysis/parameters.ts';
import { UINT64 } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { argument, cast, plainValue } from './use.ts';

export const cgroup: Builtin = plainValue(
  'cgroup',
  UINT64,
  "Id of the current task's cgroup (version 2).",
  (lowering) => lowering.call('get_current_cgroup_id'),
  { steady: true },
);

export const cgroupid: Builtin = defineBuiltin({
  name: 'cgroupid',
  parameters: { path: text },
  summary: 'Id of the cgroup (version 2) of a folder, found out when the program is loaded.',
  analyse: ({ path }) => typed(UINT64, { plan: { path: path.value } }),
  lower: ({ plan }, lowering) => lowering.hostValue({ kind: 'cgroup', name: plan.path }),
});

export const cgroupPath: Builtin = defineBuiltin({
  name: 'cgroup_path',
  parameters: { id: integer, pattern: optional(text) },
  summary:
    'Path of a cgroup by its id, in the hierarchies that a pattern matches (all), when it is printed.',
  analyse: ({ id, pattern }) =>
    typed(
      { kind: 'cgroup_path' },
      { args: [cast(id, UINT64)], plan: { pattern: pattern?.value ?? '*' } },
    ),
  /** {u64 id, u32 pattern, u32 unused} */
  lowerInto(call, lowering, to) {
    const { ir } = lowering;
    ir.store(to.pointer, 0, 8, lowering.value(argument(call, 0)));
    ir.store(to.pointer, 8, 4, ir.constant(lowering.format(call.plan.pattern)));
    ir.store(to.pointer, 12, 4, ir.constant(0));
  },
});
