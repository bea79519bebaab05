/** -p, in PID, mount and user namespaces of its own or of the traced process. */

import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { mapEntries, mapValue } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { HANGS_MS } from '../support/patience.ts';
import { LOADER_ASAN, WORKLOAD } from '../support/run.ts';

const folder = temporaryFolder();
let count = 0;

function object(script: string): string {
  count += 1;
  return writeObject(folder, `script${count}`, script);
}

interface Result {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

/** Made once the loader is attached: workloads await it. */
const go = join(folder, 'go');
const LOAD = `load() {
  __BPFTRACE_NOTIFY_PROBES_ATTACHED=1 $LOADER "$@" | while read -r line; do
    case $line in *PROBES_ATTACHED) touch $GO ;; *) echo "$line" ;; esac
  done
}`;

/** Runs a shell script in namespaces of its own, with `$LOADER`, `$WORKLOAD`, and `load`, which makes `$GO`. */
function inNamespaces(flags: readonly string[], script: string): Result {
  rmSync(go, { force: true });
  const result = spawnSync('unshare', [...flags, 'sh', '-c', `${LOAD}\n${script}`], {
    encoding: 'latin1',
    timeout: HANGS_MS,
    env: { ...process.env, LOADER: LOADER_ASAN, WORKLOAD, GO: go },
  });
  return { stdout: result.stdout, stderr: result.stderr, status: result.status };
}

/**
 * Traces one of two processes that do the same, which begin once the loader is attached. `start` runs the command
 * in its place; its first word is the process that is traced.
 */
async function traceOne(script: string, words: string): Promise<Result> {
  const path = object(script);
  const begin = () => {
    const command = `read go; exec ${WORKLOAD} ${words}`;
    return spawn('sh', ['-c', command], { stdio: ['pipe', 'ignore', 'ignore'] });
  };
  const [traced, other] = [begin(), begin()];
  const loader = spawn(LOADER_ASAN, ['-p', String(traced.pid), path], {
    env: { ...process.env, __BPFTRACE_NOTIFY_PROBES_ATTACHED: '1' },
  });
  let stdout = '';
  let stderr = '';
  loader.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => loader.on('close', resolve));
  const attached = new Promise<void>((resolve) => {
    loader.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.includes('NOTIFY')) resolve();
    });
  });
  await Promise.race([attached, ended]);
  await new Promise((resolve) => {
    other.on('exit', resolve);
    other.stdin?.end('go\n');
  });
  traced.stdin?.end('go\n');
  const status = await ended;
  return { stdout: stdout.replace(/^__BPFTRACE.*\n/m, ''), stderr, status };
}

needs('root').describe('-p', () => {
  it('filters in programs of the kernel, and ends with the process [PRB-058] [CLI-003]', async () => {
    const result = await traceOne(
      `tracepoint:syscalls:sys_enter_getppid { @tracepoint = count(); }
       tracepoint:syscalls:sys_exit_getpp* { @pattern = count(); }
       tracepoint:raw_syscalls:sys_enter* /args.id == 110/ { @typed = count(); }
       rawtracepoint:sys_enter /args.id == 110/ { @raw = count(); }
       END { printf("ended\\n"); }`,
      'getppid 12 threads 2 getppid 10',
    );
    expect(result.stderr).not.toContain('ERROR');
    expect(result.status).toBe(0);
    expect(result.stdout).toMatch(/^ended\n/);
    for (const map of ['@tracepoint', '@pattern', '@typed', '@raw'])
      expect(mapValue(result.stdout, map), map).toBe(32);
  });

  it('is given to the kernel for probes of programs and profiles; intervals are not limited [PRB-059]', async () => {
    const result = await traceOne(
      `uprobe:${WORKLOAD}:workload_target { @uprobe = count(); }
       uretprobe:${WORKLOAD}:workload_target { @uretprobe = count(); }
       uprobe:${WORKLOAD}:workload_t*et { @pattern = count(); }
       profile:hz:500 { @profile[pid] = count(); }
       interval:hz:500 { @interval[pid == 0] = count(); @intervals = count(); }`,
      'call 5 1 1 spin 150 threads 2 call 10 1 1 spin 20',
    );
    expect(result.stderr).not.toContain('ERROR');
    for (const map of ['@uprobe', '@uretprobe', '@pattern'])
      expect(mapValue(result.stdout, map), map).toBe(25);
    expect(mapEntries(result.stdout, '@profile')).toHaveLength(1);
    expect(mapEntries(result.stdout, '@profile')[0]?.[1]).toBeGreaterThan(20);
    expect(mapValue(result.stdout, '@intervals')).toBeGreaterThan(20);
  });

  it('says when there is no such process, or only a thread', () => {
    const script = object('interval:1s { }');
    const load = (pid: string): Result => {
      const { stdout, stderr, status } = spawnSync(LOADER_ASAN, ['-p', pid, script], {
        encoding: 'latin1',
      });
      return { stdout, stderr, status };
    };
    expect(load('4194304')).toEqual({
      stdout: '',
      stderr: 'ERROR: -p: there is no process 4194304.\n',
      status: 1,
    });
    const result = inNamespaces(
      [],
      `$WORKLOAD threads 2 await $GO & until [ $(ls /proc/$!/task | wc -l) = 3 ]; do :; done
       thread=$(ls /proc/$!/task | tail -1); echo $thread; $LOADER -p $thread ${script}; touch $GO; wait`,
    );
    expect(result.stderr).toBe(`ERROR: -p: ${result.stdout.trim()} is a thread, not a process.\n`);
  });
});

needs('root').describe('in a PID namespace of its own', () => {
  const CALLS =
    'tracepoint:syscalls:sys_enter_getppid /comm == "workload"/ { @[pid, tid] = count(); }';

  it.each([
    ['with its own /proc', ['-pf', '--mount-proc']],
    ['with the /proc of another', ['-pf']],
  ])('%s, bpfload and its scripts number processes alike [AOT-016]', (_what, flags) => {
    const result = inNamespaces(
      flags,
      `$WORKLOAD await $GO pid getppid 3 threads 1 getppid 7 call 2 1 1 spin 60 &
       load -p $! ${object(`${CALLS} profile:hz:500 { @profile[pid] = count(); } uprobe:${WORKLOAD}:workload_target { @user = count(); }`)}
       echo $!`,
    );
    expect(result.stderr).toBe('Attached 3 probes\n');
    const lines = result.stdout.split('\n');
    const pid = lines.at(-2) ?? '';
    expect(Number(pid)).toBeLessThan(10);
    expect(lines).toContain(pid);
    const calls = mapEntries(result.stdout, '@');
    expect(calls[0]).toEqual([expect.stringMatching(`^${pid}, `), 3]);
    expect(calls).toContainEqual([`${pid}, ${pid}`, 3]);
    expect(calls.find(([, times]) => times === 7)?.[0]).toMatch(new RegExp(`^${pid}, \\d$`));
    expect(calls.find(([, times]) => times === 7)?.[0]).not.toBe(`${pid}, ${pid}`);
    expect(mapEntries(result.stdout, '@profile').map(([key]) => key)).toEqual([pid]);
    expect(mapValue(result.stdout, '@user')).toBe(2);
  });

  it('a process in a namespace below is found by -p', () => {
    const result = inNamespaces(
      ['-pf', '--mount-proc'],
      `unshare -pf $WORKLOAD await $GO getppid 4 & until pgrep workload >/dev/null; do :; done
       load -p $(pgrep workload) ${object('tracepoint:syscalls:sys_enter_getppid { @ = count(); }')}`,
    );
    expect(result.stderr).toBe('Attached 1 probe\n');
    expect(mapValue(result.stdout, '@')).toBe(4);
  });

  it('a process of another user and PID namespace has the number that bpfload sees', () => {
    const script = object(CALLS);
    const result = inNamespaces(
      [],
      `unshare -Upf $WORKLOAD await $GO getppid 4 & until pid=$(pgrep -P $! workload); do :; done
       echo $pid; load -p $pid ${script}`,
    );
    const pid = result.stdout.split('\n')[0];
    expect(mapEntries(result.stdout, '@')).toEqual([[`${pid}, ${pid}`, 4]]);
  });

  it('a user namespace is named as what takes the permission', () => {
    for (const flags of [['-Upf'], ['-Urpf']]) {
      const result = inNamespaces(flags, `$LOADER ${object(CALLS)}`);
      expect(result).toMatchObject({ stdout: '', status: 4 });
      expect(result.stderr).toContain('this is a user namespace');
    }
  });
});

needs('root').describe('a process in another mount namespace', () => {
  it('has the paths of its probes looked up where it lives', () => {
    const [seen, real] = [join(folder, 'seen'), join(folder, 'real')];
    mkdirSync(seen);
    mkdirSync(real);
    copyFileSync(WORKLOAD, join(real, 'work'));
    symlinkSync(join(seen, 'work'), join(real, 'link'));
    const script = object(
      `uprobe:${seen}/work:workload_target { @path = count(); }
       uprobe:${seen}/link:workload_target { @link = count(); }
       uprobe:work:workload_target { @bare = count(); }
       uprobe:${seen}/w*:workload_t*et { @pattern = count(); }
       uprobe:workload_target { @mapped = count(); }`,
    );
    const result = inNamespaces(
      [],
      `unshare -m sh -c 'mount --bind ${real} ${seen}; exec ${seen}/work await $GO call 3 1 1' &
       until [ "$(cat /proc/$!/comm)" = work ]; do :; done
       PATH=$PATH:${seen} load -p $! ${script}`,
    );
    expect(result.stderr).toBe('Attached 5 probes\n');
    for (const map of ['@path', '@link', '@bare', '@pattern', '@mapped'])
      expect(mapValue(result.stdout, map), map).toBe(3);
    const outside = inNamespaces([], `$LOADER ${script}`);
    expect(outside.status).toBe(1);
    expect(outside.stderr).toContain(`'${seen}/work' does not exist or is not executable.`);
  });
});

needs('root').describe('with capabilities instead of root', () => {
  /** As nobody, with these capabilities only. */
  const loader = join(folder, 'bpfload');
  // Once: what lets go of the probes of one run may still be executing it in the next.
  beforeAll(() => copyFileSync(LOADER_ASAN, loader));
  const load = (capabilities: readonly string[], script: string, workload = 'true'): Result => {
    const list = capabilities.map((name) => `+${name}`).join(',');
    const result = spawnSync(
      'setpriv',
      [
        ...['--reuid=65534', '--regid=65534', '--clear-groups'],
        ...['--inh-caps', `-all,${list}`, '--ambient-caps', `-all,${list}`, '--bounding-set'],
        ...[`-all,${list}`, loader, '-c', workload, object(script)],
      ],
      { encoding: 'latin1', env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' } },
    );
    return { stdout: result.stdout, stderr: result.stderr, status: result.status };
  };
  const SCRIPT = `BEGIN { printf("begun\\n"); } tracepoint:syscalls:sys_enter_getppid /pid == cpid/ { @calls = count(); }
    rawtracepoint:sys_enter /pid == cpid && args.id == 110/ { @raw = count(); } uprobe:${WORKLOAD}:workload_target { @user[arg0] = count(); }
    uretprobe:${WORKLOAD}:workload_target { @returned[retval] = count(); }
    uprobe:${WORKLOAD}:workload_t*et { @pattern[func] = count(); }`;

  it('traces with those that the object asks for [CLI-036]', () => {
    spawnSync('chmod', ['-R', 'a+rX', folder]);
    const result = load(
      ['bpf', 'perfmon', 'dac_read_search'],
      SCRIPT,
      `${WORKLOAD} getppid 5 call 3 1 1`,
    );
    expect(result.stderr).toMatch(/^Attached 6 probes\n$/);
    expect(result.status).toBe(0);
    expect(mapValue(result.stdout, '@calls')).toBe(5);
    expect(mapValue(result.stdout, '@raw')).toBe(5);
    for (const key of ['1', '2', '3']) expect(mapValue(result.stdout, '@user', key)).toBe(1);
    expect(mapEntries(result.stdout, '@returned')).toHaveLength(3);
    expect(mapValue(result.stdout, '@pattern', 'workload_target')).toBe(3);
  });

  it.each([
    [['bpf', 'perfmon'], 'CAP_DAC_READ_SEARCH'],
    [['bpf', 'dac_read_search'], 'CAP_PERFMON'],
    [['perfmon', 'dac_read_search'], 'CAP_BPF'],
    [['dac_read_search'], 'CAP_BPF, CAP_PERFMON'],
  ])('with only %s names what is missing [CLI-036]', (capabilities, missing) => {
    const result = load(capabilities, SCRIPT);
    expect(result).toMatchObject({ stdout: '', status: 4 });
    expect(result.stderr).toContain(`ERROR: No permission: ${missing} is missing.\n`);
  });

  it.each([
    ['BEGIN { }', 'cap_bpf,cap_perfmon', ''],
    ['tracepoint:sched:sched_switch { }', 'cap_bpf,cap_perfmon,cap_dac_read_search', ''],
    ['BEGIN { print(kaddr("schedule")); }', 'cap_bpf,cap_perfmon,cap_syslog', ''],
    ['profile:hz:9 { @[ustack] = count(); }', 'cap_bpf,cap_perfmon', 'cap_sys_ptrace'],
    ['profile:hz:9 { @[kstack] = count(); }', 'cap_bpf,cap_perfmon', 'cap_syslog'],
    ['profile:hz:9 { @[kstack(raw), ustack(raw)] = count(); }', 'cap_bpf,cap_perfmon', ''],
  ])('says all that %s needs in one message [CLI-036]', (script, needed, names) => {
    const { status, stderr } = load(['kill'], script);
    const of = names === '' ? '' : ` (for names of functions also ${names})`;
    expect(status).toBe(4);
    expect(stderr).toContain(
      `HINT: Run bpfload as root, or give it the capabilities that this object needs: setcap ${needed}+ep bpfload${of}\n`,
    );
    const missing = needed.toUpperCase().replaceAll(',', ', ');
    expect(stderr).toContain(`ERROR: No permission: ${missing} is missing.\n`);
  });

  it('shows addresses where it may not know names, with one warning', () => {
    const loop = `while :; do ${WORKLOAD} getppid 5 sleep 200; done`;
    const others = spawn('sh', ['-c', loop], { stdio: 'ignore', detached: true });
    const trace = (stacks: string): Result =>
      load(
        ['bpf', 'perfmon', 'dac_read_search'],
        `tracepoint:syscalls:sys_enter_getppid /uid == 0/ { ${stacks} }`,
        'sleep 3',
      );
    try {
      const named = trace('@k[kstack(1)] = count(); @u[ustack(1)] = count();');
      expect(named.stderr).toBe(
        `Attached 1 probe
WARNING: some addresses have no names: those of the kernel take CAP_SYSLOG, those of other users' processes CAP_SYS_PTRACE.
`,
      );
      expect(named.stdout).toMatch(/@k\[\n\s+0x[0-9a-f]+\n\]: \d+\n@u\[\n\s+0x[0-9a-f]+\n\]/);
      const raw = trace('@k[kstack(raw, 1)] = count(); @u[ustack(raw, 1)] = count();');
      expect(raw.stderr).toBe('Attached 1 probe\n');
      expect(raw.stdout).toMatch(/@k\[\n[0-9a-f]+\n\]: \d+\n@u\[\n[0-9a-f]+\n\]/);
    } finally {
      process.kill(-(others.pid ?? 0), 'SIGKILL');
    }
  });

  it('needs no more than the script asks for', () => {
    const result = load(['bpf', 'perfmon'], 'BEGIN { printf("%d\\n", 1 + 1); }');
    expect(result).toMatchObject({ stdout: '2\n\n\n', status: 0 });
    const status = readFileSync('/proc/self/status', 'utf8');
    expect(status).toContain('CapEff');
  });
});
