/** How the command of `-c` ends, and what becomes of it when the tracing ends first. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { build, temporaryFolder } from '../support/build.ts';
import { mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { until } from '../support/patience.ts';
import { LOADER_ASAN, run, WORKLOAD } from '../support/run.ts';

/** One call of getppid by each pass of the commands here. */
const CALLS = 'tracepoint:syscalls:sys_enter_getppid /pid == cpid/ { @calls = count(); }';

needs('root').describe('the command of -c', () => {
  const folder = temporaryFolder();

  // Without what finds it by a script: the process of -c is the interpreter itself.
  const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  }).trim();

  const command = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `#!${python}\nimport os, signal, sys\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };

  it.each(['SIGTERM', 'SIGKILL', 'SIGABRT', 'SIGSEGV', 'SIGINT'])(
    'that is ended by %s ends the tracing, which has all that it did',
    async (name) => {
      const end = `os.getppid(); os.getppid()
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.kill(os.getpid(), signal.${name})
os.getppid()`;
      const result = await run(`${CALLS} END { printf("end\\n"); }`, {
        flags: ['-c', command(name, end)],
        signal: 'none',
        loader: LOADER_ASAN,
      });
      expect(result).toMatchObject({ stderr: 'Attached 2 probes\n', status: 0 });
      expect(result.stdout).toBe('end\n\n\n@calls: 2\n');
    },
  );

  it('that ends with a status of its own ends the tracing with 0', async () => {
    const flags = ['-c', command('three', 'os.getppid()\nos._exit(3)')];
    const result = await run(CALLS, { flags, signal: 'none', loader: LOADER_ASAN });
    expect(mapValue(result.stdout, '@calls')).toBe(1);
    expect(result).toMatchObject({ stderr: 'Attached 1 probe\n', status: 0 });
  });

  it('that stops goes on being traced until it ends', async () => {
    const file = join(folder, 'stopped');
    const text = `os.getppid()
open("${file}", "w").write(str(os.getpid()) + "\\n")
os.kill(os.getpid(), signal.SIGSTOP)
os.getppid()`;
    const resumer = spawn('sh', [
      '-c',
      `until [ -s ${file} ] && grep -q '^State:.T' /proc/$(cat ${file})/status; do sleep 0.02; done; kill -CONT $(cat ${file})`,
    ]);
    const result = await run(CALLS, {
      flags: ['-c', command('stops', text)],
      signal: 'none',
      loader: LOADER_ASAN,
    });
    resumer.kill();
    expect(mapValue(result.stdout, '@calls')).toBe(2);
    expect(result.status).toBe(0);
  });

  it.each([
    ['exit() of the script', `${CALLS} ${CALLS.replace('@calls = count()', 'exit()')}`, 'none'],
    ['a SIGINT to the loader', CALLS, 'SIGINT'],
    ['a SIGHUP to the loader', CALLS, 'SIGHUP'],
  ] as const)(
    'is told to end by SIGTERM, and by nothing else, at %s',
    async (name, script, signal) => {
      const file = join(folder, name.replaceAll(' ', '-'));
      // Writes which signal came, and ends only then.
      const text = `def tell(number, frame):
    open("${file}", "w").write(signal.Signals(number).name)
    os._exit(0)
for name in ("HUP", "INT", "QUIT", "TERM", "USR1", "ALRM"):
    signal.signal(getattr(signal, "SIG" + name), tell)
open("${file}.ready", "w").close()
os.getppid()
while True: signal.pause()`;
      const result = await run(script, {
        flags: ['-c', command(`tells-${basename(file)}`, text)],
        workload: async () => {
          if (signal !== 'none')
            await until(
              () => existsSync(`${file}.ready`),
              () => `${file}.ready`,
            );
        },
        signal,
        settle: 0,
        loader: LOADER_ASAN,
      });
      expect(result).toMatchObject({
        stderr: expect.stringMatching(/^Attached \d probes?\n$/),
        status: 0,
      });
      expect(readFileSync(file, 'utf8')).toBe('SIGTERM');
    },
  );

  it('that heeds no SIGTERM is left to itself, and the maps are printed', async () => {
    const file = join(folder, 'stubborn.pid');
    const text = `signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("${file}", "w").write(str(os.getpid()))
os.close(1); os.close(2)
os.getppid()
signal.pause()`;
    const script =
      'tracepoint:syscalls:sys_enter_getppid /pid == cpid/ { @calls = count(); exit(); }';
    const result = await run(script, {
      flags: ['-c', command('stubborn', text)],
      signal: 'none',
      loader: LOADER_ASAN,
    });
    const pid = Number(readFileSync(file, 'utf8'));
    expect(mapValue(result.stdout, '@calls')).toBe(1);
    expect(result.status).toBe(0);
    expect(process.kill(pid, 'SIGKILL')).toBe(true);
  });

  it('is never begun when a probe cannot be attached', () => {
    const object = join(folder, 'unattached.o');
    const file = join(folder, 'begun');
    writeFileSync(object, build(`uprobe:${WORKLOAD}:no_such_function { @ = count(); }`));
    const path = command('begins', `open("${file}", "w").write("begun")`);
    const result = spawnSync(LOADER_ASAN, ['-c', path, object], { encoding: 'latin1' });
    expect(result.status).toBe(1);
    expect(result.stderr).toContain('no_such_function');
    expect(existsSync(file)).toBe(false);
  });
});
