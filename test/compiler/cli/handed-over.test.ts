/** What commands give to the loader: a program in its place prints the words that it was started with. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../../support/build.ts';
import { bpfscript } from '../../support/command.ts';

const folder = temporaryFolder();
const loader = join(folder, 'loader');
writeFileSync(
  loader,
  // The object is held by a descriptor, which is the loader's alone.
  `#!/bin/sh
for word; do
  case $word in
    /proc/self/fd/*) cat "$word" > '${folder}/held'; word=OBJECT ;;
  esac
  printf '%s\\n' "$word"
done
exit 7
`,
);
chmodSync(loader, 0o755);
/** With what the environment says when a command is started: faults that are tried are in it. */
const environment = () => ({
  ...{ ...process.env, HOME: folder, XDG_CACHE_HOME: folder, BPFSCRIPT_LOADER: loader },
});
const DEFAULT = ['--kernel', 'default', '--no-cache'];

/** The words of the loader, whose status is the command's. */
function handed(...words: readonly string[]): readonly string[] {
  const { stdout, stderr, status } = bpfscript(words, { env: environment(), cwd: folder });
  expect([stderr, status]).toEqual(['', 7]);
  return stdout.split('\n').slice(0, -1);
}

describe('run', () => {
  const flags: readonly (readonly string[])[] = [
    ['-o', 'out'],
    ['--reopen'],
    ['--timeout', '5s'],
    ['--max-events', '9'],
    ['-f', 'json'],
    ['-B', 'full'],
    ['--top'],
    ['-q'],
    ['-v'],
    ['-p', '1'],
    ['--unsafe'],
    ['--allow-run'],
    ['--allow-write', 'a'],
    ['--allow-write', 'b'],
    ['--cost'],
    ['--max-overhead', '3'],
    ['--on-overhead', 'warn'],
    ['--max-memory', '64M'],
    ['--metrics', '9435'],
    ['--max-series', '7'],
    ['--user', 'nobody'],
    ['--keep-privileges'],
    ['--dry-run'],
    ['--test'],
    ['--bench'],
    ['--probe-filter', 'x.*'],
    ['--traceable-functions', 'list'],
    ['--debuginfo', 'one:two'],
    ['--dwarf-pid', '1'],
    ['--dwarf-pid', '2'],
    ['--no-feature', 'kprobe_multi'],
    ['--usdt-file-activation'],
    ['--no-warnings'],
  ];

  it('gives each flag that is given, and none that is not', () => {
    const script = ['-e', 'begin { exit(); }', 'one', '--two=2'];
    expect(handed(...DEFAULT, ...flags.flat(), ...script)).toEqual([
      ...flags.flat(),
      ...['OBJECT', '--', 'one', '--two=2'],
    ]);
    expect(handed(...DEFAULT, ...script)).toEqual(['OBJECT', '--', 'one', '--two=2']);
  });

  it('gives the command and the object that build makes', () => {
    const text = 'begin { printf("x"); }';
    expect(handed(...DEFAULT, '-c', 'ls -l', '-e', text)).toEqual(['-c', 'ls -l', 'OBJECT', '--']);
    const held = readFileSync(join(folder, 'held'));
    expect(held.equals(readFileSync(writeObject(folder, 'built', text)))).toBe(true);
  });

  it('allows the files that the script itself names', () => {
    const text = 'iter:task:/sys/fs/bpf/tasks { printf("a"); }';
    expect(handed(...DEFAULT, '-e', text)).toEqual([
      ...['--allow-write', '/sys/fs/bpf/tasks', 'OBJECT', '--'],
    ]);
  });

  it('takes modes for their flags', () => {
    const script = ['-e', 'begin { exit(); } test:one { } bench:two { }'];
    expect(handed(...DEFAULT, '--mode', 'test', ...script)).toEqual(['--test', 'OBJECT', '--']);
    expect(handed(...DEFAULT, '--mode', 'bench', ...script)).toEqual(['--bench', 'OBJECT', '--']);
  });

  it('tells the stages of loading that are wanted, behind those of compiling', () => {
    const script = ['-e', 'begin { exit(); }'];
    const words = handed(...DEFAULT, '-d', 'parse,libbpf', '-d', 'verifier', ...script);
    expect(words.slice(-4)).toEqual(['-d', 'libbpf,verifier', 'OBJECT', '--']);
    expect(words.slice(0, -4).join('\n')).toContain('parse');
  });

  it('finds the object of a script that it has run, unless something else went into it', () => {
    const script = ['--kernel', 'default', '-e', 'begin { @kept = 1; exit(); }'];
    const compiles = (...words: readonly string[]): boolean => {
      const begun = Date.now();
      const { stderr, stdout } = bpfscript(['--timings', ...words, ...script], {
        env: environment(),
      });
      expect(stdout).toMatch(/OBJECT\n--\n$/);
      // Times of stages of this run, not of a clock.
      for (const [, time] of stderr.matchAll(/ (\d+\.\d) ms$/gm))
        expect(Number(time)).toBeLessThan(Date.now() - begun);
      return /^making the object/m.test(stderr);
    };
    expect(compiles()).toBe(true);
    expect(compiles()).toBe(false);
    expect(compiles('--no-cache')).toBe(true);
    expect(compiles('-I', folder)).toBe(true);
    expect(compiles('-p', '1')).toBe(true);
    expect(compiles('--debuginfo', folder)).toBe(true);
    expect(compiles('--unsafe')).toBe(true);
    expect(compiles('-k')).toBe(true);
    expect(compiles()).toBe(false);
  });

  it('says what is here before the loader does', () => {
    const { stdout, status } = bpfscript(['--info'], { env: environment() });
    expect(stdout).toMatch(/^Compiler\n {2}bpfscript: \S+\n {2}Node\.js: \d+\.\S+\n\n--info\n$/);
    expect(status).toBe(7);
  });
});

describe('Commands of the loader', () => {
  it('report and symbolize give each flag that is given, and none that is not', () => {
    const report = ['-f', 'json', '-o', 'x', '-q', '--no-warnings', '--debuginfo', 'd'];
    expect(handed('report', 'a.rec', ...report)).toEqual(['report', 'a.rec', ...report]);
    expect(handed('report', 'a.rec')).toEqual(['report', 'a.rec']);
    const names = ['--debuginfo', 'd', '--exe', 'e', '--exe', 'f', '--maps', 'm'];
    const kernel = ['--kallsyms', 'k', '--kernel-base', '0x1'];
    expect(handed('symbolize', 'text', ...names, ...kernel)).toEqual([
      ...['symbolize', 'text', ...names, ...kernel],
    ]);
    expect(handed('symbolize')).toEqual(['symbolize', '-']);
  });

  it('list is the compiler’s as soon as it is of something', () => {
    const own = bpfscript(['list', '--kernel', 'default', 'begin'], { env: environment() });
    expect(own).toMatchObject({ stderr: '', status: 0 });
    expect(own.stdout).not.toContain('list');
  });

  it('that cannot be started says so', () => {
    const missing = { ...environment(), BPFSCRIPT_LOADER: join(folder, 'missing') };
    expect(bpfscript(['report', 'a.rec'], { env: missing })).toEqual({
      stdout: '',
      stderr: `ERROR: cannot start the loader ${join(folder, 'missing')}: no such file or directory\n`,
      status: 1,
    });
  });
});
