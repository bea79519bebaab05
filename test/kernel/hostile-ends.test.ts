/** Ends that nobody wishes for: full disks, readers and terminals that vanish, more than fits. */

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { build, temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { HANGS_SECONDS, until } from '../support/patience.ts';
import { LOADER, run, WORKLOAD } from '../support/run.ts';

const GETPPID = 'tracepoint:syscalls:sys_enter_getppid /comm == "ends"/';

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function written(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

needs('root').describe('hostile ends', () => {
  const folder = temporaryFolder();
  const object = (name: string, script: string): string => {
    const path = join(folder, `${name}.o`);
    writeFileSync(path, build(script));
    return path;
  };

  it('on a disk that fills up, keep what fits, say so, and end with status 1', () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    const script = object(
      'disk',
      'BEGIN { for $i : 0..20000 { printf("%d\\n", $i); } } interval:s:9 { } END { printf("end\\n"); }',
    );
    // In a mount namespace of its own, so that nothing is left behind.
    const result = spawnSync(
      'unshare',
      [
        '-m',
        'sh',
        '-c',
        `mount -t tmpfs -o size=64k none ${disk} && timeout ${HANGS_SECONDS} ${LOADER} -o ${disk}/out ${script}; status=$?; cat ${disk}/out; exit $status`,
      ],
      { encoding: 'latin1', maxBuffer: 1 << 26 },
    );
    expect(result.stderr).toContain('cannot write the output: No space left on device');
    expect(result.status).toBe(1);
    expect(result.stdout.length).toBe(65536);
    const lines = result.stdout.split('\n').slice(0, -1);
    expect(lines).toEqual(lines.map((_line, index) => String(index)));
  });

  it('for a reader that has gone, end at the next line, with status 1', () => {
    const script = object('pipe', `interval:ms:20 { printf("line\\n"); }`);
    const result = spawnSync(
      'bash',
      ['-c', `timeout ${HANGS_SECONDS} ${LOADER} ${script} | head -1; exit \${PIPESTATUS[0]}`],
      { encoding: 'latin1' },
    );
    expect(result.stdout).toBe('line\n');
    expect(result.stderr).toContain('cannot write the output: Broken pipe');
    expect(result.status).toBe(1);
  });

  it('for a terminal that has gone, end as by SIGTERM: the file gets end and maps', async () => {
    const file = join(folder, 'hangup');
    const script = object('hangup', `${GETPPID} { @ = count(); } END { printf("end\\n"); }`);
    const terminal = spawn(
      'script',
      [
        '-qfc',
        `exec env __BPFTRACE_NOTIFY_PROBES_ATTACHED=1 ${LOADER} -o ${file} ${script}`,
        '/dev/null',
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    let shown = '';
    terminal.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString('latin1');
    });
    await until(
      () => shown.includes('__BPFTRACE_NOTIFY_PROBES_ATTACHED'),
      () => `attached, in ${shown}`,
    );
    spawnSync(WORKLOAD, ['comm', 'ends', 'getppid', '5']);
    // The other side of the terminal is closed; the kernel sends SIGHUP.
    terminal.kill('SIGKILL');
    await until(
      () => written(file).includes('@: 5'),
      () => `the map, in ${written(file)}`,
    );
    expect(written(file)).toBe('end\n\n\n@: 5\n');
  });

  it('after nohup, go on without a terminal', async () => {
    const script = object('nohup', `${GETPPID} { @ = count(); }`);
    const child = spawn('nohup', [LOADER, script], {
      env: { ...process.env, __BPFTRACE_NOTIFY_PROBES_ATTACHED: '1' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let shown = '';
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString('latin1');
    });
    await until(
      () => shown.includes('ATTACHED'),
      () => `attached, in ${shown}`,
    );
    child.kill('SIGHUP');
    await wait(100);
    spawnSync(WORKLOAD, ['comm', 'ends', 'getppid', '3']);
    child.kill('SIGINT');
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect({ status, shown }).toEqual({
      status: 0,
      shown: expect.stringMatching(/\n\n@: 3\n$/),
    });
  });

  it('are the same for bpfscript: SIGHUP ends it in an orderly way', async () => {
    const script = `${GETPPID} { @ = count(); } interval:s:9 { }`;
    const file = join(folder, 'command');
    const child = spawn(process.execPath, ['dist/bpfscript.js', '-o', file, '-e', script], {
      env: { ...process.env, __BPFTRACE_NOTIFY_PROBES_ATTACHED: '1' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let shown = '';
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString('latin1');
    });
    await until(
      () => shown.includes('ATTACHED'),
      () => `attached, in ${shown}`,
    );
    const ended = new Promise((resolve) => child.on('exit', resolve));
    spawnSync(WORKLOAD, ['comm', 'ends', 'getppid', '3']);
    child.kill('SIGHUP');
    expect(await ended).toBe(0);
    expect(written(file)).toBe('\n\n@: 3\n');
  });

  it('with a map that is full, keep its keys, count on, and tell how many did not fit', async () => {
    const { stdout, stderr, status } = await run(
      `config = { max_map_keys = 100 } ${GETPPID} { @n++; @m[@n] = @n; @m[1]++; } END { printf("%d %d\\n", @n, len(@m)); clear(@n); clear(@m); }`,
      { workload: 'comm ends getppid 5000' },
    );
    expect(stdout).toBe('5000 100\n\n\n');
    const told = stderr.match(/: WARNING: Map full/g)?.length ?? 0;
    const more = Number(/: WARNING: (\d+) more times: Map full/.exec(stderr)?.[1] ?? 0);
    expect(told + more).toBe(4900);
    expect(status).toBe(0);
  });

  it('in a flood of short processes, count each, and stay small', async () => {
    let memory = 0;
    const { stdout } = await run(
      `${GETPPID} { @[ustack(3)] = count(); @all = count(); } END { clear(@); }`,
      {
        workload: async (pid) => {
          spawnSync(WORKLOAD, ['comm', 'ends', 'fork', '2000', 'getppid', '1']);
          await wait(100);
          memory = Number(
            /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1],
          );
        },
      },
    );
    expect(stdout).toContain('@all: 2000\n');
    expect(memory).toBeGreaterThan(0);
    expect(memory).toBeLessThan(64 * 1024);
  });

  it('with more distinct stacks than are kept, say how many were shown without frames', async () => {
    const { stdout, stderr } = await run(
      `uprobe:${WORKLOAD}:workload_target { @ = count(); $s = ustack(2); if (arg0 < 0) { print($s); } }`,
      { workload: 'fork 17000 call 1 7 1' },
    );
    const made = Number(/^@: (\d+)$/m.exec(stdout)?.[1]);
    expect(made).toBe(17_000);
    const told = stderr.match(/^WARNING: The frames of a stack could not be kept/gm)?.length ?? 0;
    const more = Number(/^WARNING: (\d+) times: The frames of a stack/m.exec(stderr)?.[1] ?? 0);
    // A process whose number comes again has its stack there already.
    expect(told + more).toBe(17_000 - 16_384);
  });
});
