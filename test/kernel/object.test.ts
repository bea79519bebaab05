/** Objects as other tools see them, and the loader when things go wrong. */

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { build, temporaryFolder, writeObject } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { LOADER, run, runObject, runWorkload, WORKLOAD, waiting } from '../support/run.ts';

const folder = temporaryFolder();

const SCRIPT = `tracepoint:syscalls:sys_enter_read { @bytes[comm, pid] = sum(args.count); @stacks[ustack] = count(); }
  tracepoint:sched:sched_switch { @last = curtask->real_parent->tgid; for $i : 0..1000 { @n = $i; } }
  interval:s:1 { printf("%d %s\\n", elapsed, str($1)); }`;

describe('an object', () => {
  it('has the same bytes when it is built again in another folder [AOT-019]', () => {
    const [one, two] = ['one', 'two'].map((name) => {
      const place = join(folder, name);
      mkdirSync(place);
      writeFileSync(join(place, 'same.bt'), SCRIPT);
      expect(bpfscript(['build', 'same.bt', '-o', 'same.o'], { cwd: place })).toMatchObject({
        status: 0,
        stderr: '',
      });
      return readFileSync(join(place, 'same.o'));
    });
    expect(one?.equals(two ?? Buffer.alloc(0))).toBe(true);
    expect(one?.includes(folder)).toBe(false);
  });

  needs('root').it('is taken by bpftool unchanged', () => {
    const object = writeObject(folder, 'bpftool', SCRIPT);
    const pins = `/sys/fs/bpf/bpfscript-test-${process.pid}`;
    try {
      execFileSync('bpftool', ['prog', 'loadall', object, pins], { stdio: 'pipe' });
      const pinned = execFileSync('ls', [pins], { encoding: 'utf8' }).trim().split('\n');
      expect(pinned).toHaveLength(3);
    } finally {
      spawnSync('rm', ['-rf', pins]);
    }
  });

  it('has BTF that bpftool reads', () => {
    const object = writeObject(folder, 'btf', SCRIPT);
    const dump = execFileSync('bpftool', ['btf', 'dump', 'file', object], { encoding: 'utf8' });
    expect(dump).toMatch(/DATASEC '\.maps'/);
    expect(dump).toMatch(/STRUCT 'task_struct'/);
    expect(dump).toMatch(/FUNC 'tracepoint_syscalls_sys_enter_read_1'/);
  });

  it('shows itself to inspect, as text and as JSON', () => {
    const object = writeObject(folder, 'inspect', SCRIPT);
    const text = bpfscript(['inspect', object]);
    expect(text.status).toBe(0);
    expect(text.stdout).toContain('tracepoint:syscalls:sys_enter_read');
    expect(text.stdout).toContain('CAP_BPF');
    const json = JSON.parse(bpfscript(['inspect', '--json', object]).stdout) as {
      readonly programs: readonly unknown[];
    };
    expect(json.programs).toHaveLength(3);
  });
});

needs('root').describe('the loader', () => {
  it('ends within 2 s of SIGINT while a probe storms, with its maps [CLI-034]', async () => {
    const result = await run(
      'tracepoint:raw_syscalls:sys_enter { @calls = count(); printf("%d %s\\n", pid, comm); }',
      {
        workload: () => {
          // Goes on beyond the signal.
          execFileSync('sh', ['-c', `${WORKLOAD} storm 5000 >/dev/null 2>&1 & sleep 0.7`]);
        },
        flags: ['-o', '/dev/null'],
      },
    );
    expect(result.status).toBe(0);
    expect(result.endedAfter).toBeLessThan(2000);
  });

  it('ends in order when a signal comes while exit() is at work', async () => {
    for (let round = 0; round < 5; round++) {
      const result = await run('BEGIN { for $i : 0..4000 { @[$i] = 1; } exit(3); }', {
        workload: (pid) => {
          process.kill(pid, 'SIGINT');
        },
        signal: 'none',
      });
      expect(result.status === 3 || result.status === 0).toBe(true);
      expect(result.stdout.match(/^@\[/gm)).toHaveLength(4000);
    }
  });

  it('takes a signal that comes twice at once as one', async () => {
    const result = await run('tracepoint:syscalls:sys_enter_getppid { @calls = count(); }', {
      workload: (pid) => {
        execFileSync(WORKLOAD, ['getppid', '10']);
        process.kill(pid, 'SIGINT');
        process.kill(pid, 'SIGINT');
      },
      signal: 'none',
    });
    expect(result.status).toBe(0);
    expect(mapValue(result.stdout, '@calls')).toBeGreaterThanOrEqual(10);
  });

  it('counts the events that found the ring full [OUT-055]', async () => {
    const result = await run(
      'tracepoint:syscalls:sys_enter_getppid /comm == "lossy"/ { @made = count(); printf("%d %s\\n", pid, str($1)); }',
      {
        parameters: ['x'],
        workload: (pid) => {
          process.kill(pid, 'SIGSTOP');
          execFileSync(WORKLOAD, ['comm', 'lossy', 'getppid', '100000']);
          process.kill(pid, 'SIGCONT');
        },
        settle: 500,
      },
    );
    const made = mapValue(result.stdout, '@made') ?? 0;
    const delivered = result.stdout.match(/^\d+ x$/gm)?.length ?? 0;
    const lost = Number(/Total lost event count: (\d+)/.exec(result.stderr)?.[1] ?? 0);
    expect(made).toBe(100000);
    expect(lost).toBeGreaterThan(0);
    expect(delivered + lost).toBe(made);
  });

  it('names the capability that is missing [CLI-036]', () => {
    chmodSync(folder, 0o755);
    const object = writeObject(folder, 'denied', SCRIPT);
    const loader = join(folder, 'bpfload');
    writeFileSync(loader, readFileSync(LOADER), { mode: 0o755 });
    const result = spawnSync(
      'setpriv',
      ['--reuid=65534', '--regid=65534', '--clear-groups', loader, object],
      { encoding: 'utf8' },
    );
    expect(result.stderr).toContain('CAP_BPF');
    expect(result).toMatchObject({ status: 4, stdout: '' });
  });

  it('says what a missing target is, and where the script names it', async () => {
    const missing = await run('uprobe:/no/such/program:main { @ = count(); }', { signal: 'none' });
    expect(missing).toMatchObject({ status: 1, stdout: '' });
    expect(missing.stderr).toContain('/no/such/program');
    const symbol = await run(`uprobe:${WORKLOAD}:no_such_function { @ = count(); }`, {
      signal: 'none',
    });
    expect(symbol).toMatchObject({ status: 1, stdout: '' });
    expect(symbol.stderr).toContain('no_such_function');
  });

  it('refuses an object that is damaged', async () => {
    const bytes = Buffer.from(build(SCRIPT));
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    const object = join(folder, 'damaged.o');
    writeFileSync(object, bytes);
    expect(await runObject(object, { signal: 'none' })).toMatchObject({ status: 5, stdout: '' });
  });

  it('runs unsafe scripts only when it is told to [FUN-017]', async () => {
    const script = 'BEGIN { system("echo from the shell %d", 5); }';
    const refused = await run(script, { unsafe: true, signal: 'none' });
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toContain('--unsafe');
    const allowed = await run(script, { unsafe: true, signal: 'none', flags: ['--unsafe'] });
    expect(allowed).toMatchObject({ status: 0, stdout: 'from the shell 5\n\n\n' });
  });

  it('runs a child, traces it and ends with it [CLI-004] [CLI-035]', async () => {
    const result = await run(
      'tracepoint:syscalls:sys_enter_getppid /pid == cpid/ { @ = count(); }',
      {
        flags: ['-c', `${WORKLOAD} getppid 77`],
        signal: 'none',
      },
    );
    expect(mapValue(result.stdout, '@')).toBe(77);
    expect(result.status).toBe(0);
  });

  it('traces one process with -p and ends with it [CLI-003]', async () => {
    const traced = waiting('getppid 33');
    const result = await run('tracepoint:syscalls:sys_enter_getppid { @ = count(); }', {
      flags: ['-p', traced.pid],
      workload: async () => {
        await runWorkload('getppid 500');
        await traced.go();
      },
      signal: 'none',
    });
    expect(mapValue(result.stdout, '@')).toBe(33);
  });

  it('writes to a file only what the script prints [CLI-005] [CLI-008]', async () => {
    const file = join(folder, 'output.txt');
    const result = await run('BEGIN { printf("line\\n"); @x = 1; }', {
      flags: ['-q', '-o', file],
      signal: 'none',
    });
    expect(result).toMatchObject({ stdout: '', stderr: '', status: 0 });
    expect(readFileSync(file, 'utf8')).toBe('line\n\n\n@x: 1\n');
  });

  it('passes exit codes through [FUN-073] [OUT-060]', async () => {
    expect((await run('BEGIN { exit(7); }', { signal: 'none' })).status).toBe(7);
    expect((await run('BEGIN { exit(1); } END { exit(2); }', { signal: 'none' })).status).toBe(2);
  });
});
