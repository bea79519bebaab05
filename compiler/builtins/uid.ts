/** uid and gid of the current task, in the initial user namespace. */
import type { IrValue } from '../llvm/ir.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { UINT64 } from '../types/type.ts';
import type { Builtin } from './builtin.ts';
import { plainValue } from './use.ts';

// bpf_get_current_uid_gid gives the group id in the upper half (kernel/bpf/helpers.c).

export function lowerUserId(lowering: Lowering): IrValue {
  const both = lowering.call('get_current_uid_gid');
  return lowering.ir.op('and', both, lowering.ir.constant(0xffffffff));
}

export const uid: Builtin = plainValue('uid', UINT64, 'User id of the current task.', lowerUserId, {
  steady: true,
});

export const gid: Builtin = plainValue(
  'gid',
  UINT64,
  'Group id of the current task.',
  (lowering) =>
    lowering.ir.op('lshr', lowering.call('get_current_uid_gid'), lowering.ir.constant(32)),
  { steady: true },
);
