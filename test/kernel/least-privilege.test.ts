/** What the loader holds while it traces: /proc/PID/status in each mode, and that all that goes on still works. */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { build, temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { LOADER, LOADER_ASAN, type RunOptions, run, WORKLOAD } from '../support/run.ts';

const CAPABILITIES: readonly (readonly [string, number])[] = [
  ['DAC_READ_SEARCH', 2],
  ['KILL', 5],
  ['SYS_PTRACE', 19],
  ['SYS_ADMIN', 21],
  ['SYSLOG', 34],
  ['PERFMON', 38],
  ['BPF', 39],
  ['CHECKPOINT_RESTORE', 40],
];

interface Held {
  readonly effective: readonly string[];
  readonly permitted: bigint;
  readonly inheritable: bigint;
  readonly bounding: bigint;
  readonly ambient: bigint;
  readonly noNewPrivileges: boolean;
  readonly filtered: boolean;
  readonly user: number;
}

function heldBy(pid: number): Held {
  const text = readFileSync(`/proc/${pid}/status`, 'latin1');
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\w+)`, 'm').exec(text)?.[1] ?? '';
  const set = (name: string) => BigInt(`0x${field(name)}`);
  return {
    effective: CAPABILITIES.filter(([, bit]) => (set('CapEff') >> BigInt(bit)) & 1n).map(
      ([name]) => name,
    ),
    permitted: set('CapPrm'),
    inheritable: set('CapInh'),
    bounding: set('CapBnd'),
    ambient: set('CapAmb'),
    noNewPrivileges: field('NoNewPrivs') === '1',
    filtered: field('Seccomp') === '2',
    user: Number(field('Uid')),
  };
}

function programsOf(pid: number): number {
  const names = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  return names.filter((name) => name.endsWith('bpf-prog')).length;
}

/** Runs a script and looks at its loader once it is attached. */
async function heldWhile(
  script: string,
  options: Omit<RunOptions, 'workload'> = {},
): Promise<Held & { readonly programs: number; readonly stdout: string; readonly stderr: string }> {
  let held: (Held & { programs: number }) | undefined;
  const result = await run(script, {
    loader: LOADER_ASAN,
    settle: 300,
    ...options,
    workload: (pid) => {
      held = { ...heldBy(pid), programs: programsOf(pid) };
      // An idle machine has no stacks to name.
      if (script.includes('stack')) spawnSync(WORKLOAD, ['spin', '600']);
    },
  });
  expect(result.status).toBe(0);
  if (held === undefined) throw new Error(`it did not attach: ${result.stderr}`);
  return { ...held, stdout: result.stdout, stderr: result.stderr };
}

needs('root').describe('after attaching, the loader', () => {
  it('holds nothing that the rest of the run does not take', async () => {
    const held = await heldWhile(
      'interval:ms:50 { @ = count(); @h[nsecs % 3] = hist(nsecs); print(@h); clear(@h); } end { printf("bye\\n"); }',
    );
    expect(held).toMatchObject({
      effective: [],
      permitted: 0n,
      inheritable: 0n,
      bounding: 0n,
      ambient: 0n,
      noNewPrivileges: true,
      filtered: true,
      user: 0,
      // That of `end` is still to be run, and of the other the kernel's counts are to be read.
      programs: 2,
    });
    expect(held.stdout).toContain('bye\n');
    expect(held.stdout).toMatch(/@: \d+/);
  });

  it('holds what names of processes take, and names them', async () => {
    const held = await heldWhile(
      'profile:hz:99 { @[ustack(3), kstack(3)] = count(); } interval:ms:50 { @m = max(1); }',
    );
    expect(held.effective).toEqual(['DAC_READ_SEARCH', 'SYS_PTRACE', 'CHECKPOINT_RESTORE']);
    expect(held).toMatchObject({ bounding: 0n, noNewPrivileges: true, filtered: true });
    expect(held.stdout).toMatch(/\w+\+\d+\n/);
    expect(held.stderr).not.toContain('names');
  });

  it('names the kernel by what it opened while it might', async () => {
    const held = await heldWhile(
      'interval:ms:50 { @[ksym(kaddr("_text"))] = count(); } profile:hz:99 { @k[kstack(1)] = count(); }',
    );
    expect(held.effective).toEqual([]);
    expect(held.stdout).toMatch(/^@\[\w+\]/m);
    expect(held.stderr).not.toContain('names');
  });

  it('holds what cat() takes, and reads time zones, users and cgroups with nothing', async () => {
    const reading = await heldWhile(
      'interval:ms:50 { cat("/proc/1/environ"); cat("/etc/hostname"); }',
    );
    expect(reading.effective).toEqual(['DAC_READ_SEARCH', 'SYS_PTRACE', 'SYSLOG']);
    expect(reading.stdout).toContain(readFileSync('/etc/hostname', 'latin1'));
    const naming = await heldWhile(
      'interval:ms:50 { printf("%s %s %s\\n", strftime("%Y", nsecs), username, cgroup_path(cgroup)); time("%Y\\n"); }',
    );
    expect(naming.effective).toEqual([]);
    expect(naming.stdout).toMatch(/^20\d\d root .+:\//m);
    expect(naming.stdout).toMatch(/^20\d\d$/m);
  });

  it('may end the command of -c', async () => {
    const held = await heldWhile('interval:ms:50 { @ = count(); }', {
      flags: ['-c', 'sleep 30'],
    });
    expect(held.effective).toEqual(['KILL']);
    expect(held.filtered).toBe(true);
  });

  it('begins an iterator, writes a file and JSON', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'out');
    const result = await run('iter:task { printf("%d\\n", ctx.task.pid); }', {
      flags: ['-o', file, '-f', 'json'],
      signal: 'none',
      loader: LOADER_ASAN,
    });
    expect(result).toMatchObject({ status: 0 });
    expect(readFileSync(file, 'latin1')).toContain(`"data": "${process.pid}\\n"`);
  });

  it('keeps what commands of the script are to have, and uses none of it', async () => {
    const held = await heldWhile(
      'interval:ms:50 { system("grep CapPrm: /proc/self/status"); } end { system("echo end"); }',
      { unsafe: true, flags: ['--allow-run'] },
    );
    const own = heldBy(process.pid);
    expect(held.effective).toEqual(['KILL']);
    expect(held).toMatchObject({
      permitted: own.permitted,
      bounding: own.bounding,
      noNewPrivileges: false,
      filtered: false,
    });
    expect(BigInt(`0x${/CapPrm:\s*(\w+)/.exec(held.stdout)?.[1]}`)).toBe(own.permitted);
    expect(held.stdout).toContain('end\n');
  });

  it('becomes the user of --user, and goes on with the files that it opened', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'out');
    const held = await heldWhile(
      'interval:ms:50 { @ = count(); cat("/etc/shadow"); } end { printf("end\\n"); }',
      { flags: ['--user', 'nobody', '-o', file] },
    );
    expect(held).toMatchObject({ user: 65534, effective: [], permitted: 0n, filtered: true });
    expect(held.stderr).toContain('cat(): cannot open /etc/shadow: Permission denied');
    expect(readFileSync(file, 'latin1')).toMatch(/end\n[\s\S]*@: \d+/);
    const commands = await heldWhile(
      'interval:ms:50 { system("id -un; id -Gn; grep CapEff: /proc/self/status"); }',
      {
        unsafe: true,
        flags: ['--user', 'nobody', '--allow-run'],
      },
    );
    expect(commands.stdout).toMatch(/^nobody\nnogroup\nCapEff:\s*0+\n/);
    const names = await heldWhile('profile:hz:99 { @[ustack(3)] = count(); }', {
      flags: ['--user', 'nobody'],
    });
    expect(names.user).toBe(65534);
    // Names of whatever ran, with an offset or, where they are inlined, a line.
    expect(names.stdout).toMatch(/^ +[A-Za-z_][\w:]+( \[inlined\]|\+\d+)/m);
  });

  it('refuses a user that is not there before anything is attached', async () => {
    const result = await run('begin { printf("begun\\n"); }', { flags: ['--user', 'no such'] });
    expect(result).toMatchObject({
      stdout: '',
      stderr: 'ERROR: --user: there is no user no such.\n',
      status: 2,
    });
    const folder = temporaryFolder();
    const object = join(folder, 'user.o');
    writeFileSync(object, build('interval:s:9 { }'));
    const denied = spawnSync(
      'setpriv',
      ['--bounding-set', '-setuid', LOADER, '--user', 'nobody', object],
      { encoding: 'latin1' },
    );
    expect(denied).toMatchObject({
      stderr: 'ERROR: --user takes CAP_SETUID and CAP_SETGID, which are missing.\n',
      status: 4,
    });
  });

  it('gives nothing up with --keep-privileges', async () => {
    const held = await heldWhile('interval:ms:50 { @ = count(); }', {
      flags: ['--keep-privileges'],
    });
    expect(held).toMatchObject({
      permitted: heldBy(process.pid).permitted,
      noNewPrivileges: false,
      filtered: false,
    });
    expect(held.programs).toBeGreaterThan(0);
  });

  it('says with -v what it holds, and with --info what a run begins with', async () => {
    const held = await heldWhile('interval:ms:50 { cat("/etc/hostname"); }', { flags: ['-v'] });
    expect(held.stderr).toMatch(
      /^Holds CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_SYSLOG, no_new_privs, a filter of \d+ system calls$/m,
    );
    const info = spawnSync(LOADER, ['--info'], { encoding: 'latin1' });
    expect(info.stdout).toMatch(/^Privileges\n {2}held: .*CAP_BPF|all capabilities/m);
    expect(info.stdout).toContain('filter of system calls: yes\n');
  });
});
