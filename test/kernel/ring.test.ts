/** The size of the ring buffer, which the loader chooses. */

import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, run, runWorkload, WORKLOAD } from '../support/run.ts';

/** BPF_MAP_TYPE_RINGBUF (include/uapi/linux/bpf.h). */
const RINGBUF = 27;
const WRITE = 'tracepoint:syscalls:sys_enter_write';

async function ringSize(script: string): Promise<number | undefined> {
  let size: number | undefined;
  await run(script, {
    workload: (pid) => {
      const folder = `/proc/${pid}/fdinfo`;
      for (const fd of readdirSync(folder)) {
        const info = readFileSync(`${folder}/${fd}`, 'utf8');
        if (!new RegExp(`^map_type:\\t${RINGBUF}$`, 'm').test(info)) continue;
        size = Number(/^max_entries:\t(\d+)$/m.exec(info)?.[1]);
      }
    },
  });
  return size;
}

needs('root').describe('the ring buffer', () => {
  it('is small for scripts that send no values', async () => {
    expect(await ringSize(`${WRITE} { @[comm] = count(); } interval:s:9 { clear(@); }`)).toBe(
      256 * 1024,
    );
  });

  it('has room for bursts of records', async () => {
    const size = await ringSize(`${WRITE} /comm == "nobody"/ { printf("%d\\n", args.fd); }`);
    expect(size).toBeGreaterThanOrEqual(1024 * 1024);
  });

  it('has the size that the script asks for', async () => {
    const config = 'config = { perf_rb_pages = 16 }';
    expect(await ringSize(`${config} ${WRITE} { @[comm] = count(); }`)).toBe(16 * 4096);
  });

  it('takes memory for what is read at a time, and not for all that it has room for', async () => {
    let memory = 0;
    const script = `uprobe:${WORKLOAD}:workload_target { printf("%d\\n", arg0); }`;
    const { stdout } = await run(script, {
      workload: async (pid) => {
        await runWorkload('call 20000 7 1');
        memory = Number(
          /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1],
        );
      },
    });
    expect(stdout.match(/^\d+$/gm)).toHaveLength(20_000);
    expect(memory).toBeGreaterThan(0);
    expect(memory).toBeLessThan(6 * 1024);
  });

  it.each([1, 16, 256, 4096])('reads records of all lengths whole, in %d pages', async (pages) => {
    const text = 'long text '.repeat(90);
    const script = `config = { perf_rb_pages = ${pages} }
      uprobe:${WORKLOAD}:workload_target { $s = "${text}"; @made = count();
        if (arg0 % 3 == 0) { printf("%d %s.\\n", arg0, $s); } else if (arg0 % 3 == 1) { printf("%d %d.\\n", arg0, arg0); }
        else { printf("%d.\\n", arg0); } }`;
    const { stdout, stderr } = await run(script, {
      loader: LOADER_ASAN,
      signal: 'none',
      flags: ['-c', `${WORKLOAD} call 5000 7 1`],
    });
    const whole = (n: number) => `${[`${n} ${text}`, `${n} ${n}`, `${n}`][n % 3]}.`;
    const lines = stdout.split('\n').filter((line) => line.endsWith('.'));
    expect(lines.filter((line) => line !== whole(Number.parseInt(line, 10)))).toEqual([]);
    expect(lines.length).toBeGreaterThan(0);
    expect(stdout).toContain('@made: 5000\n');
    const lost = Number(/Total lost event count: (\d+)/.exec(stderr)?.[1] ?? 0);
    expect(lines.length + lost).toBe(5000);
  });
});
