/** Values of maps by thread on kernels that keep them with the threads, and on those that do not. */
import { describe, expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { mapEntries, mapValue } from '../support/expect.ts';
import { isBefore, runInGuest, SERIES } from '../support/guest.ts';
import { needs } from '../support/needs.ts';

const TIMES = `tracepoint:syscalls:sys_enter_getppid /comm == "threads"/ { @s[tid] = nsecs; @of[tid] = tid; }
  tracepoint:syscalls:sys_exit_getppid /@s[tid]/ {
    @times = count(); @own[@of[tid] == tid, @s[tid] <= nsecs] = count(); delete(@s, tid); }
  end { clear(@s); clear(@of); }`;

/** What the kernel calls while it makes an element: there it makes no other one. */
const WITHIN = `rawtracepoint:sys_enter /args.id == 110 && comm == "threads"/ { @outer[tid] = 3; @last = tid; }
  kprobe:bpf_selem_alloc /comm == "threads"/ { @inner[tid] = 7; @made = count(); }
  rawtracepoint:sys_exit /@outer[tid]/ {
    @seen[@outer[tid], @inner[tid]] = count();
    @inner[tid] = 8; @again[@inner[tid]] = count();
    if (delete(@inner, tid)) { @deleted = count(); }
    @gone[@inner[tid], delete(@inner, tid), delete(@outer, tid)] = count(); }
  end { clear(@outer); clear(@inner); }`;

describe.each(SERIES)('Linux %s', (series) => {
  needs(`Linux ${series}`).describe('values of threads', () => {
    it('are right with storage of threads, without it, and where one cannot be made', async () => {
      const folder = temporaryFolder();
      const kprobes = isBefore(series, '5.15') ? [] : ['within'];
      writeObject(folder, 'times', TIMES);
      writeObject(folder, 'within', WITHIN);
      // One after the other: Linux 7.2 leaves out programs of a task that interrupts another one in the same program.
      const workload = 'comm threads fork 4 getppid 200';
      const [times, inner] = await runInGuest(
        series,
        folder,
        ['times', ...kprobes].map((name) => ({ object: `${name}.o`, workload })),
      );
      expect(times?.stderr).toBe('Attached 3 probes\n');
      expect(mapValue(times?.stdout ?? '', '@times')).toBe(800);
      expect(mapEntries(times?.stdout ?? '', '@own')).toEqual([['true, true', 800]]);
      if (!inner) return;
      const { stdout, stderr } = inner;
      expect(stderr).toBe('Attached 4 probes\n');
      expect(mapEntries(stdout, '@gone')).toEqual([['0, false, true', 800]]);
      expect(mapEntries(stdout, '@again')).toEqual([['8', 800]]);
      expect(mapValue(stdout, '@deleted')).toBe(800);
      // The function is called where the kernel keeps values with threads; until 6.18 its program finds it at work.
      const called = mapValue(stdout, '@seen', '3, 7') ?? 0;
      expect(called + (mapValue(stdout, '@seen', '3, 0') ?? 0)).toBe(800);
      if (isBefore(series, '6.4')) expect(called).toBe(0);
      else expect(called).toBeGreaterThanOrEqual(4);
    });
  });
});
