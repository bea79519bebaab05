/** `bpfload record` and `report`: what was recorded is shown as it would have been, later and in every form. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { needs } from '../support/needs.ts';
import { LOADER, LOADER_ASAN, type RunOptions, run, WORKLOAD } from '../support/run.ts';

const folder = temporaryFolder();
const FORMS = ['text', 'json', 'json2', 'folded'] as const;
const EXAMPLES = join(import.meta.dirname, '../../examples');

/** Programs with points and functions of runtimes. */
const METHODS = join(folder, 'methods');
const RUNTIMES = join(folder, 'runtimes');

/** Of the examples that a zero is none for. */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  'loads.bt': [],
  'mallocs.bt': [String(process.pid)],
  'ltrace.bt': [WORKLOAD, 'workload_tar*'],
  'uflow.bt': [METHODS],
  'javaflow.bt': [METHODS],
  'gcpauses.bt': [RUNTIMES],
  'jlallocs.bt': [RUNTIMES],
  'nodeflow.bt': [RUNTIMES],
};

/** All that is shown by more than its bytes, on all ways of being printed. */
const EVERYTHING = `
config = { unstable_tseries = enable; print_maps_on_exit = true }
enum colour { RED = 1, GREEN = 2 }
begin { printf("%s %s\\n", strftime("%H:%M:%S.%f %Z %s", nsecs), username); time("%F %T %z\\n");
  cat("/proc/self/comm"); system("echo hello; echo more"); errorf("e %d", 3); warnf("w"); @x = 1; print(@x); print((1, (RED, "x"))); }
tracepoint:syscalls:sys_enter_getppid /comm == "recorded"/ {
  @stacks[ustack, kstack, comm] = count();
  @perf[kstack(perf), ustack(perf, 3)] = count();
  @raw[kstack(raw, 2), ustack(raw)] = count();
  @ids[ustack(build_id)] = count();
  @when[strftime("%s", nsecs), username, probe, tid] = sum(1);
  @linear = lhist(pid % 100, 0, $1, 10); @log = hist(tid); @mean[cpu] = avg(tid); @all = stats(tid);
  @series = tseries(1, 100ms, 5);
  printf("%s %s %s %s\\n", ksym(kaddr("vfs_read")), strerror(3), syscall_name(1), cgroup_path(cgroup));
  print(ustack(2)); print(@mean, 2, 3); print(@linear); clear(@linear); print(@none); @none = hist(3); zero(@none);
}
end { printf("end\\n"); }`;

const UNSAFE: RunOptions = { unsafe: true, flags: ['--unsafe'], parameters: ['100'] };

interface Recorded {
  readonly file: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

let count = 0;

/** Records, and shows what is recorded. */
async function recorded(script: string, form: string, options: RunOptions = {}): Promise<Recorded> {
  count += 1;
  const file = join(folder, `${count}.rec`);
  const flags = ['record', '-o', file, '--print', '-f', form, ...(options.flags ?? [])];
  return { file, ...(await run(script, { ...options, flags })) };
}

function report(file: string, form: string, loader = LOADER, ...flags: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(loader, ['report', file, '-f', form, ...flags], {
    encoding: 'latin1',
    maxBuffer: 1 << 28,
  });
  return { status, stdout, stderr };
}

needs('root').describe('A recording', () => {
  beforeAll(() => {
    for (const made of [METHODS, RUNTIMES]) {
      const source = join(import.meta.dirname, `../examples/${basename(made)}.c`);
      execFileSync('gcc', ['-O1', '-fno-omit-frame-pointer', '-o', made, source]);
    }
  });

  it.each(FORMS)('is shown as it was, byte for byte: %s', async (form) => {
    const { file, ...direct } = await recorded(EVERYTHING, form, {
      ...UNSAFE,
      // Unlike after a signal, all that it did is shown, however slowly standard error is read.
      flags: [...(UNSAFE.flags ?? []), '-c', `${WORKLOAD} comm recorded getppid 20 sleep 50`],
      signal: 'none',
    });
    expect(direct.stdout.length).toBeGreaterThan(form === 'folded' ? 100 : 2000);
    for (const loader of [LOADER, LOADER_ASAN]) {
      const shown = report(file, form, loader);
      expect(shown.stdout).toBe(direct.stdout);
      expect(shown).toMatchObject({ status: direct.status, stderr: direct.stderr });
    }
  });

  it('is refused where its file cannot be written, and nothing waits for that', async () => {
    const { stderr, status } = await run('begin { exit(); }', {
      flags: ['record', '-o', folder, '--print'],
      signal: 'none',
    });
    expect(stderr).toBe(`ERROR: cannot open ${folder} for writing: Is a directory\n`);
    expect(status).toBe(1);
  });

  it('is shown in forms that it was not made for, with the same numbers', async () => {
    const { file, stdout } = await recorded(EVERYTHING, 'text', {
      ...UNSAFE,
      workload: 'comm recorded getppid 7 sleep 50',
    });
    expect(stdout).toContain('@all: { .count = 7,');
    const lines = report(file, 'json2').stdout.trimEnd().split('\n');
    const all = lines.map((line) => JSON.parse(line)).findLast(({ name }) => name === '@all');
    expect(all.data[0].value.count).toBe(7);
    const frames = lines.map((line) => JSON.parse(line)).findLast(({ name }) => name === '@raw');
    const user = frames.data[0].key[1];
    // Which raw stacks do not show as text.
    expect(user[0]).toMatchObject({ build_id: expect.stringMatching(/^[0-9a-f]{16,}$/) });
  });

  it.each(readdirSync(EXAMPLES).filter((name) => name.endsWith('.bt')))(
    'of an example is shown as it was: %s',
    async (name) => {
      const { file, ...direct } = await recorded(
        readFileSync(join(EXAMPLES, name), 'utf8'),
        'json2',
        {
          unsafe: true,
          flags: ['--unsafe', '--timeout', '400ms'],
          parameters: PARAMETERS[name] ?? ['0'],
          workload: () => {
            const programs = `${METHODS}; ${RUNTIMES}`;
            spawnSync('sh', ['-c', `ls -l /etc; ${programs}; sync; id; sleep 0.05 & wait`]);
          },
          signal: 'none',
        },
      );
      // Kernels without probes of functions cannot run all.
      if (direct.status === 3) {
        expect(direct.stderr).toMatch(/^.*: ERROR: This kernel has no /);
        return;
      }
      // It ends at once without the address that it wants.
      expect(direct.status).toBe(name === 'loads.bt' ? 2 : 0);
      const shown = report(file, 'json2');
      expect(shown.stdout).toBe(direct.stdout);
      expect(shown.status).toBe(0);
    },
  );

  it('says nothing on the host but what was lost, and has it all', async () => {
    const file = join(folder, 'silent.rec');
    const { stdout, stderr } = await run(
      'tracepoint:syscalls:sys_enter_getppid /comm == "silent"/ { printf("%d\\n", 5); errorf("x"); @ = count(); }',
      { flags: ['record', '-o', file, '-q'], workload: 'comm silent getppid 3' },
    );
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
    const shown = report(file, 'text');
    expect(shown.stdout).toBe('5\n5\n5\n\n\n@: 3\n');
    expect(shown.stderr.match(/ERROR: x/g)).toHaveLength(3);
  });

  it('has a million events of a storm, or says exactly how many it lost', async () => {
    const file = join(folder, 'storm.rec');
    await run(
      'tracepoint:syscalls:sys_enter_getppid /comm == "stormy"/ { printf("%d %d %s\\n", pid, cpu, comm); }',
      {
        // When the command ends, what is queued still counts; after a signal it does not.
        flags: [
          'record',
          '-o',
          file,
          '-q',
          '-c',
          `${WORKLOAD} comm stormy threads 2 getppid 500000`,
        ],
        signal: 'none',
      },
    );
    const lines = report(file, 'json').stdout.trimEnd().split('\n');
    const lost = lines
      .filter((line) => line.startsWith('{"type": "lost_events"'))
      .reduce((sum, line) => sum + JSON.parse(line).count, 0);
    const printed = lines.filter((line) => line.startsWith('{"type": "printf"')).length;
    expect(printed + lost).toBe(1_000_000);
    // As text it would have more than that.
    expect(statSync(file).size / printed).toBeLessThan(24);
  });

  it('that was killed is shown up to there, and said to have no end', async () => {
    const file = join(folder, 'killed.rec');
    const object = writeObject(
      folder,
      'killed',
      'tracepoint:syscalls:sys_enter_getppid /comm == "killed"/ { printf("here\\n"); }',
    );
    const child = spawn(LOADER, ['record', '-o', file, object], { stdio: ['ignore', 1, 'pipe'] });
    await new Promise((resolve) => child.stderr?.once('data', resolve));
    execFileSync(WORKLOAD, ['comm', 'killed', 'getppid', '50']);
    // The header is there at once, and events are once they were read.
    const size = statSync(file).size;
    while (report(file, 'text').stdout.length < 250)
      await new Promise((done) => setTimeout(done, 5));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    const shown = report(file, 'text');
    expect(shown.stdout).toBe('here\n'.repeat(50));
    expect(shown.status).toBe(1);
    expect(shown.stderr).toContain(
      `ERROR: ${file}: the recording has no end: it was interrupted, or is cut, after 50 events`,
    );
    expect(statSync(file).size).toBeGreaterThanOrEqual(size);
  });

  it('that is cut or damaged anywhere gives one error, and never a crash', async () => {
    const { file } = await recorded(EVERYTHING, 'text', {
      ...UNSAFE,
      workload: 'comm recorded getppid 2',
    });
    const whole = readFileSync(file);
    const broken = join(folder, 'broken.rec');
    for (let i = 0; i < 60; i++) {
      const bytes = Buffer.from(whole);
      const at = Math.floor((whole.length * i) / 60);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (i % 8));
      writeFileSync(broken, i % 3 === 0 ? whole.subarray(0, at) : bytes);
      const { status, stderr } = report(broken, 'json2', LOADER_ASAN);
      expect([0, 1, 5]).toContain(status);
      expect(stderr.match(/^ERROR: /gm) ?? []).toHaveLength(status === 0 ? 0 : 1);
      expect(stderr).not.toMatch(/Sanitizer|runtime error/);
    }
  });

  it('of another version or byte order is refused', () => {
    const start = Buffer.from('bpfrec\r\n\x04\x03\x02\x01\x02\0\0\0', 'latin1');
    const swapped = Buffer.from('bpfrec\r\n\x01\x02\x03\x04\0\0\0\x01', 'latin1');
    const cases: readonly (readonly [Buffer, string])[] = [
      [start, 'it is of version 2, and this bpfload reads version 1\nHINT: Use the bpfload'],
      [swapped, 'it was recorded on a machine of the other byte order'],
      [Buffer.from('{"type": "map"}\n and more'), 'it is no recording of bpfload'],
      [Buffer.alloc(0), 'it is no recording of bpfload'],
    ];
    for (const [bytes, message] of cases) {
      const file = join(folder, 'other.rec');
      writeFileSync(file, bytes);
      const { status, stderr } = report(file, 'text');
      expect(status).toBe(5);
      expect(stderr).toContain(`ERROR: ${file}: ${message}`);
    }
  });

  it('is drawn as the output would be', async () => {
    const { file, stdout } = await recorded(EVERYTHING, 'json2', {
      ...UNSAFE,
      workload: 'comm recorded getppid 9',
    });
    const output = join(folder, 'output.json');
    writeFileSync(output, Buffer.from(stdout, 'latin1'));
    const pages = [file, output].map((input) => {
      const page = join(folder, 'page.html');
      const result = bpfscript(['draw', input, '-o', page, '--title', 'one']);
      expect(result).toEqual({ stdout: '', stderr: '', status: 0 });
      return readFileSync(page, 'utf8');
    });
    expect(pages[0]).toContain('<svg');
    expect(pages[0]).toBe(pages[1]);
  });

  it('is drawn as far as it goes, with the status that says so', async () => {
    const { file } = await recorded('begin { @x[1] = 2; print(@x); exit(); }', 'json2', {
      signal: 'none',
    });
    const cut = join(folder, 'cut.rec');
    writeFileSync(cut, readFileSync(file).subarray(0, -1));
    const page = join(folder, 'cut.html');
    const { status, stderr } = bpfscript(['draw', cut, '-o', page]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^WARNING: .*cut.rec: the recording has no end: /);
    expect(readFileSync(page, 'utf8')).toContain('<svg');
    writeFileSync(cut, Buffer.concat([readFileSync(file), Buffer.from('more')]));
    const behind = bpfscript(['draw', cut, '-o', page]);
    expect(behind.status).toBe(5);
    expect(behind.stderr).toMatch(/^WARNING: .*cut.rec: the recording goes on behind its end/);
  });

  it('is printed by bpfscript report, too', async () => {
    const { file, stdout } = await recorded('begin { printf("once\\n"); exit(); }', 'text', {
      signal: 'none',
    });
    const reported = bpfscript(['report', file, '-q']);
    expect(reported).toEqual({ stdout, stderr: '', status: 0 });
  });
});

/** Functions that call each other, one of them inlined. */
const SOURCE = `#define KEEP __attribute__((noinline, noclone, used))
#include <unistd.h>
KEEP int leaf(int x) { __asm__ volatile("" : "+r"(x) : "r"(__builtin_frame_address(0))); return x; }
static inline __attribute__((always_inline)) int inner(int x) { int y = leaf(x); return y + 2; }
KEEP int outer(int x) { int y = inner(x); return y + 1; }
int main(void) { int y = outer(1); usleep(200000); return y == 12345; }
`;

needs('root').describe('A recording of a program without symbols', () => {
  const source = join(folder, 'calls.c');
  const program = join(folder, 'calls');

  function compile(): string {
    writeFileSync(source, SOURCE);
    const flags = ['-O1', '-g', '-fno-omit-frame-pointer', '-fno-optimize-sibling-calls'];
    execFileSync('gcc', [...flags, '-Wl,--build-id=sha1', '-o', program, source]);
    const notes = execFileSync('readelf', ['-n', program], { encoding: 'utf8' });
    return /Build ID: ([0-9a-f]+)/.exec(notes)?.[1] ?? '';
  }

  /** Records the stripped program, and gives the shown stack with the folder, from its innermost frame. */
  async function named(
    mode: string,
    form: string,
    place: (id: string) => readonly string[],
    isWhole = false,
  ) {
    const id = compile();
    const address = execFileSync('nm', [program], { encoding: 'utf8' });
    const at = /^([0-9a-f]+) T leaf$/m.exec(address)?.[1] ?? '';
    const debug = join(folder, 'debug', mode, form);
    const file = join(debug, ...place(id));
    mkdirSync(dirname(file), { recursive: true });
    if (isWhole) copyFileSync(program, file);
    else execFileSync('objcopy', ['--only-keep-debug', program, file]);
    execFileSync('strip', [program]);
    const script = `uprobe:${program}:0x${at} { print(ustack(${mode}3)); @[ustack(${mode}3)] = count(); }`;
    const { file: recording, stdout } = await recorded(script, 'text', {
      unsafe: true,
      flags: ['--unsafe'],
      workload: () => {
        execFileSync(program);
      },
    });
    expect(stdout).not.toMatch(/leaf|outer/);
    const shown = report(recording, form, LOADER_ASAN, '-q', '--debuginfo', debug);
    return { shown, stdout, recording, debug };
  }

  it('has names, lines and inlined calls where their debug files are', async () => {
    const { shown } = await named('', 'text', (id) => [
      '.build-id',
      id.slice(0, 2),
      `${id.slice(2)}.debug`,
    ]);
    expect(shown.stderr).toBe('');
    expect(shown.stdout).toMatch(
      /^ {8}leaf\+\d+ @\S*calls.c:3\n {8}inner \[inlined\] @\S*calls.c:4\n {8}outer\+\d+ @\S*calls.c:5\n {8}main\+\d+ @\S*calls.c:6$/m,
    );
  });

  it('has those of build ids, where the programs are', async () => {
    const { shown, stdout } = await named('build_id, ', 'text', (id) => [id, 'executable'], true);
    expect(stdout).toMatch(/^[0-9a-f]{40} 0x[0-9a-f]+$/m);
    expect(shown.stdout).toMatch(
      /^ {8}leaf\+\d+ @\S*calls.c:3\n {8}inner \[inlined\] .*\n {8}outer\+\d+ @.*\n {8}main\+/m,
    );
  });

  it('is drawn with names where their debug files are', async () => {
    const { recording, debug } = await named('raw, ', 'folded', (id) => [id, 'debuginfo']);
    const output = join(folder, 'named.svg');
    expect(bpfscript(['draw', recording, '-o', output, '--debuginfo', debug])).toEqual({
      stdout: '',
      stderr: '',
      status: 0,
    });
    const tips = [...readFileSync(output, 'utf8').matchAll(/<title>([^<]*)<\/title>/g)];
    expect(tips.map(([, tip]) => tip)).toEqual([
      'all: 1 (100.00%)',
      'main: 1 (100.00%)',
      'outer: 1 (100.00%)',
      'inner [inlined]: 1 (100.00%)',
      'leaf: 1 (100.00%)',
    ]);
  });

  it('has those of raw stacks, from a folder of debuginfod', async () => {
    const { shown } = await named('raw, ', 'json2', (id) => [id, 'debuginfo']);
    const lines = shown.stdout.trimEnd().split('\n');
    const stack = lines.map((line) => JSON.parse(line)).find(({ type }) => type === 'value').data;
    expect(stack.map(({ name }: { name: string }) => name)).toEqual([
      'leaf',
      'inner',
      'outer',
      'main',
    ]);
    expect(stack[2]).toMatchObject({ line: 5, file: expect.stringMatching(/calls\.c$/) });
  });
});

needs('root').describe('Flags of record and report', () => {
  it.each([
    [['record', 'x.o'], 'record needs the file of the recording: -o'],
    [['record', '-o', 'x', '--test', 'x.o'], 'record does not go with --test'],
    [['record', '-o', 'x', '--metrics', '[::1]:1', 'x.o'], 'record does not go with --metrics'],
    [['report', 'a', '-f', 'openmetrics'], 'report takes text, json, json2 or folded with -f'],
    [['record', '-o', 'x', '-f', 'json', 'x.o'], '-f is for report, or goes with --print'],
    [['--print', 'x.o'], '--print is for record'],
    [['report'], 'no recording is given'],
    [['report', 'a', 'b'], 'report takes one recording, and not b'],
    [['report', 'a', '--cost'], 'report does not take --cost'],
    [['report', 'a', '-p', '1'], 'report does not take --pid'],
  ] as const)('%j is refused', (words, message) => {
    const { status, stderr } = spawnSync(LOADER, words, { encoding: 'utf8' });
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });

  it('names a file that is not there', () => {
    const { status, stderr } = spawnSync(LOADER, ['report', '/nowhere'], { encoding: 'utf8' });
    expect(stderr).toBe('ERROR: /nowhere: cannot open it: No such file or directory\n');
    expect(status).toBe(1);
  });
});
