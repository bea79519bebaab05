/** Which flags exclude each other, and what each takes: told with status 2 before anything is written. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { talking } from '../../../compiler/cli/registry.ts';
import { measureStages } from '../../../compiler/cli/timings.ts';
import { encodeKernelFile } from '../../../compiler/kernel/file.ts';
import { RegistryError } from '../../../compiler/registry/client.ts';
import { temporaryFolder, writeObject } from '../../support/build.ts';
import { runHere } from '../../support/command-here.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const here = (...words: readonly string[]) => runHere(words, { cwd: folder });
/** The first line of an error, and its status. */
async function refused(...words: readonly string[]): Promise<readonly [string, number]> {
  const { stdout, stderr, status } = await here(...words);
  expect(stdout).toBe('');
  return [stderr.split('\n')[0]?.replace('ERROR: ', '') ?? '', status];
}
const SCRIPT = ['-e', 'begin { exit(); }'] as const;
const RUN = ['--kernel', 'default', ...SCRIPT] as const;

it.each<[message: string, words: readonly string[], status?: number]>([
  ['-p and -c exclude each other', ['-p', '1', '-c', 'true', ...RUN]],
  ['-k is given twice', ['-k', '-k', ...RUN]],
  ['-k and --no-warnings exclude each other', ['-k', '--no-warnings', ...RUN]],
  ['-k and --aot exclude each other', ['-k', '--aot', 'x.o', ...RUN]],
  ["unknown stage 'x' of -d", ['-d', 'ast,x', ...RUN]],
  ['-p takes a process id from 1 to 4194304, not 0', ['-p', '0', '--aot', 'x.o', ...RUN]],
  [
    '-p takes a process id from 1 to 4194304, not 4194305',
    ['-p', '4194305', '--aot', 'x.o', ...RUN],
  ],
  ['-p takes a process id from 1 to 4194304, not x1', ['-p', 'x1', '--aot', 'x.o', ...RUN]],
  ['-p takes a process id from 1 to 4194304, not 1.5', ['list', '-p', '1.5', 'uprobe:*:x']],
  ['--check and --write exclude each other', ['fmt', '--check', '--write', 'x.bt']],
  ['--write needs files', ['fmt', '--write']],
  ['--write needs files', ['fmt', '--write', '-']],
  ['--watch needs scripts that are files', ['check', '--watch', '-']],
  ['--watch needs scripts that are files', ['check', '--watch']],
  ['--watch needs scripts that are files', ['check', '--watch', ...SCRIPT]],
  ['--boot is for objects: build the script first', ['check', '--boot', 'x', ...SCRIPT]],
  ['there is nothing to send: --metrics URL, --logs, or both', ['otlp']],
  [
    '--interval takes seconds from 0.1 to 86400, not 0.09',
    ['otlp', '--logs', '--interval', '0.09'],
  ],
  [
    '--interval takes seconds from 0.1 to 86400, not 86401',
    ['otlp', '--logs', '--interval', '86401'],
  ],
  ['--interval takes seconds from 0.1 to 86400, not 1s', ['otlp', '--logs', '--interval', '1s']],
  [
    '--metrics takes an address such as http://127.0.0.1:4318, not ftp://x/',
    ['otlp', '--metrics', 'ftp://x/'],
  ],
  [
    '--endpoint takes an address such as http://127.0.0.1:4318, not nowhere',
    ['otlp', '--logs', '--endpoint', 'nowhere'],
  ],
  ["'tool' is not REGISTRY/NAME:TAG or REGISTRY/NAME@sha256:...", ['pull', 'tool']],
  ['--sbom and -o both name standard output', ['pull', 'r.io/a/b:1', '-o', '-', '--sbom', '-']],
  [
    '--min-attached takes a number from 0 to 100, not 101',
    ['rollout', '--min-attached', '101', 'x'],
  ],
  [
    'the types are those of one kernel: name one with --kernel',
    ['kernel', 'min-btf', '--kernel', 'default', '--kernel', 'host', '-o', 'x', 'empty.o'],
  ],
  ["'a/b' is no name of a description", ['kernel', 'add', '--as', 'a/b', 'x']],
  [
    '--as is the name of one description, not of several',
    ['kernel', 'add', '--as', 'mine', 'debian-12', '6.18'],
  ],
  [
    '--vmlinux and --btf are two names of one thing: give one of them',
    ['kernel', 'capture', '-o', 'x', '--vmlinux', 'a', '--btf', 'b'],
    1,
  ],
  [
    'packages say themselves which kernel they have: leave the flags out',
    ['kernel', 'capture', '-o', 'x', '--config', 'a', 'linux.deb'],
    1,
  ],
  [
    'packages say themselves which kernel they have: leave the flags out',
    ['kernel', 'capture', '-o', 'x', '--btf', 'a', 'linux.deb'],
    1,
  ],
  [
    '--tracing, --config, --symbols, --release and --arch belong to a kernel in a file: name it with --vmlinux or --btf',
    ['kernel', 'capture', '-o', 'x', '--release', '6.1'],
    1,
  ],
  ["there is neither a command nor a script 'biuld'", ['biuld', 'x.bt']],
])('%s', async (message, words, status = 2) => {
  writeObject(folder, 'empty', 'begin { exit(); }');
  expect(await refused(...words)).toEqual([message, status]);
  expect(existsSync(at('x')) || existsSync(at('x.o'))).toBe(false);
});

it('Options that a command does not have say whose they are', async () => {
  const { stderr, status } = await here('build', '--reopen', 'x.bt');
  expect(status).toBe(2);
  expect(stderr).toContain('(--reopen is an option of bpfscript run)\n');
  expect((await here('build', '--check', 'x.bt')).stderr).toContain(
    '(--check is an option of bpfload)\n',
  );
});

it('Colour is there where it is asked for, and nowhere else without a terminal', async () => {
  const coloured = async (wish: string | undefined): Promise<boolean> => {
    vi.stubEnv('BPFTRACE_COLOR', wish);
    const { stderr } = await here('check', '-e', 'begin { nope(); }');
    vi.unstubAllEnvs();
    expect(stderr).toContain('nope');
    return stderr.includes('\u001b[');
  };
  expect(await coloured('always')).toBe(true);
  for (const wish of ['never', 'auto', '', undefined]) expect(await coloured(wish)).toBe(false);
});

it('The types that objects need are the same in any order of them', async () => {
  const objects = ['task_struct *)arg0).pid', 'file *)arg0).f_flags'].map((member, index) =>
    writeObject(folder, `reads${index}`, `kprobe:vfs_read { @ = ((struct ${member}; }`),
  );
  const types = async (name: string, ...files: readonly string[]): Promise<string> => {
    const words = ['kernel', 'min-btf', '--kernel', 'default', '-o', name, ...files];
    expect(await here(...words)).toEqual({ stdout: '', stderr: '', status: 0 });
    return readFileSync(at(name), 'latin1');
  };
  const one = await types('one.btf', ...objects);
  expect(await types('two.btf', ...objects.toReversed())).toBe(one);
  expect(one).toContain('f_flags');
  expect(one).toContain('task_struct');
});

describe('kernel add', () => {
  it('keeps a description by the name that it is given, where it says, and lists it', async () => {
    const file = at('described');
    writeFileSync(file, encodeKernelFile({ release: '5.15.7', arch: 'x86_64' }, {}));
    const kept = at('kept');
    expect(await here('kernel', 'add', file, '--as', 'mine', '--folder', kept)).toEqual({
      ...{ stderr: '', status: 0 },
      stdout: `mine\tLinux 5.15.7 x86_64\t${kept}/mine.kernel\n`,
    });
    expect(readFileSync(join(kept, 'mine.kernel')).equals(readFileSync(file))).toBe(true);
    // What is damaged there is replaced without a word: nobody could use it.
    writeFileSync(join(kept, 'mine.kernel'), 'damaged');
    expect((await here('kernel', 'add', file, '--as', 'mine', '--folder', kept)).stderr).toBe('');
    expect((await here('kernel', 'show', join(kept, 'mine.kernel'))).stdout).toBe(
      'Linux 5.15.7 x86_64\n',
    );
    expect((await here('kernel', 'show')).stdout).toMatch(/^Linux \S+ x86_64\n$/);
  });
});

describe('list', () => {
  const listed = async (...words: readonly string[]) => {
    const { stdout, stderr, status } = await here('list', '--kernel', 'default', ...words);
    expect([stderr, status]).toEqual(['', 0]);
    return stdout.split('\n').filter(Boolean);
  };
  const CLOSE = ['tracepoint:syscalls:sys_enter_close', 'tracepoint:syscalls:sys_exit_close'];

  it('takes several searches as words or with commas, and a type as two words', async () => {
    expect(await listed('tracepoint:syscalls:sys_*_close')).toEqual(CLOSE);
    expect(await listed(...CLOSE)).toEqual(CLOSE);
    expect(await listed(CLOSE.join(','))).toEqual(CLOSE);
    const type = await listed('struct', 'pid');
    expect(type).toEqual(await listed('struct pid'));
    expect(type.length).toBeGreaterThan(0);
    expect(await listed('struct', 'pid', CLOSE[0] ?? '')).toEqual([CLOSE[0], ...type]);
    expect(await listed('tracepoint:none:none')).toEqual([]);
  });

  it('takes a script by its name, as text, or by what stands in a file, without events of its own', async () => {
    const text = `begin { } end { } BEGIN { } self:signal:SIGUSR1 { } test:x { } bench:y { } ${CLOSE[0]} { }`;
    writeFileSync(at('listed.bt'), text);
    writeFileSync(at('listed'), text);
    expect(await listed('listed.bt')).toEqual([CLOSE[0]]);
    expect(await listed('listed')).toEqual([CLOSE[0]]);
    expect(await listed('-e', text)).toEqual([CLOSE[0]]);
    expect(await listed('-e', 'begin { }')).toEqual([]);
    mkdirSync(at('struct'), { recursive: true });
    expect((await listed('struct', 'pid')).length).toBeGreaterThan(0);
    const wrong = await here('list', '--kernel', 'default', '-e', 'begin {');
    expect(wrong).toMatchObject({ stdout: '', status: 1 });
    expect(wrong.stderr).toContain('ERROR');
  });

  it('shows arguments where they are asked for', async () => {
    const [first, ...rest] = await listed('-v', CLOSE[0] ?? '');
    expect(first).toBe(CLOSE[0]);
    expect(rest.join('\n')).toContain('fd');
  });
});

describe('kube', () => {
  const SYSTEM = 'begin { system("date"); }';
  const file = () => writeObject(folder, 'runs', SYSTEM, { unsafe: true });
  const argsOf = async (...words: readonly string[]): Promise<readonly string[]> => {
    const { stdout, stderr, status } = await here('kube', '--json', ...words);
    expect([stderr, status]).toEqual(['', 0]);
    return JSON.parse(stdout).items.at(-1).spec.template.spec.containers[0].args;
  };

  it('takes what changes the system where it is allowed as a whole or by its kind', async () => {
    for (const allowed of ['--unsafe', '--allow-run'])
      expect(await argsOf(file(), allowed)).toContain(allowed);
    expect((await refused('kube', file(), '--allow-write', '/tmp'))[1]).toBe(1);
    const pins = writeObject(folder, 'pins', 'iter:task:/sys/fs/bpf/tasks { printf("x"); }');
    expect((await refused('kube', pins))[0]).toContain('which the loader will refuse');
    expect((await refused('kube', pins, '--allow-run'))[1]).toBe(1);
    expect(await argsOf(pins, '--allow-write', '/sys/fs/bpf')).toContain(
      '--allow-write=/sys/fs/bpf',
    );
    expect(await argsOf(pins, '--unsafe')).toContain('--unsafe');
  });

  it('has the name of the file in letters that Kubernetes takes, or the one that it is given', async () => {
    const named = async (name: string, ...words: readonly string[]) => {
      const { stdout } = await here(
        'kube',
        '--json',
        writeObject(folder, name, 'begin { }'),
        ...words,
      );
      return JSON.parse(stdout || '{"items":[{}]}').items.at(-1)?.metadata?.name;
    };
    expect(await named('My__Tool')).toBe('my-tool');
    expect(await named('-a-')).toBe('a');
    expect(await named('x', '--name', 'given')).toBe('given');
    expect((await refused('kube', writeObject(folder, '___', 'begin { }')))[0]).toBe(
      '___.o gives no name for Kubernetes: say one with --name',
    );
    const long = 'a'.repeat(53);
    expect((await refused('kube', file(), '--unsafe', '--name', long))[1]).toBe(2);
    expect(await named('x', '--name', 'a'.repeat(52))).toBe('a'.repeat(52));
  });

  it('has port, overhead, memory, time and mounts as they are given', async () => {
    const plain = writeObject(folder, 'plain', 'begin { }');
    expect(await argsOf(plain, '--metrics', '65535', '--max-overhead', '0.5')).toEqual([
      ...['--metrics=[$(POD_IP)]:65535', '--max-overhead=0.5', '/objects/plain.o'],
    ]);
    expect(await argsOf(plain, '--no-metrics', '--no-max-overhead')).toEqual(['/objects/plain.o']);
    expect(await argsOf(plain, '--kind', 'job', '--timeout', '1m')).toContain('--timeout=1m');
    for (const port of ['65536', '0', '1.5', 'x', '100000'])
      expect((await refused('kube', plain, '--metrics', port))[1]).toBe(2);
    for (const percent of ['0', '-1', 'x'])
      expect((await refused('kube', plain, `--max-overhead=${percent}`))[1]).toBe(2);
    const pod = async (...words: readonly string[]) =>
      JSON.parse((await here('kube', '--json', plain, ...words)).stdout).items.at(-1).spec.template
        .spec;
    const [container] = (await pod('--memory', '256Mi', '--mount', '/usr/lib')).containers;
    expect(container.resources.limits.memory).toBe('256Mi');
    expect(container.volumeMounts).toContainEqual(
      expect.objectContaining({ mountPath: '/usr/lib', readOnly: true }),
    );
    for (const size of ['0Mi', '256', '1.5Gi', '256MiB'])
      expect((await refused('kube', plain, '--memory', size))[1]).toBe(2);
  });

  it('writes a base for kustomize with its ConfigMap, or without one where the object comes by itself', async () => {
    const plain = writeObject(folder, 'based', 'begin { }');
    expect(await here('kube', plain, '-o', 'base/inner')).toEqual({
      stdout: '',
      stderr: '',
      status: 0,
    });
    const text = readFileSync(at('base/inner/kustomization.yaml'), 'utf8');
    expect(text).toContain('configMapGenerator');
    expect(readFileSync(at('base/inner/based.o')).equals(readFileSync(plain))).toBe(true);
    expect(readFileSync(at('base/inner/workload.yaml'), 'utf8')).toMatch(/^# /);
    await here('kube', plain, '-o', 'bare', '--object-image', 'objects:1');
    expect(readFileSync(at('bare/kustomization.yaml'), 'utf8')).not.toContain('configMapGenerator');
    writeFileSync(at('taken'), '');
    expect((await refused('kube', plain, '-o', 'taken/inner'))[0]).toMatch(
      /^cannot make taken\/inner: /,
    );
  });
});

it('A proxy is named where a registry is away behind one that Node does not use', async () => {
  const hint = async (environment: Readonly<Record<string, string>>) => {
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'NODE_USE_ENV_PROXY'])
      vi.stubEnv(name, environment[name] ?? '');
    if (!('HTTPS_PROXY' in environment)) vi.stubEnv('HTTPS_PROXY', undefined);
    const error = await talking(() => Promise.reject(new RegistryError('away', 'x'))).catch(
      (each) => each,
    );
    vi.unstubAllEnvs();
    return error.hint;
  };
  const NAMED = 'HTTPS_PROXY is obeyed by Node.js 24 and newer, with NODE_USE_ENV_PROXY=1.';
  expect(await hint({})).toBeUndefined();
  expect(await hint({ HTTPS_PROXY: 'http://p' })).toBe(NAMED);
  expect(await hint({ https_proxy: 'http://p' })).toBe(NAMED);
  expect(await hint({ HTTPS_PROXY: 'http://p', NODE_USE_ENV_PROXY: '1' })).toBeUndefined();
});

it('Stages add up, each in its row, and begin with what it took to start', () => {
  const said: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  try {
    const timings = measureStages(true);
    timings.onStage('one', 1.25);
    timings.onStage('two, longer', 1000);
    timings.onStage('one', 2);
    timings.show();
    const silent = measureStages(false);
    silent.onStage('one', 1);
    silent.show();
    measureStages(undefined).show();
  } finally {
    write.mockRestore();
  }
  const [starting, ...rest] = said;
  expect(starting).toMatch(/^starting {4} +\d+\.\d ms\n$/);
  expect(rest).toEqual(['one               3.3 ms\n', 'two, longer    1000.0 ms\n']);
});
