/** The size of the ring buffer, which the loader chooses. */

import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

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
});
