/** What the kernel leaves out because a program runs on that CPU, of probes of functions. */

import { describe, expect } from 'vitest';
import { mapValue } from '../support/expect.ts';
import { type GuestScript, SUPPORTED, scriptsInGuest } from '../support/guest-scripts.ts';
import { needs } from '../support/needs.ts';

const CALLS = 'comm missed getppid 30';
const OURS = '/comm == "missed"/';
/** It reads memory of the kernel by a helper, which calls strncpy_from_kernel_nofault. */
const READS = '@s = str(kptr(kaddr("linux_proc_banner")));';

const COMMANDS = {
  /** The helper's own call comes while the program is under way. */
  itself: {
    text: `tracepoint:syscalls:sys_enter_getppid ${OURS} { ${READS} }
      fentry:strncpy_from_kernel_nofault ${OURS} { @n = count(); ${READS} }`,
    workload: CALLS,
  },
  /** The same of programs that were loaded once more, for each function of a pattern. */
  copies: {
    text: `tracepoint:syscalls:sys_enter_getppid ${OURS} { ${READS} }
      fentry:strncpy_from_*_nofault ${OURS} { @n = count(); ${READS} }`,
    workload: CALLS,
  },
  none: {
    text: `tracepoint:syscalls:sys_enter_getppid ${OURS} { ${READS} }
      fentry:strncpy_from_kernel_nofault ${OURS} { @n = count(); }`,
    workload: CALLS,
  },
} as const satisfies Readonly<Record<string, GuestScript>>;

describe.each(SUPPORTED)('On Linux %s', (series) => {
  const of = scriptsInGuest(series, COMMANDS);
  const test = needs(`Linux ${series}`).it;

  test('events of a function that the program itself calls are told', () => {
    for (const [name, probe] of [
      ['itself', 'fentry:strncpy_from_kernel_nofault'],
      ['copies', 'fentry:strncpy_from_*_nofault'],
    ] as const) {
      const { stdout, stderr } = of(name);
      expect(mapValue(stdout, '@n'), stderr).toBe(30);
      expect(stderr).toContain(
        `WARNING: 30 events of ${probe} were left out by the kernel: a BPF program was running`,
      );
    }
  });

  test('nothing is told of a probe that misses none', () => {
    const { stdout, stderr } = of('none');
    expect(mapValue(stdout, '@n'), stderr).toBe(30);
    expect(stderr).not.toContain('left out');
  });
});
