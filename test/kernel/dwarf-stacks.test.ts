/** dw_ustack: stacks of programs without frame pointers. */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { said } from '../support/diagnostics.ts';
import { needs } from '../support/needs.ts';
import { LOADER, type RunOptions, type RunResult, run } from '../support/run.ts';

const folder = temporaryFolder();
const DEPTH = 5;
const SOURCE = `#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#define KEEP __attribute__((noinline, noclone, used))
static volatile long sink;
KEEP void leaf(void) {
  volatile char room[40];
  room[0] = 1;
  syscall(SYS_getppid);
  sink += room[0];
}
KEEP void down(int n) {
  volatile long pad[3];
  pad[0] = n;
  if (n > 0) down(n - 1);
  else leaf();
  sink += pad[0];
}
KEEP void top(int n) { down(n); sink++; }
/* sub rsp, 8; call rdi; add rsp, 8; ret: code that no table tells of. */
static const unsigned char code[] = {0x48, 0x83, 0xec, 8, 0xff, 0xd7, 0x48, 0x83, 0xc4, 8, 0xc3};
int main(int argc, char **argv) {
  void *page = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(page, code, sizeof(code));
  for (;;) {
    if (argc > 2) ((void (*)(void (*)(void)))page)(leaf);
    else top(atoi(argv[1]));
    usleep(10000);
  }
  return 0;
}
`;

const CALLS = ['leaf', ...Array.from({ length: DEPTH + 1 }, () => 'down'), 'top', 'main'];
const ENABLE = 'config = { unstable_dw_ustack = enable }';
const AT = 'tracepoint:syscalls:sys_enter_getppid';

/** Names of the frames of the first stack that a script printed. */
function names(stdout: string): readonly string[] {
  const [first = ''] = stdout.replace(/^\n/, '').split('\n\n');
  return first.split('\n').map((line) => line.trim().replace(/\+\d+.*$/, ''));
}

describe('dw_ustack', () => {
  const script = (config: string): string => `${config} ${AT} { @[dw_ustack] = count(); }`;

  it('has to be enabled, or warns, or is refused [CFG-025] [FUN-057]', () => {
    const WARNING =
      'Script is using an unstable feature: dw_ustack. To prevent this warning you must explicitly enable it in the config e.g. unstable_dw_ustack=enable';
    expect(said(script(''))).toEqual([`warning: ${WARNING} @ dw_ustack`]);
    expect(said(script('config = { unstable_dw_ustack = warn }'))).toHaveLength(1);
    expect(said(script(ENABLE))).toEqual([]);
    expect(said(script('config = { unstable_dw_ustack = error }'))).toEqual([
      'error: Script is using an unstable feature: dw_ustack. It has to be enabled in the config e.g. unstable_dw_ustack=enable @ dw_ustack',
    ]);
  });

  it('takes modes and a limit as ustack does, but no build ids [FUN-057]', () => {
    const one = (use: string): readonly string[] => said(`${ENABLE} ${AT} { print(${use}); }`);
    for (const use of ['dw_ustack(perf)', 'dw_ustack(raw, 3)', 'dw_ustack(7)'])
      expect(one(use)).toEqual([]);
    expect(one('dw_ustack(build_id)')[0]).toContain('build_id is a mode of ustack only');
    expect(one('dw_ustack(0)')[0]).toContain(
      'dw_ustack() expects an integer literal from 1 to 1024 as limit (0 provided)',
    );
    expect(said(`${ENABLE} BEGIN { print(dw_ustack); }`)[0]).toContain('can not be used');
  });
});

needs('root').describe('stacks of a program without frame pointers', () => {
  const children: ChildProcess[] = [];
  const start = (name: string, ...rest: readonly string[]): string => {
    const child = spawn(join(folder, name), [String(DEPTH), ...rest], { stdio: 'ignore' });
    children.push(child);
    return String(child.pid);
  };
  const trace = (
    pid: string,
    body: string,
    flags: readonly string[],
    options: RunOptions = {},
  ): Promise<RunResult> =>
    run(`${ENABLE} ${AT} /pid == ${pid}/ { ${body} exit(); }`, {
      flags,
      signal: 'none',
      ...options,
    });
  let pie = '';
  let fixed = '';
  let generated = '';
  beforeAll(async () => {
    writeFileSync(join(folder, 'deep.c'), SOURCE);
    const build = (name: string, ...flags: readonly string[]): void => {
      execFileSync('gcc', ['-O2', '-fomit-frame-pointer', ...flags, '-o', name, 'deep.c'], {
        cwd: folder,
      });
    };
    build('pie');
    build('fixed', '-static', '-no-pie', '-fno-pie');
    pie = start('pie');
    fixed = start('fixed');
    generated = start('pie', 'generated');
    await new Promise((resolve) => setTimeout(resolve, 100));
  });
  afterAll(() => {
    for (const child of children) child.kill();
  });

  it.each(['pie', 'fixed'])(
    'are whole, where those of frame pointers are not: %s [FUN-057]',
    async (name) => {
      const pid = name === 'pie' ? pie : fixed;
      const whole = names((await trace(pid, 'print(dw_ustack);', ['-p', pid])).stdout);
      expect(whole[0]).toBe('syscall');
      expect(whole.slice(1, 1 + CALLS.length)).toEqual(CALLS);
      expect(whole.at(-1)).toBe('_start');
      expect(names((await trace(pid, 'print(ustack);', ['-p', pid])).stdout)).not.toContain('main');
    },
  );

  it('are walked in the processes of --dwarf-pid [CLI-028] [FUN-057]', async () => {
    const both = ['--dwarf-pid', fixed, '--dwarf-pid', pie];
    for (const pid of [pie, fixed]) {
      const { stdout, stderr } = await trace(pid, 'print(dw_ustack(perf, 4));', both);
      expect(stderr).toBe('Attached 1 probe\n');
      const lines = stdout.trim().split('\n');
      expect(lines).toHaveLength(4);
      expect(lines[1]).toMatch(/^\t[0-9a-f]+ leaf\+\d+ \(/);
    }
    // From the command as well.
    const { stdout, status } = bpfscript([
      ...['-q', '--dwarf-pid', pie, '-e'],
      `${ENABLE} ${AT} /pid == ${pie}/ { print(dw_ustack(3)); exit(); }`,
    ]);
    expect(status).toBe(0);
    expect(names(stdout)).toEqual(['syscall', 'leaf', 'down']);
  });

  it('are keys that are equal where the stacks are [FUN-057]', async () => {
    const { stdout } = await trace(
      pie,
      '@[dw_ustack(raw)] = count(); @n = count(); if ((int64)@n < 3) { return; }',
      ['-p', pie],
    );
    expect(stdout.match(/@\[/g)).toHaveLength(1);
    expect(stdout).toMatch(/\]: 3\n/);
  });

  it('end with a mark where no table knows the way [FUN-057]', async () => {
    const { stdout } = await trace(generated, 'print(dw_ustack);', ['-p', generated]);
    const frames = names(stdout);
    expect(frames.slice(0, 2)).toEqual(['syscall', 'leaf']);
    expect(frames[2]).toMatch(/^0x[0-9a-f]+$/);
    expect(frames.slice(3)).toEqual(['<unwind failure>']);
  });

  it('need no capability to look into map_files [FUN-057]', () => {
    const path = writeObject(
      folder,
      'limited',
      `${ENABLE} ${AT} /pid == ${pie}/ { print(dw_ustack(raw, 4)); exit(); }`,
    );
    // Without CAP_SYS_ADMIN and CAP_CHECKPOINT_RESTORE files are opened by their paths.
    const kept = '-all,+bpf,+perfmon,+dac_read_search,+sys_ptrace';
    const { stderr, stdout } = spawnSync(
      'setpriv',
      ['--inh-caps', kept, '--bounding-set', kept, LOADER, '-p', pie, path],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('Attached 1 probe\n');
    expect(stdout.trim().split('\n')).toHaveLength(4);
    expect(stdout).not.toContain('<unwind failure>');
  });

  it('say where they have no tables [FUN-057] [CLI-028]', async () => {
    const { stderr, stdout } = await trace(pie, 'print(dw_ustack);', ['--dwarf-pid', fixed]);
    expect(stderr).toContain('dw_ustack has no tables for the process.');
    expect(stdout.trim()).toBe('');
    const none = await trace(pie, 'print(dw_ustack);', []);
    expect(none.stderr).toContain(
      'dw_ustack has no tables: name processes with --dwarf-pid or -p.',
    );
    const gone = await trace(pie, 'print(dw_ustack);', ['--dwarf-pid', '4194303']);
    expect(gone.status).toBe(1);
    expect(gone.stderr).toContain('Cannot read the mappings of process 4194303');
    const bad = await trace(pie, 'print(dw_ustack);', ['--dwarf-pid', 'x']);
    expect(bad.status).toBe(2);
    expect(bad.stderr).toContain('--dwarf-pid takes a process id');
  });
});
