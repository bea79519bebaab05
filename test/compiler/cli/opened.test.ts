/** What the command opens: counts and sizes that no noise moves. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/build.ts';
import { bpfscript } from '../../support/command.ts';

const root = join(import.meta.dirname, '../../..');
const parts = join(root, 'dist/parts');
const folder = temporaryFolder();

/** Loaded before the command, it writes down at its end which libraries and modules of Node it has opened. */
const witness = join(folder, 'witness.cjs');
writeFileSync(
  witness,
  `const { writeFileSync, readFileSync } = require('node:fs');
process.on('exit', () => {
  const libraries = readFileSync('/proc/self/maps', 'utf8').match(/[^/]+\\.node$/gm) ?? [];
  const modules = process.moduleLoadList.filter((name) => /^NativeModule [a-z_]+$/.test(name));
  writeFileSync(process.env.WITNESS, JSON.stringify({
    libraries: [...new Set(libraries)].sort(),
    modules: modules.map((name) => name.slice('NativeModule '.length)),
  }));
});
`,
);

interface Opened {
  readonly libraries: readonly string[];
  readonly modules: readonly string[];
}

function opened(...words: readonly string[]): Opened {
  const file = join(folder, 'opened.json');
  const env = { ...process.env, NODE_OPTIONS: `--require=${witness}`, WITNESS: file };
  const { status, stderr } = bpfscript(words, { env });
  expect(status, stderr).toBe(0);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Loaded before the command, it writes down which files of the bundle are read: also of one that becomes the loader. */
const reader = join(folder, 'reader.cjs');
writeFileSync(
  reader,
  `const files = require('node:fs');
const { readFileSync } = files;
files.readFileSync = (file, ...words) => {
  const [, name] = /dist\\/parts\\/(\\w+\\.cjs)$/.exec(String(file)) ?? [];
  if (name) files.appendFileSync(process.env.WITNESS, name + '\\n');
  return readFileSync(file, ...words);
};
`,
);

function filesOf(words: readonly string[], settings: NodeJS.ProcessEnv = {}): readonly string[] {
  const file = join(folder, 'files');
  writeFileSync(file, '');
  const own = { NODE_OPTIONS: `--require=${reader}`, WITNESS: file };
  const { status, stderr } = bpfscript(words, { env: { ...process.env, ...settings, ...own } });
  expect(status, stderr).toBe(0);
  return readFileSync(file, 'utf8').trim().split('\n');
}

const SCRIPT = join(root, 'examples/opensnoop.bt');
const object = join(folder, 'x.o');

describe('the command', () => {
  it('opens LLVM to make an object', () => {
    const { libraries } = opened('build', SCRIPT, '-o', object);
    expect(libraries).toEqual(['backend.node']);
  });
  it('opens the disassemblers where there is native code to show', () => {
    const page = join(folder, 'page.html');
    expect(opened('explore', SCRIPT, '-o', page).libraries).toEqual(['backend.node']);
    const dump = {
      ...{ type: 'dump', schema: 1, loader: '', script: '', verifier: '', settings: {} },
      ...{ kernel: { release: '', machine: 'x86_64' }, maps: [], programs: [], symbols: [] },
    };
    const file = join(folder, 'dump.json');
    writeFileSync(file, JSON.stringify(dump));
    const { libraries } = opened('explore', SCRIPT, '--loaded', file, '-o', page);
    expect(libraries).toEqual(['backend.node', 'disassembler.node']);
  });
  it.each([
    ['--version', ['--version']],
    ['fmt', ['fmt', '--check', SCRIPT]],
    ['list', ['list', '--kernel', 'default', 'tracepoint:sched:*']],
    ['inspect', ['inspect', object]],
    ['explain', ['explain', 'unknown-identifier']],
    ['kernel list', ['kernel', 'list']],
  ])('opens no library for %s', (_, words) => {
    expect(opened(...words).libraries).toEqual([]);
  });
  it('opens modules of Node that take long when it uses them', () => {
    const slow = ['assert', 'child_process', 'crypto'];
    const of = (...words: readonly string[]) =>
      opened(...words).modules.filter((name) => slow.includes(name));
    expect(of('fmt', '--check', SCRIPT)).toEqual([]);
    expect(of('check', '-e', 'BEGIN { exit(); }')).not.toContain('child_process');
  });
});

describe('the bundle', () => {
  const FILES = ['first.cjs', 'compiling.cjs', 'others.cjs'];
  const bytesOf = (names: readonly string[]): number =>
    names.reduce((sum, name) => sum + statSync(join(parts, name)).size, 0);

  it('is ASCII, since it is read as Latin-1, and not much above a megabyte', () => {
    for (const name of FILES)
      expect(readFileSync(join(parts, name)).every((byte) => byte < 128)).toBe(true);
    expect(bytesOf(FILES)).toBeLessThan(1_340_000);
    expect(bytesOf(['first.cjs', 'compiling.cjs'])).toBeLessThan(1_060_000);
    expect(bytesOf(['first.cjs'])).toBeLessThan(135_000);
  });
  it('has the code that V8 made of what most commands use beside it', () => {
    expect(bytesOf(['first.cjs.code'])).toBeLessThan(270_000);
    expect(bytesOf(['first.cjs.code', 'compiling.cjs.code'])).toBeLessThan(1_700_000);
    expect(bytesOf(['compiling.cjs.code'])).toBeGreaterThan(100_000);
  });
  it('does not go beyond its first file for a script that is run again, the version and the list', () => {
    const again = { XDG_CACHE_HOME: join(folder, 'cache'), BPFSCRIPT_LOADER: '/bin/true' };
    const run = ['run', SCRIPT];
    expect(filesOf(run, again)).toContain('compiling.cjs');
    expect(filesOf(run, again)).toEqual(['first.cjs']);
    expect(filesOf(['--version'])).toEqual(['first.cjs']);
    expect(filesOf(['list', '--help'])).toEqual(['first.cjs']);
    expect(filesOf(['build', SCRIPT, '-o', object])).toEqual(['first.cjs', 'compiling.cjs']);
    expect(filesOf(['draw', '--help'])).toEqual(['first.cjs', 'others.cjs']);
  });
});

describe('V8', () => {
  it('optimises next to nothing of a command that compiles a script of some probes', () => {
    const script = join(folder, 'probes.bt');
    const body =
      '{ @calls[comm, pid] = count(); @sizes = hist(args.fd); printf("%s %d\\n", comm, tid); }';
    const events = ['read', 'write', 'pread64', 'pwrite64', 'readv', 'writev', 'fsync', 'fchdir'];
    const probes = events.map((event, index) => {
      return `tracepoint:syscalls:sys_enter_${event} /args.fd > ${index}/ ${body}`;
    });
    writeFileSync(script, [...probes, ...probes, ...probes].join('\n'));
    const words = ['dist/bpfscript.js', 'build', script, '-o', join(folder, 'probes.o')];
    const run = spawnSync(process.execPath, ['--trace-opt', ...words], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(run.status, run.stderr).toBe(0);
    const chosen = run.stdout.split('\n').filter((line) => line.startsWith('[marking '));
    expect(chosen.length).toBeLessThan(8);
  });
});
