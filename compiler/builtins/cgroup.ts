import { UINT64 } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { plainValue } from './use.ts';

/** cgroup: the current task's control group. */
export const cgroup: Builtin = plainValue(
  'cgroup',
  UINT64,
  "Id of the current task's cgroup (version 2).",
  (lowering) => lowering.call('get_current_cgroup_id'),
);
