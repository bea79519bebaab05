/** Stacks of the kernel and of processes, in all their modes, with names that outlive the processes. */

import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { type RunOptions, type RunResult, run } from '../support/run.ts';
import { runStopping } from '../support/stopping.ts';

const folder = temporaryFolder();
const program = join(folder, 'calls');
const fixed = join(folder, 'calls-fixed');
const SOURCE = `#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#define KEEP __attribute__((noinline, noclone, used))
KEEP int leaf(int x) { __asm__ volatile("" : : "r"(__builtin_frame_address(0))); return x + 1; }
KEEP int middle(int x) { return leaf(x) + 1; }
KEEP int outer(int x) { return middle(x) + 1; }
static int generated(void) {
  raise(SIGSTOP);
  usleep(200000); /* it is not read again at once */
  /* push rbp; mov rbp, rsp; mov rax, leaf; call rax; pop rbp; ret */
  unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xd0, 0x5d, 0xc3};
  unsigned char *page = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int (*target)(int) = leaf;
  char path[64];
  memcpy(code + 6, &target, 8);
  memcpy(page, code, sizeof(code));
  snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
  FILE *map = fopen(path, "w");
  fprintf(map, "%lx %lx jit::square(int)\\n", (unsigned long)page, sizeof(code));
  fclose(map);
  return ((int (*)(void))page)();
}
int main(int argc, char **argv) {
  char byte;
  int sum = outer(1);
  if (argc > 1 && strcmp(argv[1], "jit") == 0) sum += generated();
#ifdef PLUGIN
  if (argc > 1 && strcmp(argv[1], "late") == 0) {
    raise(SIGSTOP);
    usleep(200000);
    sum += outer(2);
    sum += ((int (*)(int (*)(int)))dlsym(dlopen(PLUGIN, RTLD_NOW), "plugged"))(leaf);
  }
#endif
  if (argc > 1 && strcmp(argv[1], "wait") == 0) {
    if (write(1, "r", 1) != 1 || read(0, &byte, 1) != 0) return 1;
    usleep(100000);
  } else {
    raise(SIGSTOP); /* its memory map is read meanwhile */
  }
  return sum == 0;
}`;
/** Functions begin with `push rbp; mov rbp, rsp`, four bytes: before those, unwinding misses the caller. */
const FLAGS = ['-O1', '-fno-omit-frame-pointer', '-fno-optimize-sibling-calls'];

const start =
  (path: string, ...args: readonly string[]) =>
  (loader: number): Promise<void> =>
    runStopping(loader, path, ...args);

/** The frames of a stack that is printed as a key, without what stands around them. */
function frames(text: string): readonly string[] {
  return text.split('\n').filter((line) => /^( {8}|\t)\S/.test(line));
}

needs('root').describe('stacks', () => {
  const trace = (script: string, options: RunOptions = {}): Promise<RunResult> =>
    run(script, { workload: start(program), ...options });
  beforeAll(() => {
    writeFileSync(join(folder, 'calls.c'), SOURCE);
    writeFileSync(join(folder, 'plugin.c'), 'int plugged(int (*f)(int)) { return f(1) + 1; }\n');
    const plugin = join(folder, 'plugin.so');
    const gcc = (...args: readonly string[]): void => {
      execFileSync('gcc', [...FLAGS, ...args], { cwd: folder });
    };
    gcc('-shared', '-fPIC', '-o', plugin, 'plugin.c');
    gcc(`-DPLUGIN="${plugin}"`, '-o', program, 'calls.c');
    gcc('-static', '-no-pie', '-o', fixed, 'calls.c');
  });

  it('of processes print in each mode [OUT-037] [BLT-027] [CFG-022]', async () => {
    const result = await trace(
      `config = { stack_mode = "raw" }
       uprobe:${program}:leaf+4 { print(ustack(bpftrace, 3)); print(ustack(perf, 3)); print(ustack(3));
         print(ustack(build_id, 3)); }`,
    );
    const [plain = [], perf = [], raw = [], ids = []] = result.stdout
      .split(/\n\n/)
      .map((part) => part.split('\n').filter((line) => line !== ''));
    expect(plain).toHaveLength(3);
    expect(plain[0]).toBe('        leaf+4');
    expect(plain[1]).toMatch(/^ {8}middle\+\d+$/);
    expect(plain[2]).toMatch(/^ {8}outer\+\d+$/);
    expect(raw).toHaveLength(3);
    for (const address of raw) expect(address).toMatch(/^[0-9a-f]{8,16}$/);
    expect(perf).toEqual(
      raw.map((address, index) => `\t${address} ${plain[index]?.trim()} (${program})`),
    );
    const id = /Build ID: ([0-9a-f]{40})/.exec(
      execFileSync('readelf', ['-n', program], { encoding: 'utf8' }),
    )?.[1];
    const offset = (name: string): number =>
      Number.parseInt(
        new RegExp(`^([0-9a-f]+) T ${name}$`, 'm').exec(
          execFileSync('nm', [program], { encoding: 'utf8' }),
        )?.[1] ?? '',
        16,
      );
    // Segments of code are mapped at the offsets that are their addresses in the file.
    expect(ids).toEqual(
      plain.map((frame) => {
        const [name = '', inner = ''] = frame.trim().split('+');
        return `${id} 0x${(offset(name) + Number(inner)).toString(16)}`;
      }),
    );
  });

  it('of the kernel print in each mode [OUT-037] [BLT-027]', async () => {
    const result = await trace(
      `tracepoint:syscalls:sys_enter_getppid /comm == "workload"/ {
         print(kstack); print(kstack(perf)); print(kstack(raw)); exit(); }`,
      { workload: 'getppid 1', signal: 'none' },
    );
    const [plain = [], perf = [], raw = []] = result.stdout
      .split(/\n\n/)
      .map((part) => part.split('\n').filter((line) => line !== ''));
    expect(plain).toContainEqual(expect.stringMatching(/^ {8}do_syscall_64\+\d+$/));
    for (const address of raw) expect(address).toMatch(/^ffff[0-9a-f]{12}$/);
    expect(perf).toEqual(
      raw.map((address, index) => `\t${address} ${plain[index]?.trim()} ([kernel.kallsyms])`),
    );
  });

  it('are kept, a thousand of them that come again and again, each with its own frames', async () => {
    const path = join(folder, 'ways');
    const step = (name: string) => `KEEP int ${name}(unsigned bits, int left) {
      return (left ? bits & 1 ? one(bits >> 1, left - 1) : zero(bits >> 1, left - 1) : call()) + 1; }`;
    writeFileSync(
      `${path}.c`,
      `#include <signal.h>
      #include <sys/syscall.h>
      #include <unistd.h>
      #define KEEP __attribute__((noinline, noclone, used))
      /* Whoever calls into a library without frame pointers is not seen. */
      KEEP long call(void) { return syscall(SYS_getppid) + 1; }
      int one(unsigned bits, int left);
      ${step('zero')} ${step('one')}
      int main(void) {
        for (int times = 0; times < 3; times++) for (unsigned way = 0; way < 1024; way++) zero(way, 10);
        raise(SIGSTOP);
        return 0;
      }`,
    );
    execFileSync('gcc', [...FLAGS, '-o', path, `${path}.c`]);
    const { stdout } = await trace(
      'tracepoint:syscalls:sys_enter_getppid /comm == "ways"/ { @[ustack(13)] = count(); }',
      { workload: start(path) },
    );
    const ways = [...stdout.matchAll(/@\[\n((?: {8}.+\n)+)\]: 3\n/g)].map(([, lines = '']) =>
      lines
        .replace(/^ +|\+\d+$/gm, '')
        .split('\n')
        .filter((name) => /^(zero|one)$/.test(name)),
    );
    const numbers = ways.map((names) =>
      // The innermost is the last bit.
      names.slice(0, -1).reduce((bits, name) => 2 * bits + (name === 'one' ? 1 : 0), 0),
    );
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1024 }, (_, n) => n));
  });

  it('keep their names after the process has ended and its file is gone [OUT-037]', async () => {
    const copy = join(folder, 'gone');
    copyFileSync(program, copy);
    const result = await trace(`uprobe:${copy}:leaf+4 { @[ustack(3), comm] = count(); }`, {
      workload: async (loader) => {
        await runStopping(loader, copy);
        rmSync(copy);
      },
    });
    expect(result.stdout).toMatch(
      /^@\[\n {8}leaf\+4\n {8}middle\+\d+\n {8}outer\+\d+\n, gone\]: 1$/m,
    );
  });

  it('name code of files that only another mount namespace sees [OUT-037]', async () => {
    const hidden = join(folder, 'hidden');
    mkdirSync(hidden);
    const result = await trace(
      `tracepoint:syscalls:sys_enter_write /comm == "secret"/ { @[ustack(perf, 1)] = count(); }`,
      {
        workload: () => {
          execFileSync('unshare', [
            '-m',
            'sh',
            '-c',
            `mount -t tmpfs none ${hidden} && cp ${fixed} ${hidden}/secret && ${hidden}/secret wait </dev/null`,
          ]);
        },
      },
    );
    expect(result.stdout).toMatch(
      new RegExp(`^\\t[0-9a-f]+ write\\+\\d+ \\(${hidden}/secret\\)$`, 'm'),
    );
  });

  it('name code that was made at run time, and show what has no name by its address [OUT-037]', async () => {
    const jit = await trace(
      `uprobe:${program}:leaf+4 { @[ustack(2)] = count(); @perf[ustack(perf, 2)] = count(); }`,
      { workload: start(program, 'jit') },
    );
    expect(frames(jit.stdout)).toContain('        jit::square(int)+16');
    expect(jit.stdout).toMatch(/^\t[0-9a-f]+ jit::square\(int\)\+16 \(\[jit\]\)$/m);
    const stripped = join(folder, 'stripped');
    execFileSync('strip', ['-o', stripped, fixed]);
    const result = await trace(
      `tracepoint:syscalls:sys_enter_write /comm == "stripped"/ { print(ustack(1)); print(ustack(perf, 1)); }`,
      {
        workload: () =>
          void execFileSync(stripped, ['wait'], { stdio: ['ignore', 'pipe', 'pipe'] }),
      },
    );
    expect(result.stdout).toMatch(/^ {8}0x[0-9a-f]+$/m);
    expect(result.stdout).toMatch(
      new RegExp(`^\\t[0-9a-f]+ \\[unknown\\] \\(${stripped}\\)$`, 'm'),
    );
  });

  describe('are named by what is kept of processes', () => {
    const script = (config: string, path: string): string =>
      `config = { ${config} } uprobe:${path}:leaf+4 { @[ustack(1), pid] = count(); }`;
    const twice =
      (path: string) =>
      async (loader: number): Promise<void> => {
        await runStopping(loader, path);
        await runStopping(loader, path);
      };
    const NAMED = '        leaf+4';
    const BARE = expect.stringMatching(/^ {8}0x[0-9a-f]+$/);

    it('each of them [CFG-007]', async () => {
      const result = await trace(script('cache_user_symbols = "PER_PID"', program), {
        workload: twice(program),
      });
      expect(frames(result.stdout)).toEqual([NAMED, NAMED]);
    });

    it('one for a program, whose addresses have to be the same then [CFG-007]', async () => {
      const config = 'cache_user_symbols = "PER_PROGRAM"';
      const same = await trace(script(config, fixed), { workload: twice(fixed) });
      expect(frames(same.stdout)).toEqual([NAMED, NAMED]);
      // The second is elsewhere, where the first had nothing.
      const moved = await trace(script(config, program), { workload: twice(program) });
      expect([...frames(moved.stdout)].sort()).toEqual([BARE, NAMED]);
    });

    it('or none, so that only living ones have names [CFG-007]', async () => {
      const config = 'cache_user_symbols = "NONE"';
      const ended = await trace(script(config, program));
      expect(frames(ended.stdout)).toEqual([BARE]);
      let child: ReturnType<typeof spawn> | undefined;
      const living = await trace(script(config, program), {
        workload: () =>
          new Promise<void>((resolve) => {
            child = spawn(program, ['wait'], { stdio: ['pipe', 'pipe', 'ignore'] });
            child.stdout?.once('data', () => resolve());
          }),
      });
      child?.stdin?.end();
      expect(frames(living.stdout)).toEqual([NAMED]);
    });

    it('again while new stacks come, unless that is to be lazy [CFG-009]', async () => {
      const late = (lazy: boolean): Promise<RunResult> =>
        trace(
          `config = { lazy_symbolication = ${lazy} } uprobe:${program}:leaf+4 { @[ustack(2)] = count(); }`,
          { workload: start(program, 'late') },
        );
      expect(frames((await late(false)).stdout)).toContainEqual(
        expect.stringMatching(/^ {8}plugged\+\d+$/),
      );
      const lazy = frames((await late(true)).stdout);
      expect(lazy).toContain(NAMED);
      expect(lazy).not.toContainEqual(expect.stringContaining('plugged'));
    });
  });
});
