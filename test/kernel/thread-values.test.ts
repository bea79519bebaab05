/** Values of maps by thread stand with their threads, and are what they would be in a hash map. */
import { expect, it } from 'vitest';
import { mapEntries, mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { run, runWorkload } from '../support/run.ts';

const ENTER = 'tracepoint:syscalls:sys_enter_getppid /comm == "threads"/';
const EXIT = 'tracepoint:syscalls:sys_exit_getppid';
const WAYS = [
  ['with the threads', []],
  ['in hash maps', ['--no-feature', 'task_storage']],
] as const;

needs('root').describe.each(WAYS)('values of threads that stand %s', (_, flags) => {
  it('are what the thread has left, whatever their widths, until it deletes them', async () => {
    const { stdout, stderr } = await run(
      `${ENTER} {
         if (has_key(@s, tid)) { @twice = count(); }
         @s[tid] = (int32)-5; @n[tid]++; @n[tid] += 10; @b[tid] = (uint8)tid; @c[tid] = args.__syscall_nr;
       }
       ${EXIT} /@s[tid]/ {
         @seen[@s[tid], @n[tid] % 11, @b[tid] == (uint8)tid, @c[tid] == args.__syscall_nr] = count();
         if (delete(@s, tid)) { @deleted = count(); }
         if (!delete(@s, tid)) { @missing = count(); }
         @gone[@s[tid], has_key(@s, tid)] = count();
         @most = max(@n[tid]);
       }
       end { clear(@s); clear(@n); clear(@b); clear(@c); }`,
      { flags, workload: 'comm threads threads 16 getppid 1000' },
    );
    expect(stderr).toBe('Attached 3 probes\n');
    expect(mapEntries(stdout, '@seen')).toEqual([['-5, 0, true, true', 16_000]]);
    expect(mapEntries(stdout, '@gone')).toEqual([['0, false', 16_000]]);
    expect(mapValue(stdout, '@deleted')).toBe(16_000);
    expect(mapValue(stdout, '@missing')).toBe(16_000);
    expect(mapValue(stdout, '@most')).toBe(11_000);
    expect(stdout).not.toMatch(/^@(twice|s|n|b|c)\b/m);
  });

  it('are warned of where a script deletes what is not there', async () => {
    const { stderr } = await run(
      `${ENTER} { @s[tid] = 1; delete(@s, tid); delete(@s, tid); } end { clear(@s); }`,
      { flags, workload: 'comm threads getppid 1' },
    );
    expect(stderr).toContain("WARNING: Can't delete map element because it does not exist.");
  });

  it('show up when all maps are asked for, or are named', async () => {
    const { stdout, stderr } = await run(`${ENTER} { @s[tid] = 7; } end { clear(@s); }`, {
      flags,
      workload: async (pid) => {
        await runWorkload('comm threads getppid 1');
        process.kill(pid, 'SIGUSR1');
      },
      settle: 200,
    });
    const told = '@s is not shown: its values stand with their threads, and the end clears them.\n';
    if (flags.length > 0) expect(stdout).toMatch(/^@s\[\d+\]: 7$/m);
    else expect(stderr).toContain(told);
  });
});

needs('root').describe('values of threads', () => {
  it('have no limit, and go with their threads', async () => {
    const { stdout, stderr } = await run(
      `config = { max_map_keys = 4 }
       ${ENTER} { @before[@s[tid]] = count(); @s[tid] = nsecs; } end { clear(@s); }`,
      { workload: 'comm threads threads 40 getppid 1' },
    );
    expect(mapEntries(stdout, '@before')).toEqual([['0', 40]]);
    expect(stderr).toBe('Attached 2 probes\n');
  });
});
