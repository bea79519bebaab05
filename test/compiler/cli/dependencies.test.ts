/** What objects depend on: for make, for CMake, and for --watch. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/build.ts';
import { COMMAND } from '../../support/command.ts';
import { runHere } from '../../support/command-here.ts';

const ROOT = join(import.meta.dirname, '../../..');
const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const write = (name: string, text: string): void => writeFileSync(at(name), text);

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(at('lib'), { recursive: true });
  write(
    'tool.bt',
    '#include "own.h"\nimport "lib";\nbegin { print(helper()); print(sizeof(struct pair)); }\n',
  );
  write('own.h', '#include "inner.h"\n');
  write('inner.h', 'struct pair { int a; int b; };\n');
  write('lib/helper.bt', 'macro helper() { 1 }\n');
  // What Makefiles call.
  write('bpfscript', `#!/bin/sh\nexec ${process.execPath} ${COMMAND} "$@"\n`);
  chmodSync(at('bpfscript'), 0o755);
});

describe('-MD', () => {
  it('writes a rule with script, imports, their folders, headers of headers and the description', async () => {
    expect(await runHere(['build', '-MD', 'tool.bt', '-o', 'tool.o'], { cwd: folder })).toEqual({
      stdout: '',
      stderr: '',
      status: 0,
    });
    const rule = readFileSync(at('tool.d'), 'utf8').split('\n\n')[0]?.split(' \\\n  ');
    expect(rule).toEqual([
      'tool.o:',
      'tool.bt',
      join(ROOT, 'stdlib/kernels/6.12-x86_64.kernel'),
      at('lib'),
      at('lib/helper.bt'),
      at('own.h'),
      at('inner.h'),
    ]);
  });

  it('names the headers of imported C, which clang finds', async () => {
    write('one.h', '#define ONE 1\n');
    write('one.bpf.c', '#include "one.h"\nint one(int a) { return a + ONE; }\n');
    write('c.bt', 'import "one.bpf.c"; begin { print(one(1)); }\n');
    expect((await runHere(['build', '-MD', 'c.bt', '-o', 'c.o'], { cwd: folder })).status).toBe(0);
    const text = readFileSync(at('c.d'), 'utf8');
    expect(text).toContain(at('one.bpf.c'));
    expect(text).toMatch(/one\.h \\?\n|one\.h\n/);
  });

  it('marks what make would misread, and -MF names the file', async () => {
    write('a b$#.bt', 'begin { exit(); }\n');
    const words = ['build', '-MD', '-MF', 'deps', 'a b$#.bt', '-o', 'x.o'];
    expect((await runHere(words, { cwd: folder })).status).toBe(0);
    expect(readFileSync(at('deps'), 'utf8')).toContain('x.o: \\\n  a\\ b$$\\#.bt \\\n');
  });

  it('is for objects in files, and leaves nothing behind after an error', async () => {
    expect(await runHere(['build', '-MD', at('tool.bt'), '-o', '-'])).toMatchObject({ status: 2 });
    write('wrong.bt', 'begin { nothing(); }\n');
    expect((await runHere(['build', '-MD', 'wrong.bt', '-o', 'w.o'], { cwd: folder })).status).toBe(
      1,
    );
    expect(existsSync(at('w.d'))).toBe(false);
  });
});

/** Makes a file newer than all that was built. */
function touch(name: string): void {
  const later = Date.now() / 1000 + 10;
  utimesSync(at(name), later, later);
}

describe('the rules for build tools', () => {
  it('let make build an object once, and again when a header of a header changes', () => {
    write(
      'Makefile',
      `include ${ROOT}/packaging/bpfscript.mk\nall: tool.o\n.DEFAULT_GOAL := all\n`,
    );
    const make = (): string =>
      execFileSync('make', [`BPFSCRIPT=${at('bpfscript')}`], { cwd: folder, encoding: 'utf8' });
    expect(make()).toContain('build  -MD tool.bt -o tool.o');
    expect(make()).toContain("Nothing to be done for 'all'");
    touch('inner.h');
    expect(make()).toContain('build  -MD tool.bt -o tool.o');
  });

  it('let CMake do the same', () => {
    write(
      'CMakeLists.txt',
      `cmake_minimum_required(VERSION 3.20)\nproject(x NONE)\ninclude(${ROOT}/packaging/bpfscript.cmake)\nbpfscript_object(tool SOURCE tool.bt)\n`,
    );
    const words = ['-S', '.', '-B', 'out', '-G', 'Ninja', `-DBPFSCRIPT=${at('bpfscript')}`];
    execFileSync('cmake', words, { cwd: folder });
    const build = (): string =>
      execFileSync('cmake', ['--build', 'out'], { cwd: folder, encoding: 'utf8' });
    expect(build()).toContain('Compiling tool.bt');
    expect(statSync(at('out/tool.o')).size).toBeGreaterThan(1000);
    expect(build()).toContain('no work to do');
    touch('lib/helper.bt');
    expect(build()).toContain('Compiling tool.bt');
  });
});

describe('--watch', () => {
  let child: ChildProcess | undefined;
  afterEach(() => child?.kill('SIGKILL'));

  /** Starts the command; `next` gives what it said up to its next wait. */
  function start(words: readonly string[]): { next(): Promise<string>; ended: Promise<unknown> } {
    const started = spawn(process.execPath, [COMMAND, ...words], { cwd: folder });
    child = started;
    let said = '';
    let wake = (): void => undefined;
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      wake();
    };
    started.stdout.on('data', hear);
    started.stderr.on('data', hear);
    const ended = new Promise((done) => started.on('close', (_, signal) => done(signal)));
    const next = async (): Promise<string> => {
      for (;;) {
        const end = /^Watching \d+ files\. Ctrl-C ends\.\n/m.exec(said);
        if (end) {
          const whole = said.slice(0, end.index);
          said = said.slice(end.index + end[0].length);
          return whole;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    return { next, ended };
  }

  it('builds again when an import changes, goes on after errors, and ends with SIGINT', async () => {
    const { next, ended } = start(['build', '--watch', 'tool.bt', '-o', 'tool.o']);
    expect(await next()).toBe('');
    const first = readFileSync(at('tool.o'));
    write('lib/helper.bt', 'macro helper() { nothing }\n');
    expect(await next()).toContain("Unknown identifier: 'nothing'");
    expect(readFileSync(at('tool.o')).equals(first)).toBe(true);
    write('lib/helper.bt', 'macro helper() { 22 }\n');
    expect(await next()).toBe('');
    expect(readFileSync(at('tool.o')).equals(first)).toBe(false);
    child?.kill('SIGINT');
    expect(await ended).toBe('SIGINT');
  });

  it('checks again, of several scripts', async () => {
    write('other.bt', 'begin { exit(); }\n');
    const { next } = start(['check', '--watch', 'tool.bt', 'other.bt']);
    expect(await next()).toBe('');
    write('other.bt', 'begin { exti(); }\n');
    expect(await next()).toContain('exti');
  });

  it('wants files', async () => {
    expect(await runHere(['build', '--watch', '-e', 'begin { }', '-o', 'x.o'])).toMatchObject({
      status: 2,
    });
    expect(await runHere(['check', '--watch', '-'])).toMatchObject({ status: 2 });
    expect(await runHere(['build', '--watch', at('none.bt')])).toMatchObject({ status: 1 });
  });
});
