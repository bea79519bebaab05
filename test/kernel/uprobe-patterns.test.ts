/** Patterns over user functions and files, addresses, and the files of a process. */

import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { DEFLATED, STORED, writeArchive } from '../support/archive.ts';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { mapEntries, mapValue } from '../support/expect.ts';
import { runInGuest } from '../support/guest.ts';
import { needs } from '../support/needs.ts';
import { type RunOptions, type RunResult, run, WORKLOAD } from '../support/run.ts';

const folder = temporaryFolder();
const library = join(folder, 'libsteps.so');
const other = join(folder, 'libstroll.so');
const program = join(folder, 'steps');
const fixed = join(folder, 'steps-fixed');
const COUNT = 1000;

/** Functions that add their number; one has a second name, another ends in a version of its own. */
const SOURCE = `
#define NOINLINE __attribute__((noinline))
${Array.from({ length: COUNT }, (_, i) => `NOINLINE int step_${i}(int x) { __asm__ volatile("" : "+r"(x)); return x + ${i}; }`).join('\n')}
int step_alias(int x) __attribute__((alias("step_7")));
int __step_alias(int x) __attribute__((alias("step_7")));
static NOINLINE int hidden_step(int x) { __asm__ volatile("" : "+r"(x)); return x * 2; }
int step_hidden_caller(int x) { return hidden_step(x) + 1; }
`;
const MAIN = `
#include <unistd.h>
int step_3(int), step_7(int), step_900(int), step_hidden_caller(int), stroll(int);
NOINLINE int own_target(int x) { __asm__ volatile("" : "+r"(x)); return x + 5; }
int main(int argc, char **argv) {
  char byte;
  if (argc > 1 && (write(1, "r", 1) != 1 || read(0, &byte, 1) != 1)) return 1;
  for (int i = 0; i < 3; i++) step_3(i);
  for (int i = 0; i < 5; i++) step_7(i);
  step_900(40); step_hidden_caller(20); own_target(1);
#ifdef STROLL
  stroll(2); stroll(3);
#endif
  return 0;
}`.replace('NOINLINE', '__attribute__((noinline))');

/** Maps an archive's member as a linker does that knows archives, and calls a function in it. */
const CALLER = `
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
int main(int argc, char **argv) {
  char *at = mmap(0, 65536, PROT_READ | PROT_EXEC, MAP_PRIVATE, open(argv[1], O_RDONLY), atol(argv[2]));
  return argc != 4 || ((int (*)(int))(at + strtol(argv[3], 0, 0)))(42) != 42;
}`;

function gcc(...args: readonly string[]): void {
  execFileSync('gcc', ['-O1', ...args], { cwd: folder });
}

const start =
  (path: string): (() => void) =>
  () => {
    execFileSync(path);
  };

needs('root').describe('uprobes by patterns', () => {
  beforeAll(async () => {
    writeFileSync(join(folder, 'steps.c'), SOURCE);
    writeFileSync(join(folder, 'main.c'), MAIN);
    writeFileSync(
      join(folder, 'stroll.c'),
      '__attribute__((noinline)) int stroll(int x) { __asm__ volatile("" : "+r"(x)); return x; }\n',
    );
    writeFileSync(join(folder, 'caller.c'), CALLER);
    gcc('-o', 'caller', 'caller.c');
    gcc('-shared', '-fPIC', '-o', library, 'steps.c');
    gcc('-shared', '-fPIC', '-o', other, 'stroll.c');
    gcc('-DSTROLL', '-o', program, 'main.c', library, other);
    gcc('-static', '-no-pie', '-o', fixed, 'main.c', 'steps.c');
  });

  it('know each function by name, and attach a thousand at once [PRB-036]', async () => {
    const result = await run(
      `uprobe:${library}:step_* { @[func] = count(); @at[probe] = count(); @x[func] = max(arg0); }`,
      { workload: start(program) },
    );
    expect(result.status).toBe(0);
    expect(Number(/^Attached (\d+) probes$/m.exec(result.stderr)?.[1])).toBe(COUNT + 1);
    expect(mapEntries(result.stdout, '@')).toEqual(
      expect.arrayContaining([
        ['step_900', 1],
        ['step_hidden_caller', 1],
        ['step_3', 3],
      ]),
    );
    expect(mapValue(result.stdout, '@at', `uprobe:${library}:step_3`)).toBe(3);
    expect(mapValue(result.stdout, '@x', 'step_900')).toBe(40);
  });

  it('attach to names of one place once [PRB-036]', async () => {
    const result = await run(`uprobe:${library}:*step_alias { @[func] = count(); }`, {
      workload: start(program),
    });
    expect(result.stderr).toContain('Attached 1 probe\n');
    expect(mapEntries(result.stdout, '@')).toEqual([['step_alias', 5]]);
  });

  it('see what functions return [PRB-036] [PRB-037]', async () => {
    const result = await run(
      `uretprobe:${library}:step_* { @[func, retval] = count(); @p[probe] = count(); }
       uretprobe:${library}:hidden_* { @hidden[func] = sum(retval); }`,
      { workload: start(program) },
    );
    expect(mapValue(result.stdout, '@', 'step_900, 940')).toBe(1);
    expect(mapValue(result.stdout, '@', 'step_3, 5')).toBe(1);
    expect(mapValue(result.stdout, '@p', `uretprobe:${library}:step_3`)).toBe(3);
    expect(mapValue(result.stdout, '@hidden', 'hidden_step')).toBe(40);
  });

  it('mean several files [PRB-030] [PRB-036]', async () => {
    const result = await run(
      `uprobe:${folder}/libst*.so:st*ll,uprobe:${folder}/lib*:step_3 { @[probe] = count(); }`,
      {
        workload: start(program),
      },
    );
    expect(mapEntries(result.stdout, '@')).toEqual([
      [`uprobe:${other}:stroll`, 2],
      [`uprobe:${library}:step_3`, 3],
    ]);
    const both = await run(`uprobe:${folder}/lib*.so:st* { @ = count(); }`, {
      workload: start(program),
    });
    expect(both.stderr).toContain(
      `WARNING: attaching to 2 binaries that match ${folder}/lib*.so.\n`,
    );
    expect(mapValue(both.stdout, '@')).toBe(12);
  });

  it('work on static programs at fixed addresses, and by parameters', async () => {
    const result = await run('uprobe:$1:$2 { @[func] = count(); }', {
      workload: start(fixed),
      parameters: [fixed, 'step_*'],
    });
    expect(mapEntries(result.stdout, '@')).toEqual(
      expect.arrayContaining([
        ['step_900', 1],
        ['step_3', 3],
      ]),
    );
    const one = await run('uprobe:$1:$2 { @[func, probe] = count(); }', {
      workload: start(fixed),
      parameters: [fixed, 'step_3'],
    });
    expect(mapEntries(one.stdout, '@')).toEqual([[`step_3, uprobe:${fixed}:step_3`, 3]]);
  });

  it('stand at starts of instructions inside of functions [PRB-032]', async () => {
    const code = execFileSync('objdump', ['-d', '--insn-width=16', library], { encoding: 'utf8' });
    const lines =
      /^[0-9a-f]+ <step_3>:\n((?: .*\n)+)/m.exec(code)?.[1]?.trimEnd().split('\n') ?? [];
    const places = lines.map((line) => Number.parseInt(line, 16));
    const [first = 0, second = 0] = places;
    const at = (offset: number): string =>
      `uprobe:${library}:step_3+${offset} { @[probe] = count(); }`;
    const good = await run(at(second - first), { workload: start(program) });
    expect(mapEntries(good.stdout, '@')).toEqual([
      [`uprobe:${library}:step_3+${second - first}`, 3],
    ]);
    expect(second - first).toBeGreaterThan(1);
    const wrong = await run(at(1));
    expect(wrong.status).toBe(1);
    expect(wrong.stderr).toContain('step_3+1 is not the start of an instruction');
  });

  it('want --unsafe for symbols without a size [PRB-032]', async () => {
    const refused = await run(`uprobe:${library}:_init { @ = count(); }`);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('_init has no size: it may be no function. --unsafe');
    const allowed = await run(`uprobe:${library}:_init { @ = count(); }`, {
      flags: ['--unsafe'],
      workload: start(program),
    });
    expect(mapEntries(allowed.stdout, '@')).toEqual([['', 1]]);
  });

  it('find functions of a library in a zip archive, if it is stored there [PRB-030]', async () => {
    const archive = join(folder, 'app.apk');
    const start = writeArchive(archive, 'lib/libstroll.so', readFileSync(other), STORED);
    const script = `uprobe:${archive}!/lib/libstroll.so:stroll { @[func] = sum(arg0); }
      uprobe:${archive}!/lib/libstroll.so:str* { @all[probe] = count(); }`;
    const address = /^([0-9a-f]+) T stroll$/m.exec(
      execFileSync('nm', [other], { encoding: 'utf8' }),
    )?.[1];
    const result = await run(script, {
      workload: () => {
        execFileSync(join(folder, 'caller'), [archive, String(start), `0x${address}`]);
      },
    });
    expect(mapEntries(result.stdout, '@')).toEqual([['stroll', 42]]);
    expect(mapEntries(result.stdout, '@all')).toEqual([
      [`uprobe:${archive}!/lib/libstroll.so:stroll`, 1],
    ]);
    writeArchive(archive, 'lib/libstroll.so', readFileSync(other), DEFLATED);
    expect((await run(script)).stderr).toContain('is not a 64-bit ELF file');
  });

  it('find functions of stripped libraries, and say when nothing matches', async () => {
    const stripped = join(folder, 'stripped.so');
    execFileSync('strip', ['-o', stripped, library]);
    const result = await run(`uprobe:${stripped}:step_9* { @ = count(); }`, { signal: 'SIGINT' });
    expect(result.stderr).toContain('Attached 111 probes');
    const none = await run(`uprobe:${stripped}:hidden_* { @ = count(); }`, { signal: 'none' });
    expect(none.stderr).toContain('Probe has no valid attach points');
    expect(none.status).toBe(1);
    const text = await run(`uprobe:${folder}/main.c:* { @ = count(); }`, { signal: 'none' });
    expect(text).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`uprobe target '${folder}/main.c' is not a 64-bit ELF file.`),
    });
  });

  it('stand at addresses of either kind [PRB-032]', async () => {
    const symbols = execFileSync('nm', [program], { encoding: 'utf8' });
    const address = /^0*([0-9a-f]+) T own_target$/m.exec(symbols)?.[1] ?? '';
    const result = await run(`uprobe:${program}:0x${address} { @[func, arg0] = count(); }`, {
      workload: start(program),
    });
    expect(result.stdout).toMatch(/@\[(own_target|0x[0-9a-f]+), 1\]: 1/);
    const entry = /^0*([0-9a-f]+) T own_target$/m.exec(
      execFileSync('nm', [fixed], { encoding: 'utf8' }),
    )?.[1];
    const inFile = Number.parseInt(entry ?? '', 16) - 0x400000;
    const byOffset = await run(`uprobe:${fixed}:${inFile} { @ = sum(arg0); }`, {
      workload: start(fixed),
    });
    expect(mapValue(byOffset.stdout, '@')).toBe(1);
    const nowhere = await run(`uprobe:${program}:0xfffffff0 { @ = count(); }`, { signal: 'none' });
    expect(nowhere.stderr).toContain(`${program} has no code at address 0xfffffff0`);
    expect(nowhere.status).toBe(1);
    const beyond = await run(`uprobe:${program}:own_target+4000 { @ = count(); }`, {
      signal: 'none',
    });
    expect(beyond.stderr).toContain('own_target+4000 lies outside the function');
  });

  async function withProcess(
    script: string,
    options: RunOptions & { readonly before?: () => void } = {},
  ): Promise<RunResult> {
    const child = spawn(program, ['wait'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.once('close', resolve));
    // It says so once it is ready, and then waits for its input.
    await new Promise((resolve) => child.stdout.once('data', resolve));
    options.before?.();
    const result = await run(script, {
      ...options,
      flags: ['-p', String(child.pid)],
      // Tracing ends with the process.
      signal: 'none',
      workload: async () => {
        execFileSync(program);
        child.stdin.end('x');
        await ended;
      },
    });
    child.stdin.destroy();
    child.kill();
    return result;
  }

  it('search all files of a process [PRB-039] [PRB-059]', async () => {
    for (const form of ['uprobe:step_3', 'uprobe::step_3', 'uprobe:*:step_3']) {
      const result = await withProcess(`${form} { @[probe] = count(); }`);
      // The other process calls it as often, and is not this one.
      expect(mapEntries(result.stdout, '@')).toEqual([[`uprobe:${library}:step_3`, 3]]);
    }
    const several = await withProcess('uprobe::st*oll { @[func] = count(); }');
    expect(mapEntries(several.stdout, '@')).toEqual([['stroll', 2]]);
    const missing = await run('uprobe:step_3 { @ = count(); }', { signal: 'none' });
    expect(missing.stderr).toContain('uprobe:step_3 has no file: name one, or a process with -p.');
    expect(missing.status).toBe(1);
  });

  it('find files that were replaced since the process mapped them [PRB-039]', async () => {
    const result = await withProcess('uprobe:stroll { @[probe] = sum(arg0); }', {
      before: () => {
        const copy = `${other}.new`;
        copyFileSync(other, copy);
        renameSync(copy, other);
      },
    });
    expect(mapEntries(result.stdout, '@')).toEqual([[`uprobe:${other}:stroll`, 5]]);
  });

  it('filter by process [PRB-059]', async () => {
    const result = await withProcess(`uprobe:${library}:step_* { @[func] = count(); }`);
    expect(mapValue(result.stdout, '@', 'step_3')).toBe(3);
  });
});

needs('root').describe('the name of a function', () => {
  it('is one value in all attach points of a block, patterns and names [BLT-021]', async () => {
    const { stdout, stderr } = await run(
      `uprobe:${WORKLOAD}:workload_targe*,uprobe:${WORKLOAD}:workload_target,uretprobe:${WORKLOAD}:$1 {
        @[func] = count(); @probes[probe] = count();
      }`,
      { workload: 'call 5 7 8', parameters: ['workload_target'] },
    );
    expect(mapEntries(stdout, '@'), stderr).toEqual([['workload_target', 15]]);
    expect(mapEntries(stdout, '@probes')).toEqual([
      [`uretprobe:${WORKLOAD}:workload_target`, 5],
      [`uprobe:${WORKLOAD}:workload_target`, 10],
    ]);
  });
});

needs('Linux 6.1').describe('on Linux 6.1, which has no link for many uprobes', () => {
  it('patterns attach one by one [PRB-036]', async () => {
    const guest = temporaryFolder();
    writeObject(
      guest,
      'pattern',
      `uprobe:/workload:workload_* { @[func, probe] = count(); }
       uretprobe:/workload:workload_* { @r[func, retval] = count(); }`,
    );
    const [result] = await runInGuest('6.1', guest, [
      { object: 'pattern.o', workload: 'call 5 7 8' },
    ]);
    expect(result?.status).toBe(0);
    expect(
      mapValue(result?.stdout ?? '', '@', 'workload_target, uprobe:/workload:workload_target'),
    ).toBe(5);
    expect(mapEntries(result?.stdout ?? '', '@r')).toEqual(
      [15, 16, 17, 18, 19].map((value) => [`workload_target, ${value}`, 1]),
    );
  });
});

needs('root').describe('a uprobe of this kernel', () => {
  it('is found by a bare name, also by pattern [PRB-031]', async () => {
    const result = await run('uprobe:libc:getpg* { @[func] = count(); }', {
      workload: () => run('BEGIN { exit(); }', { signal: 'none' }).then(() => undefined),
    });
    expect(result.status).toBe(0);
    expect(Number(/^Attached (\d+) probes$/m.exec(result.stderr)?.[1])).toBeGreaterThan(1);
    const workload = await run(`uprobe:${WORKLOAD}:workload_t* { @ = count(); }`, {
      workload: 'call 5 7 8',
    });
    expect(mapValue(workload.stdout, '@')).toBe(5);
  });
});
