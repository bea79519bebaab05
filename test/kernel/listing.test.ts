/** `bpfload list`: hosts without Node say what can be traced, line by line what `bpfscript list` says. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { listProbes } from '../../compiler/listing/listing.ts';
import { kernelDescription, temporaryFolder } from '../support/build.ts';
import { bpfscript, COMMAND } from '../support/command.ts';
import { needs } from '../support/needs.ts';
import { LOADER, LOADER_ASAN } from '../support/run.ts';

const folder = temporaryFolder();
const POINTS = join(folder, 'points');

beforeAll(() => {
  const source = join(import.meta.dirname, 'usdt/points.c');
  execFileSync('gcc', ['-O1', '-fPIE', '-pie', '-o', POINTS, source]);
  symlinkSync(POINTS, join(folder, 'link-to-points'));
});

function loader(...args: readonly string[]) {
  const result = spawnSync(LOADER_ASAN, ['list', ...args], {
    encoding: 'latin1',
    maxBuffer: 2 ** 28,
  });
  return { stdout: result.stdout, stderr: result.stderr, status: result.status };
}

/** What the loader lists, which has to succeed; without what the kernel hides here. */
function list(...args: readonly string[]): string {
  const result = loader('--no-warnings', ...args);
  expect(result).toMatchObject({ stderr: '', status: 0 });
  return result.stdout;
}

function expected(search: string | undefined, verbose: boolean, pid?: number): string {
  return listProbes({
    search,
    verbose,
    kernel: kernelDescription('host'),
    live: true,
    ...(pid === undefined ? {} : { pid }),
  }).text;
}

/** Searches that find something on every kernel. */
const SEARCHES = [
  ...['tracepoint:sched:*', 't:*exec*', 'sched_switch', 'kprobe:tcp_*', 'k:vfs_*,kr:vfs_*'],
  ...['kprobe:vmlinux:vfs_rea*', 'f:vfs_*,fr:vfs_*', 'fentry:vmlinux:*_read', 'fexit:*:vfs_*'],
  ...[
    'kfunc:vfs_*',
    'rawtracepoint:sched_*',
    'rt:vmlinux:sys_*',
    'rt:*:sched_w*',
    'iter:*',
    'it:t*',
  ],
  ...['software', 'hardware:cache*', 's:faults:100', 'interval', 'interval:100ms', 'i:s:*'],
  ...['profile:hz:99', 'p:*', '*:vfs_read', '*trace*:*wakeup*', 'struct sock', 'struct *_head'],
  ...['union bpf_*', 'enum *_type,struct list_head', 'struct sock,kprobe:vfs_read,enum pid_type'],
  ...[
    'KPROBE:vfs_read',
    '"kprobe":vfs_read',
    'kprobe:vfs\\_read',
    ' kprobe:vfs_read , rt:sys_exit',
  ],
];
/** And some that find nothing. */
const IN_VAIN = [
  'kprobe:no_such_*',
  'no_such_name',
  'begin',
  'watchpoint',
  'test:*',
  'struct no_such',
];

describe('Lists of the loader', () => {
  needs('root').it.each(SEARCHES)('are those of the compiler: %s', (search) => {
    const names = expected(search, false);
    expect(names.split('\n').length).toBeGreaterThan(1);
    expect(list(search)).toBe(names);
    expect(list('-v', search)).toBe(expected(search, true));
  });

  needs('root').it.each(IN_VAIN)('are empty where nothing matches: %s', (search) => {
    expect(expected(search, false)).toBe('');
    expect(loader(search)).toEqual({ stdout: '', stderr: '', status: 0 });
  });

  needs('root').it('hold all probes of the kernel where nothing is searched', () => {
    const all = expected(undefined, false);
    expect(all.split('\n').length).toBeGreaterThan(10_000);
    expect(list()).toBe(all);
    expect(list('*:*')).toBe(all);
  });

  needs('root').it('are what bpfscript becomes for all probes of the kernel', async () => {
    const child = spawn(process.execPath, [COMMAND, 'list', '--no-warnings'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      // It has more to say than a pipe takes.
      await once(child.stdout, 'readable');
      expect(basename(readlinkSync(`/proc/${child.pid}/exe`))).toBe('bpfload');
    } finally {
      child.kill();
    }
    const own = { ...process.env, BPFSCRIPT_LOADER: join(folder, 'none') };
    const listed = bpfscript(['-l', '--no-warnings']);
    expect(listed).toMatchObject({ stdout: list(), stderr: '', status: 0 });
    expect(bpfscript(['list', '--no-warnings'], { env: own })).toMatchObject(listed);
  });

  needs('root').it('hold the arguments of all raw tracepoints, and types of all forms', () => {
    for (const search of ['rt:*', 'struct s*', 'union *', 'enum *'])
      expect(list('-v', search)).toBe(expected(search, true));
  });

  it('are of several words, of which a type is two', () => {
    const words = ['struct', 'list_head', 'kprobe:vfs_read', 'enum', 'pid_type', 'it:task'];
    const result = bpfscript(['list', '--no-warnings', ...words]);
    expect(result.stdout).toContain('struct list_head\n');
    expect(list(...words)).toBe(result.stdout);
  });

  it('leave out what nothing can be attached to', () => {
    expect(list('tracepoint:ftrace:*')).toBe('');
    expect(expected('tracepoint:ftrace:*', false)).toBe('');
  });
});

describe('Lists of programs by the loader', () => {
  it('are those of the compiler', () => {
    for (const search of [
      `uprobe:${POINTS}:*`,
      `ur:${POINTS}:mai*`,
      `usdt:${POINTS}:*`,
      `U:${POINTS}:app:*`,
      `usdt:${POINTS}:a*:g*,usdt:${POINTS}:step`,
      `uprobe:${folder}/*:main`,
      `*:${POINTS}:*`,
      ...['uprobe:libc:mem*', 'u:libc.so.6:malloc,ur:libc:malloc', 'uprobe:bash:*'],
    ]) {
      const names = expected(search, false);
      expect(names, search).not.toBe('');
      expect(list(search), search).toBe(names);
    }
    for (const search of [`usdt:${POINTS}:*`, `uprobe:${POINTS}:main`])
      expect(list('-v', search), search).toBe(expected(search, true));
  });

  it('tell of a USDT point what tplist tells: arguments, semaphore, and where each is', () => {
    const [name, argument, semaphore, place, ...rest] = list('-v', `usdt:${POINTS}:guarded`).split(
      '\n',
    );
    expect([name, argument]).toEqual([`usdt:${POINTS}:app:guarded`, '    uint16 arg0']);
    const [, at = '', counter = ''] =
      /Name: guarded\s+Location: 0x0*([0-9a-f]+), .*, Semaphore: 0x0*([0-9a-f]+)/.exec(
        execFileSync('readelf', ['-n', POINTS], { encoding: 'latin1' }),
      ) ?? [];
    expect(at).not.toBe('');
    expect(semaphore).toBe(`    // semaphore 0x${counter}`);
    expect(place).toBe(`    // at 0x${at}: 2@%ax`);
    expect(rest).toEqual(['']);
  });

  it('cover the files of a process', () => {
    const child = spawn(POINTS, ['wait'], { stdio: ['pipe', 'ignore', 'ignore'] });
    try {
      const pid = child.pid ?? 0;
      for (const search of ['usdt:*', 'usdt:*:*:*', `usdt:${POINTS}:*`, 'uprobe:main', 'malloc'])
        expect(list('-p', String(pid), search), search).toBe(expected(search, false, pid));
      expect(list('-p', String(pid))).toBe(expected(undefined, false, pid));
      expect(list('-p', String(pid), '-v', 'usdt:*')).toBe(expected('usdt:*', true, pid));
    } finally {
      child.kill();
    }
  });

  it('say which file cannot be read', () => {
    const refusal = (search: string) => loader(search);
    expect(refusal('uprobe:/no/such:*')).toEqual({
      stdout: '',
      stderr: 'ERROR: there is no file /no/such\n',
      status: 1,
    });
    const text = join(folder, 'text');
    writeFileSync(text, 'text '.repeat(50));
    expect(refusal(`usdt:${text}:*`)).toEqual({
      stdout: '',
      stderr: `ERROR: cannot read ${text}: not an ELF file\n`,
      status: 1,
    });
    expect(refusal('uprobe:*')).toMatchObject({
      stderr: expect.stringContaining('ERROR: which file? '),
      status: 1,
    });
    expect(loader('-p', '4194304', 'uprobe:*')).toMatchObject({
      stderr: expect.stringContaining('ERROR: cannot look at process 4194304'),
      status: 1,
    });
  });
});

/** An ELF file with one symbol table, whose symbols all have the same name. */
function program(file: string, count: number, name: string): string {
  const source = join(folder, 'empty.c');
  writeFileSync(source, 'void f(void) {}');
  const object = `${file}.o`;
  execFileSync('gcc', ['-c', '-o', object, source]);
  const text = `${name}\0`;
  const strings = Buffer.from(`\0${text}`, 'latin1');
  const symbols = Buffer.alloc(24 * count);
  for (let index = 1; index < count; index += 1) {
    symbols.writeUInt32LE(1, 24 * index);
    symbols.writeUInt8(2, 24 * index + 4);
    symbols.writeUInt16LE(1, 24 * index + 6);
  }
  const headers = Buffer.alloc(64 * 4);
  const section = (
    index: number,
    type: number,
    flags: number,
    at: number,
    size: number,
    link = 0,
  ) => {
    headers.writeUInt32LE(type, 64 * index + 4);
    headers.writeBigUInt64LE(BigInt(flags), 64 * index + 8);
    headers.writeBigUInt64LE(BigInt(at), 64 * index + 24);
    headers.writeBigUInt64LE(BigInt(size), 64 * index + 32);
    headers.writeUInt32LE(link, 64 * index + 40);
  };
  const start = 64 + headers.length;
  section(1, 1, 6, 0, 16);
  section(2, 2, 0, start, symbols.length, 3);
  section(3, 3, 0, start + symbols.length, strings.length);
  const head = Buffer.alloc(64);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(head);
  head.writeUInt16LE(3, 16);
  head.writeUInt16LE(62, 18);
  head.writeBigUInt64LE(64n, 40);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(64, 58);
  head.writeUInt16LE(4, 60);
  writeFileSync(file, Buffer.concat([head, headers, symbols, strings]));
  return file;
}

describe('Hostile files', () => {
  it('with names that would be lines of their own, or obeyed by terminals, cost those names', () => {
    const file = join(folder, 'lines');
    const source = join(folder, 'lines.c');
    writeFileSync(source, 'void nameXkprobeYvfs_read(void) {} void plain(void) {} int main() {}');
    execFileSync('gcc', ['-o', file, source]);
    const search = `uprobe:${file}:*X*,uprobe:${file}:*plain`;
    expect(list(search).split('\n')).toHaveLength(3);
    const bytes = readFileSync(file, 'latin1').replaceAll('nameXkprobeY', 'name\nkprobe:');
    writeFileSync(file, bytes, 'latin1');
    expect(list(`uprobe:${file}:*a*`)).not.toContain('vfs_read');
    expect(list(`uprobe:${file}:*plain`)).toBe(`uprobe:${file}:plain\n`);
    expect(list(`uprobe:${file}:*`)).toBe(expected(`uprobe:${file}:*`, false));
  });

  it('that have such names themselves are left out where a pattern finds them', () => {
    const own = mkdtempSync(join(folder, 'feeds-'));
    copyFileSync(POINTS, join(own, 'plain'));
    copyFileSync(POINTS, join(own, 'feed\nkprobe:vfs_read'));
    const search = `uprobe:${own}/*:main,usdt:${own}/*:guarded`;
    expect(list(search)).toBe(`uprobe:${own}/plain:main\nusdt:${own}/plain:app:guarded\n`);
    expect(list(search)).toBe(expected(search, false));
    expect(list(`uprobe:${own}/feed*:main`)).toBe('');
  });

  it('with a long name for each of their symbols cost a bounded memory', () => {
    // Each of the names would be a copy of a megabyte: three hundred gigabytes.
    const file = program(join(folder, 'long'), 300_000, 'x'.repeat(2 ** 20));
    const limited = (search: string) =>
      spawnSync('/bin/sh', ['-c', `ulimit -v 2000000; exec ${LOADER} list '${search}'`], {
        encoding: 'latin1',
      });
    expect(limited(`uprobe:${file}:*`)).toMatchObject({
      stdout: '',
      stderr: expect.stringMatching(/^ERROR: cannot read .*long: Cannot allocate memory\n$/),
      status: 1,
    });
    // Beside others it is left out, and named.
    expect(limited(`uprobe:${folder}/l*:*`)).toMatchObject({
      stderr: expect.stringMatching(/^WARNING: cannot read .*long: Cannot allocate memory\n$/),
      status: 0,
    });
  });

  it('that are cut anywhere are read as far as they are whole', () => {
    const cut = join(folder, 'cut');
    for (const size of [10, 64, 1000, 5000, 9000, 14_000]) {
      execFileSync('dd', [`if=${POINTS}`, `of=${cut}`, `bs=${size}`, 'count=1', 'status=none']);
      for (const search of [`uprobe:${cut}:*`, `usdt:${cut}:*`]) {
        const { stderr, status } = loader(search);
        expect(stderr).toMatch(/^(ERROR: cannot read .*\n)?$/);
        expect(status).toBe(stderr === '' ? 0 : 1);
      }
    }
  });
});

describe('The command', () => {
  it('ends quietly where nobody reads on', () => {
    const shell = `set -o pipefail; trap '' PIPE; ${LOADER_ASAN} list --no-warnings | head -1`;
    const result = spawnSync('bash', ['-c', shell], { encoding: 'latin1' });
    expect(result.stdout.split('\n')).toHaveLength(2);
    expect(result.stderr).toBe('');
  });

  it('says that the disk is full', () => {
    const shell = `${LOADER_ASAN} list --no-warnings software >/dev/full`;
    expect(spawnSync('bash', ['-c', shell], { encoding: 'latin1' })).toMatchObject({
      stderr: 'ERROR: cannot write the list: No space left on device\n',
      status: 1,
    });
  });

  it('takes no options of tracing', () => {
    expect(loader('-o', '/tmp/x', 'software')).toEqual({
      stdout: '',
      stderr: expect.stringContaining('list does not take --output'),
      status: 2,
    });
    expect(loader('nonsense:*')).toEqual({
      stdout: '',
      stderr: "ERROR: Invalid provider: 'nonsense'\n",
      status: 1,
    });
    expect(loader('uprobe:"x')).toEqual({
      stdout: '',
      stderr: 'ERROR: uprobe:"x: unterminated string\n',
      status: 1,
    });
    expect(loader('-p', 'x')).toMatchObject({ stdout: '', status: 2 });
    expect(spawnSync(LOADER, ['-l', 'x.o'], { encoding: 'latin1' }).stderr).toContain(
      ' list shows what can be traced.',
    );
  });

  needs('root').it('needs no root for what all may read, and says what it leaves out', () => {
    const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const running = (command: readonly string[], ...args: readonly string[]) =>
      spawnSync('setpriv', [...user, ...command, 'list', ...args], { encoding: 'latin1' });
    const asNobody = (...args: readonly string[]) => running([LOADER], ...args);
    expect(asNobody('sched_switch')).toMatchObject({
      stdout: 'rawtracepoint:vmlinux:sched_switch\n',
      stderr: expect.stringContaining(
        'WARNING: no tracepoint probes are listed: cannot read /sys/',
      ),
      status: 0,
    });
    expect(asNobody('--no-warnings', 'sched_switch').stderr).toBe('');
    expect(asNobody('tracepoint:sched:*')).toMatchObject({ stdout: '', status: 4 });
    for (const command of [[LOADER], [process.execPath, COMMAND]])
      expect(running(command, '-p', '1', 'uprobe:*:main')).toMatchObject({
        stdout: '',
        stderr: 'ERROR: cannot look at process 1: permission denied; it takes CAP_SYS_PTRACE\n',
        status: 4,
      });
  });
});
