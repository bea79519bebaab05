/** uid and gid of the current task, in the initial user namespace. */
import { UINT64 } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { plainValue } from './use.ts';

// bpf_get_current_uid_gid gives the group id in the upper half (kernel/bpf/helpers.c).

export const uid: Builtin = plainValue('uid', UINT64, 'User id of the current task.', (lowering) =>
  lowering.ir.op('and', lowering.call('get_current_uid_gid'), lowering.ir.constant(0xffffffff)),
);

export const gid: Builtin = plainValue('gid', UINT64, 'Group id of the current task.', (lowering) =>
  lowering.ir.op('lshr', lowering.call('get_current_uid_gid'), lowering.ir.constant(32)),
);
