/** `bpfscript list` and `-l`, on the embedded kernel description, on binaries and on processes. */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/build.ts';
import { bpfscript } from '../../support/command.ts';
import { runHere } from '../../support/command-here.ts';
import { needs } from '../../support/needs.ts';
import { HANGS_MS } from '../../support/patience.ts';

const folder = temporaryFolder();
const POINTS = join(folder, 'points');
const DEFAULT = ['--kernel', 'default'];

beforeAll(() => {
  const source = join(import.meta.dirname, '../../kernel/usdt/points.c');
  execFileSync('gcc', ['-O1', '-fPIE', '-pie', '-o', POINTS, source]);
});

/** Lines of a list that has to succeed, and to say nothing else. */
async function lines(...args: readonly string[]): Promise<readonly string[]> {
  const result = await runHere(args);
  expect(result).toMatchObject({ stderr: '', status: 0 });
  return result.stdout.split('\n').slice(0, -1);
}

function list(...args: readonly string[]): Promise<readonly string[]> {
  return lines('list', ...DEFAULT, ...args);
}

function providers(listed: readonly string[]): readonly string[] {
  return [...new Set(listed.map((line) => line.slice(0, line.indexOf(':'))))];
}

/** Addresses that readelf shows of a USDT point, in their order. */
function locations(point: string): readonly string[] {
  const notes = execFileSync('readelf', ['-n', POINTS], { encoding: 'latin1' });
  const [provider, name] = point.split(':');
  return notes.split('stapsdt').flatMap((note) => {
    const [, of, its, at = ''] =
      /Provider: (\S+)\s+Name: (\S+)\s+Location: (0x[0-9a-f]+)/.exec(note) ?? [];
    return of === provider && its === name ? [`0x${BigInt(at).toString(16)}`] : [];
  });
}

/** nm does not tell weak data from weak functions. */
const DATA = new Set(['_.stapsdt.base', 'data_start']);

/** Names that nm gives the letters of functions. */
function nm(...args: readonly string[]): readonly string[] {
  const text = execFileSync('nm', args, {
    encoding: 'latin1',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return text.split('\n').flatMap((line) => {
    const match = /^[0-9a-f]+ [TtWi] ([^@]+)/.exec(line);
    return match && !DATA.has(match[1] ?? '') ? [match[1] ?? ''] : [];
  });
}

describe('Lists of a kernel', () => {
  it('hold all providers that the kernel has, sorted, one probe a line [CLI-013]', async () => {
    const all = await list();
    expect(providers(all)).toEqual(
      expect.arrayContaining([
        'fentry',
        'hardware',
        'interval',
        'iter',
        'kprobe',
        'profile',
        'rawtracepoint',
      ]),
    );
    expect(all).toContain('tracepoint:sched:sched_switch');
    expect(all).toContain('rawtracepoint:vmlinux:sched_switch');
    expect(all).toContain('kprobe:vfs_read');
    expect(all).toContain('fentry:vmlinux:vfs_read');
    expect(all).toContain('iter:task');
    expect(all).toContain('software:page-faults:');
    expect(all).toContain('software:faults:');
    expect(all).toContain('hardware:cache-misses:');
    expect(all).toContain('interval:ms:');
    for (const provider of providers(all)) {
      const own = all.filter((line) => line.startsWith(`${provider}:`));
      expect(own).toEqual([...new Set(own)].sort());
    }
    expect(await lines('-l', ...DEFAULT)).toEqual(all);
    // The command as it is built.
    const built = bpfscript(['list', ...DEFAULT]);
    expect(built).toEqual({ stdout: `${all.join('\n')}\n`, stderr: '', status: 0 });
  });

  it('are searched by patterns, several with commas [CLI-013]', async () => {
    expect(await list('tracepoint:syscalls:sys_enter_mrem*')).toEqual([
      'tracepoint:syscalls:sys_enter_mremap',
    ]);
    expect(await list('t:syscalls:sys_enter_mrem*,k:vfs_readv,kr:vfs_readv')).toEqual([
      'kprobe:vfs_readv',
      'kretprobe:vfs_readv',
      'tracepoint:syscalls:sys_enter_mremap',
    ]);
    expect(await list('tracepoint:*_mremap')).toEqual([
      'tracepoint:syscalls:sys_enter_mremap',
      'tracepoint:syscalls:sys_exit_mremap',
    ]);
    // A word without a colon is looked for in all providers.
    expect(await list('sched_switch')).toEqual([
      'rawtracepoint:vmlinux:sched_switch',
      'tracepoint:sched:sched_switch',
    ]);
    expect(await list('software')).toContain('software:cs:');
  });

  it('print nothing where nothing matches [PRB-073]', async () => {
    for (const search of ['tracepoint:sched:no_such_event', 'no_such_name', 'kprobe:no_such_*'])
      expect(await runHere(['list', ...DEFAULT, search])).toEqual({
        stdout: '',
        stderr: '',
        status: 0,
      });
    expect(await runHere(['-l', 'tracepoint:sched:no_such_event', ...DEFAULT])).toMatchObject({
      stdout: '',
      status: 0,
    });
  });

  it('show arguments as TYPE NAME [CLI-014]', async () => {
    expect(await list('-v', 'tracepoint:syscalls:sys_enter_mremap')).toEqual([
      'tracepoint:syscalls:sys_enter_mremap',
      '    int __syscall_nr',
      '    unsigned long addr',
      '    unsigned long old_len',
      '    unsigned long new_len',
      '    unsigned long flags',
      '    unsigned long new_addr',
    ]);
    expect(await list('-v', 'tracepoint:sched:sched_process_exec')).toEqual([
      'tracepoint:sched:sched_process_exec',
      '    __data_loc char[] filename',
      '    pid_t pid',
      '    pid_t old_pid',
    ]);
    expect(await list('-v', 'tracepoint:sched:sched_wakeup')).toContain('    char comm[16]');
    expect(await list('-v', 'rawtracepoint:sched_switch')).toEqual([
      'rawtracepoint:vmlinux:sched_switch',
      '    bool preempt',
      '    struct task_struct * prev',
      '    struct task_struct * next',
      '    unsigned int prev_state',
    ]);
    expect(await list('-v', 'fentry:vfs_fsync,fexit:vfs_fsync,fexit:vmlinux:path_get')).toEqual([
      'fentry:vmlinux:vfs_fsync',
      '    struct file * file',
      '    int datasync',
      'fexit:vmlinux:path_get',
      '    const struct path * path',
      'fexit:vmlinux:vfs_fsync',
      '    struct file * file',
      '    int datasync',
      '    int retval',
    ]);
    expect(await list('-v', 'iter:task')).toEqual([
      'iter:task',
      '    struct bpf_iter_meta * meta',
      '    struct task_struct * task',
    ]);
    expect(await lines('-lv', ...DEFAULT, 'kprobe:vfs_read')).toEqual(['kprobe:vfs_read']);
  });

  it('show structs, unions and enums as C has them [CLI-015]', async () => {
    expect(await list('struct list_head')).toEqual(['struct list_head']);
    expect(await list('-v', 'struct list_head')).toEqual([
      'struct list_head {',
      '\tstruct list_head *next;',
      '\tstruct list_head *prev;',
      '};',
    ]);
    const task = await lines('-lv', ...DEFAULT, 'struct task_struct');
    expect(task).toContain('\tpid_t pid;');
    expect(task).toContain('\tchar comm[16];');
    expect(task).toContain('\tunsigned int in_execve : 1;');
    expect(await list('-v', 'struct callback_head')).toContain(
      '\tvoid (*func)(struct callback_head *);',
    );
    expect(await list('-v', 'enum pid_type')).toEqual([
      'enum pid_type {',
      '\tPIDTYPE_PID = 0,',
      '\tPIDTYPE_TGID = 1,',
      '\tPIDTYPE_PGID = 2,',
      '\tPIDTYPE_SID = 3,',
      '\tPIDTYPE_MAX = 4,',
      '};',
    ]);
    expect((await list('-v', 'union bpf_attr'))[0]).toBe('union bpf_attr {');
    expect(await list('struct sched_*entity')).toEqual([
      'struct sched_dl_entity',
      'struct sched_entity',
      'struct sched_rt_entity',
    ]);
  });

  it('are several, mixed with probes, in one list', async () => {
    const types = ['struct list_head', 'enum pid_type'];
    const each = [
      ...(await list('-v', 'struct list_head')),
      ...(await list('-v', 'enum pid_type')),
    ];
    expect(await list('-v', types.join(','))).toEqual(each);
    expect(await list('-v', ...types)).toEqual(each);
    expect(await list('-v', 'struct', 'list_head', 'enum', 'pid_type')).toEqual(each);
    const probe = await list('-v', 'tracepoint:sched:sched_switch');
    expect(await list('-v', ...types, 'tracepoint:sched:sched_switch')).toEqual([
      ...probe,
      ...each,
    ]);
    expect(await lines('-lv', ...DEFAULT, ...types)).toEqual(each);
  });

  it('compile as C, so that a definition can be pasted', async () => {
    const file = join(folder, 'pasted.c');
    const types = ['struct list_head', 'struct hlist_node', 'struct hlist_head', 'union sigval'];
    writeFileSync(file, `${(await list('-v', types.join(','))).join('\n')}\n`);
    expect(spawnSync('gcc', ['-fsyntax-only', '-Wall', '-Werror', file]).status).toBe(0);
  });

  it('refuse what is no search', async () => {
    expect(await runHere(['list', 'nonsense:*'])).toEqual({
      stdout: '',
      stderr: "ERROR: Invalid provider: 'nonsense'\n",
      status: 1,
    });
    expect(await runHere(['list', 'uprobe:*'])).toMatchObject({
      stderr: expect.stringContaining('which file?'),
      status: 1,
    });
    expect(await runHere(['list', '-p', 'x'])).toMatchObject({ stdout: '', status: 2 });
  });
});

describe('Lists of a script', () => {
  const SCRIPT =
    'BEGIN { } tracepoint:syscalls:sys_*_mremap, k:vfs_readv { } interval:s:1 { } END { }\n' +
    'uprobe:./tool@main.c:12 { }';
  const EXPECTED = [
    'interval:s:1',
    'kprobe:vfs_readv',
    'tracepoint:syscalls:sys_enter_mremap',
    'tracepoint:syscalls:sys_exit_mremap',
    'uprobe:./tool@main.c:12',
  ];

  it('hold its attach points, patterns expanded, without begin and end [CLI-013]', async () => {
    const script = join(folder, 'script.bt');
    writeFileSync(script, SCRIPT);
    expect(await list(script)).toEqual(EXPECTED);
    expect(await lines('-l', ...DEFAULT, script)).toEqual(EXPECTED);
    expect(await list('-e', SCRIPT)).toEqual(EXPECTED);
  });

  it('are what build --expand shows', async () => {
    expect(await lines('build', '--expand', ...DEFAULT, '-e', SCRIPT)).toEqual(EXPECTED);
  });

  it('need a script without errors', async () => {
    expect(await runHere(['list', '-e', 'BEGIN { ('])).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining('ERROR: syntax: '),
      status: 1,
    });
  });
});

describe('Lists of binaries', () => {
  it('hold the functions that nm shows, of both symbol tables [CLI-013]', async () => {
    const expected = [...new Set([...nm(POINTS), ...nm('-D', POINTS)])]
      .sort()
      .map((name) => `uprobe:${POINTS}:${name}`);
    expect(expected).toContain(`uprobe:${POINTS}:main`);
    expect(await list(`uprobe:${POINTS}:*`)).toEqual(expected);
    expect(await list(`ur:${POINTS}:mai*`)).toEqual([`uretprobe:${POINTS}:main`]);
  });

  it('hold those of stripped libraries, by bare name, weak and indirect ones too', async () => {
    const malloc = await list('uprobe:libc:malloc,uprobe:libc.so.6:memcpy');
    const [path = ''] = malloc.map((line) => line.split(':')[1] ?? '');
    expect(path).toMatch(/^\/.*\/libc\.so\.6$/);
    expect(malloc).toEqual([`uprobe:${path}:malloc`, `uprobe:${path}:memcpy`]);
    const symbols = new Set(nm('-D', path));
    const listed = (await list('uprobe:libc:*')).map((line) => line.split(':')[2] ?? '');
    expect(listed.length).toBe(symbols.size);
    expect(new Set(listed)).toEqual(symbols);
  });

  it('follow links and patterns of paths', async () => {
    symlinkSync(POINTS, join(folder, 'link-to-points'));
    const link = `uprobe:${folder}/link-to-points:main`;
    expect(await list(link)).toEqual([link]);
    expect(await list(`uprobe:${folder}/*:main`)).toEqual([link]);
    expect(await list(`*:${POINTS}:main`)).toEqual([`uprobe:${POINTS}:main`]);
  });

  it('say which file cannot be read', async () => {
    expect(await runHere(['list', 'uprobe:/no/such:*'])).toMatchObject({
      stderr: 'ERROR: there is no file /no/such\n',
      status: 1,
    });
    const text = join(folder, 'text');
    writeFileSync(text, 'text '.repeat(50));
    expect(await runHere(['list', `uprobe:${text}:*`])).toMatchObject({
      stderr: `ERROR: cannot read ${text}: not an ELF file\n`,
      status: 1,
    });
    const cut = join(folder, 'cut');
    execFileSync('dd', [`if=${POINTS}`, `of=${cut}`, 'bs=1000', 'count=1', 'status=none']);
    expect(await runHere(['list', `uprobe:${cut}:*`])).toMatchObject({
      stderr: `ERROR: cannot read ${cut}: a part reaches beyond the end of the file\n`,
      status: 1,
    });
  });

  it('hold the USDT points of a process', async () => {
    const child = spawn(POINTS, ['wait'], { stdio: ['pipe', 'ignore', 'ignore'] });
    try {
      const pid = String(child.pid);
      const own = await list(`usdt:${POINTS}:*`);
      for (const search of ['usdt:*', 'usdt:*:*', 'usdt:*:*:*', `usdt:${POINTS}:*`])
        expect(await list('-p', pid, search), search).toEqual(own);
    } finally {
      child.kill();
    }
  });

  it('hold the USDT points of readelf, with types of arguments and semaphores [CLI-014]', async () => {
    const notes = execFileSync('readelf', ['-n', POINTS], { encoding: 'latin1' });
    const providersOf = [...notes.matchAll(/Provider: (\S+)\s+Name: (\S+)/g)];
    const expected = [
      ...new Set(providersOf.map(([, one, other]) => `usdt:${POINTS}:${one}:${other}`)),
    ];
    expect(expected.length).toBeGreaterThan(3);
    expect(await list(`usdt:${POINTS}:*`)).toEqual(expected.sort());
    expect(await list('-v', `usdt:${POINTS}:app:registers`)).toEqual([
      `usdt:${POINTS}:app:registers`,
      '    int32 arg0',
      '    uint32 arg1',
      '    uint64 arg2',
      '    uint8 arg3',
      '    int8 arg4',
      '    int16 arg5',
      `    // at ${locations('app:registers')}: -4@%eax 4@%eax 8@%rbx 1@%ch -1@%cl -2@%r12w`,
    ]);
    const guarded = await list('-v', `usdt:${POINTS}:guarded`);
    expect(guarded.at(-2)).toMatch(/^ {4}\/\/ semaphore 0x[0-9a-f]+$/);
    expect(guarded.at(-1)).toBe(`    // at ${locations('app:guarded')}: 2@%ax`);
    const [first, second] = locations('other:step');
    expect(await list('-v', `usdt:${POINTS}:step`)).toEqual([
      `usdt:${POINTS}:other:step`,
      '    int32 arg0',
      '    // 2 places',
      `    // at ${first}: -4@%edi`,
      `    // at ${second}: -4@%esi`,
    ]);
  });

  it('have the arguments that debug information tells, where there is some', async () => {
    const source = join(folder, 'typed.c');
    writeFileSync(
      source,
      `struct item { int x; };
       __attribute__((noinline)) long take(const struct item *it, unsigned char n, char *text, void *any) {
         __asm__ volatile("" : : "r"(it), "r"(text), "r"(any) : "memory"); return n; }
       int main(void) { struct item it = {1}; return (int)take(&it, 1, "", 0); }`,
    );
    const typed = join(folder, 'typed');
    execFileSync('gcc', ['-g', '-O1', '-o', typed, source]);
    expect(await list('-v', `uprobe:${typed}:take`)).toEqual([
      `uprobe:${typed}:take`,
      '    struct item * it',
      '    uint8 n',
      '    int8 * text',
      '    void * any',
    ]);
    expect(await list('-v', `uretprobe:${typed}:take`)).toEqual([`uretprobe:${typed}:take`]);
    execFileSync('strip', ['-g', typed]);
    expect(await list('-v', `uprobe:${typed}:take`)).toEqual([`uprobe:${typed}:take`]);
  });

  /** While a copy of sleep(1) runs, which has mapped its libraries. */
  async function withSleeper(work: (pid: string, copy: string) => Promise<void>): Promise<void> {
    const copy = join(folder, 'sleeper');
    execFileSync('cp', ['/bin/sleep', copy]);
    const child = spawn(copy, ['600'], { stdio: 'ignore' });
    try {
      const pid = String(child.pid);
      await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/maps`, 'utf8')).toContain('libc'), {
        timeout: HANGS_MS,
      });
      await work(pid, copy);
    } finally {
      child.kill();
    }
  }

  it('cover all files of a process', async () => {
    await withSleeper(async (pid) => {
      expect((await list('-p', pid, 'uprobe:malloc')).length).toBeGreaterThan(0);
      expect((await list('-p', pid, 'uprobe:*')).length).toBeGreaterThan(1000);
    });
    expect(await runHere(['list', '-p', '4194304'])).toMatchObject({
      stderr: expect.stringContaining('process 4194304'),
    });
  });

  // What is mapped of it is opened with rights alone (/proc/PID/map_files).
  needs('root').it('cover the files of a process of which one was deleted since', async () => {
    await withSleeper(async (pid, copy) => {
      execFileSync('rm', [copy]);
      const files = (await list('-p', pid)).map((line) => line.split(':')[1]);
      expect(files).toContainEqual(expect.stringMatching(/libc\.so/));
    });
  });
});

describe('Lists of the running kernel', () => {
  needs('root').it('hold what tracefs has [CLI-013]', () => {
    const events = '/sys/kernel/tracing/events/syscalls';
    const expected = readdirSync(events)
      .filter((name) => name.startsWith('sys_enter_'))
      .map((name) => `tracepoint:syscalls:${name}`)
      .sort();
    const result = bpfscript(['list', 'tracepoint:syscalls:sys_enter_*']);
    expect(result).toEqual({ stdout: `${expected.join('\n')}\n`, stderr: '', status: 0 });
  });

  needs('root').it('need no root for what all may read, and say what they leave out', () => {
    const command = join(import.meta.dirname, '../../../dist/bpfscript.js');
    const result = spawnSync('setpriv', [
      ...['--reuid', '65534', '--regid', '65534', '--clear-groups'],
      ...[process.execPath, command, 'list', 'sched_switch'],
    ]);
    expect(result.stdout.toString()).toBe('rawtracepoint:vmlinux:sched_switch\n');
    expect(result.stderr.toString()).toContain('WARNING: no tracepoint probes are listed: ');
    expect(result.status).toBe(0);
  });
});
