/** Probes that this host does not have, whatever the kernel that the script was built for has. */

import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { kernelDescription } from '../support/build.ts';
import { mapEntries } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, run, WORKLOAD } from '../support/run.ts';

/** An event of the embedded kernel description that this kernel has no longer. */
function eventOfOtherKernel(): string {
  const here = (name: string): string =>
    `/sys/kernel/tracing/events/${name.replace(':', '/')}/format`;
  const [event = ''] = kernelDescription()
    .matchTracepoints('*', '*')
    .filter((name) => !name.startsWith('syscalls:') && !existsSync(here(name)));
  return event;
}

const hasKprobes = existsSync('/sys/bus/event_source/devices/kprobe/type');

needs('root').describe('a probe that this host does not have', () => {
  const event = eventOfOtherKernel();
  const rows: readonly (readonly [string, string, string])[] = [
    [
      'a tracepoint of another kernel',
      `tracepoint:${event}`,
      `No matches for tracepoint ${event}.`,
    ],
    ['a library', 'uprobe:libnothing:f', "'libnothing' does not exist or is not executable."],
    ['a file', 'uretprobe:/no/such/file:f', "'/no/such/file' does not exist or is not executable."],
    ['an inlined function', `uprobe:${WORKLOAD}:transfer_inlined`, ':transfer_inlined.'],
    ['a USDT point', `usdt:${WORKLOAD}:no:point`, 'no:point. The file has no USDT probes.'],
    ['a file of USDT points', 'usdt:/no/such/file:no:point', 'does not exist'],
    ...(hasKprobes
      ? []
      : [['kprobes at all', 'kprobe:vfs_read', 'This kernel has no kprobes'] as const]),
  ];

  it.each(rows)(
    '%s is an error, a warning or nothing [CFG-017] [AOT-024]',
    async (_what, point, why) => {
      const attempt = (policy: string) =>
        run(
          `config = { missing_probes = "${policy}" } ${point} { @missing = count(); }
         uprobe:${WORKLOAD}:workload_target { @there = count(); }`,
          { workload: 'call 4 1 1', loader: LOADER_ASAN },
        );
      const error = await attempt('error');
      expect(error.stderr).toContain(why);
      expect(error.stderr).toContain("set the 'missing_probes' config variable to 'warn'");
      expect(error.status).toBe(point.startsWith('kprobe') ? 3 : 1);
      expect(error.stdout).toBe('');
      const warn = await attempt('warn');
      expect(warn.stderr).toMatch(/^stdin:1:3\d: WARNING: .* Skipping\.$/m);
      expect(warn.stderr).toContain(why.replace(/\.$/, ''));
      const ignore = await attempt('ignore');
      expect(ignore.stderr).toBe('Attached 1 probe\n');
      for (const { stdout, status } of [warn, ignore]) {
        expect(mapEntries(stdout, '@there')).toEqual([['', 4]]);
        expect(status).toBe(0);
      }
    },
  );
});

needs('root').it(
  'A tracepoint with more programs than the kernel runs there is told with that number',
  async () => {
    const blocks = (count: number) =>
      Array.from({ length: count }, (_, i) => `tracepoint:task:task_rename { @[${i}] = count(); }`);
    const attempt = (count: number) =>
      run(`${blocks(count).join('\n')} begin { print(1); exit(); }`, { loader: LOADER_ASAN });
    expect(await attempt(64)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^1\n/) });
    const { status, stderr } = await attempt(65);
    expect(status).toBe(1);
    expect(stderr).toContain(
      'ERROR: Cannot attach tracepoint:task:task_rename: the kernel runs no more than 64 programs there.\n',
    );
  },
);
