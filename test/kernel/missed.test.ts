/** What the kernel leaves out because a program runs on that CPU is told, to the last event. */

import { expect } from 'vitest';
import { needs } from '../support/needs.ts';
import { type RunOptions, run } from '../support/run.ts';

/** Each debugf() is an event of the tracepoint, which the second program makes again while it runs: that one is left out. */
const SCRIPT = `tracepoint:syscalls:sys_enter_getppid /comm == "missed"/ { debugf("go"); }
rawtracepoint:bpf_trace_printk /comm == "missed"/ { debugf("again"); @ = count(); }`;
const OPTIONS: RunOptions = {
  unsafe: true,
  flags: ['--unsafe'],
  workload: 'comm missed getppid 30',
};

const { it, describe } = needs('root');

describe('events that the kernel left out', () => {
  it('are told at the end with their probe and its place', async () => {
    const { stdout, stderr, status } = await run(SCRIPT, OPTIONS);
    expect(status, stderr).toBe(0);
    expect(stdout).toBe('\n\n@: 30\n');
    expect(stderr).toBe(
      'Attached 2 probes\nstdin:2:1-31: WARNING: 30 events of rawtracepoint:bpf_trace_printk were left out by the kernel: a BPF program was running on that CPU already.\n',
    );
  });

  it('are told without warnings, too: what was counted is not all that there was', async () => {
    const flags = [...(OPTIONS.flags ?? []), '-q', '--no-warnings'];
    expect((await run(SCRIPT, { ...OPTIONS, flags })).stderr).toContain(
      '30 events of rawtracepoint',
    );
  });

  it.each(['json', 'json2'])('are told in %s', async (form) => {
    const flags = ['--unsafe', '-q', '-f', form];
    const { stdout, stderr } = await run(SCRIPT, { ...OPTIONS, flags });
    expect(stderr).toBe('');
    const lines = stdout.trimEnd().split('\n');
    const told = lines.find((line) => line.includes('missed_events')) ?? '{}';
    expect(JSON.parse(told)).toMatchObject({
      type: 'missed_events',
      count: 30,
      data: { events: 30 },
      probe: 'rawtracepoint:bpf_trace_printk',
      filename: 'stdin',
      line: 2,
      col: 1,
    });
  });

  it('are not told where there are none', async () => {
    const { stdout, stderr } = await run(SCRIPT.replace('debugf("again"); ', ''), OPTIONS);
    expect({ stdout, stderr }).toEqual({
      stdout: '\n\n@: 30\n',
      stderr: 'Attached 2 probes\n',
    });
  });
});
