import { describe, expect, it } from 'vitest';
import { UINT64 } from '../../../compiler/types/type.ts';
import { call, run } from './calls.ts';
import type { World } from './machine.ts';

describe('uid, as it runs', () => {
  const world: World = {
    helpers: {
      get_current_pid_tgid: (1000n << 32n) | 1001n,
      get_current_uid_gid: (50n << 32n) | 60n,
    },
    namespaceIds: { pid: 7, tid: 8 },
  };

  it('[BLT-002] gives the user id as uid and the group id as gid', () => {
    expect(run(call('uid', UINT64), world)).toBe(60n);
    expect(run(call('gid', UINT64), world)).toBe(50n);
  });
});
