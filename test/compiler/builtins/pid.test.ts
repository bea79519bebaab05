import { describe, expect, it } from 'vitest';
import { UINT32 } from '../../../compiler/types/type.ts';
import { expectError } from '../analysis/expect.ts';
import { call, run } from './calls.ts';
import type { World } from './machine.ts';

describe('pid, as the analysis takes it', () => {
  it('[BLT-001] refuses unknown modes of pid and tid', () => {
    const wanted = 'pid() expects curr_ns or init';
    expectError('print(pid(host));', `${wanted} (host provided)`, 'host');
    expectError('print(tid("host"));', 'tid() expects curr_ns or init ("host" provided)', '"host"');
  });
});

describe('pid, as it runs', () => {
  const world: World = {
    helpers: {
      get_current_pid_tgid: (1000n << 32n) | 1001n,
      get_current_uid_gid: (50n << 32n) | 60n,
    },
    namespaceIds: { pid: 7, tid: 8 },
  };
  const inNamespace: World = { ...world, shared: { pidNamespace: [4n, 4026531836n] } };

  it('[BLT-001] gives the process id as pid and the thread id as tid', () => {
    expect(run(call('pid', UINT32, [], { namespace: 'curr_ns' }), world)).toBe(1000n);
    expect(run(call('tid', UINT32, [], { namespace: 'curr_ns' }), world)).toBe(1001n);
  });

  it('[BLT-001] gives the ids of the namespace of the loader, unless the initial ones are asked for', () => {
    expect(run(call('pid', UINT32, [], { namespace: 'curr_ns' }), inNamespace)).toBe(7n);
    expect(run(call('tid', UINT32, [], { namespace: 'curr_ns' }), inNamespace)).toBe(8n);
    expect(run(call('pid', UINT32, [], { namespace: 'init' }), inNamespace)).toBe(1000n);
    expect(run(call('tid', UINT32, [], { namespace: 'init' }), inNamespace)).toBe(1001n);
  });
});
