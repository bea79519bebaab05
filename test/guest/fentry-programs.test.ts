/** fentry and fexit of BPF programs that are loaded already, and of functions that helpers call themselves. */

import { describe, expect } from 'vitest';
import { mapEntries, mapValue } from '../support/expect.ts';
import { type GuestScript, SUPPORTED, scriptsInGuest } from '../support/guest-scripts.ts';
import { needs } from '../support/needs.ts';

const CALLS = 'comm caller getppid 30';
const OURS = '/comm == "caller"/';
/** Another script that traces while the first one is attached to its programs. */
const OTHER = `$(/bpfload /target.o >/tmp/target.out 2>&1 & sleep 1; echo $! >/tmp/target.pid)`;
const END_OTHER = `/workload ${CALLS}
kill -INT $(cat /tmp/target.pid)
`;

const COMMANDS = {
  target: {
    text: 'tracepoint:syscalls:sys_enter_getppid { @a = count(); } tracepoint:syscalls:sys_exit_getppid { @b = count(); } interval:s:30 { exit(); }',
    endsItself: true,
    flags: '--dry-run',
  },
  program: {
    text: `fentry:bpf:tracepoint_syscalls_sys_enter_getppid_1 ${OURS} { @[func] = count(); }
      fexit:bpf:*:tracepoint_syscalls_sys_*_getppid_* ${OURS} { @exits = count(); @names[probe] = count(); }`,
    flags: OTHER,
    script: END_OTHER,
  },
  noProgram: { text: 'fentry:bpf:no_such_program { @ = count(); }' },
  noNumber: { text: 'fentry:bpf:999999:no_such_program { @ = count(); }' },
  spinlock: {
    text: `fentry:_raw_spin_lock, fentry:_raw_spin_lock_irqsave { @locks[comm] = count(); }
      fexit:_raw_spin_unlock_irqrestore { @unlocks = count(); @t[tid] = nsecs; }
      tracepoint:syscalls:sys_enter_getppid ${OURS} { @calls = count(); @[comm, pid] = count(); delete(@, (comm, pid)); }`,
    script: `/workload ${CALLS} fork 20 getppid 10\n`,
  },
} as const satisfies Readonly<Record<string, GuestScript>>;

describe.each(SUPPORTED)('On Linux %s', (series) => {
  const of = scriptsInGuest(series, COMMANDS);

  const test = needs(`Linux ${series}`).it;

  test('fentry and fexit attach to BPF programs by name and pattern [PRB-021]', () => {
    const { stdout, stderr, status } = of('program');
    expect(mapEntries(stdout, '@'), stderr).toEqual([
      ['tracepoint_syscalls_sys_enter_getppid_1', 30],
    ]);
    expect(mapValue(stdout, '@exits')).toBe(60);
    const names = mapEntries(stdout, '@names');
    expect(names.map(([, count]) => count)).toEqual([30, 30]);
    for (const [name] of names)
      expect(name).toMatch(/^fexit:bpf:\d+:tracepoint_syscalls_sys_(enter|exit)_getppid_\d$/);
    expect(status).toBe(0);
  });

  test('a BPF program that is not there is a missing probe', () => {
    for (const name of ['noProgram', 'noNumber'] as const) {
      expect(of(name).stderr).toContain('no_such_program. No BPF program that is loaded has such');
      expect(of(name).status).toBe(1);
    }
  });

  test('programs in the functions of spin locks do not run inside of each other [PRB-070] [PRB-076]', () => {
    const { stdout, stderr, status } = of('spinlock');
    expect(status, stderr).toBe(0);
    expect(mapEntries(stdout, '@locks').length).toBeGreaterThan(0);
    expect(mapValue(stdout, '@unlocks')).toBeGreaterThan(0);
    // The system call itself holds no lock, so that none of its events is lost.
    expect(mapValue(stdout, '@calls')).toBe(30 + 20 * 10);
  });
});
