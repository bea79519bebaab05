/** Processes that end before anybody can look at them: the command of `-c`, and what it begins. */
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { build, temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { LOADER, LOADER_ASAN, WORKLOAD } from '../support/run.ts';

const STACKS =
  'tracepoint:syscalls:sys_enter_getppid /comm == "workload"/ { @[pid, ustack(3)] = count(); }';
const NAMED = /workload_inner\+\d+.*\n +workload_middle\+\d+.*\n +workload_outer\+\d+/g;
const NUMBERS = /^ +0x[0-9a-f]+$/m;

needs('root').describe('a process that lives for less than a millisecond', () => {
  const folder = temporaryFolder();

  const object = (name: string, script: string): string => {
    const path = join(folder, `${name}.o`);
    writeFileSync(path, build(script));
    return path;
  };
  const trace = (path: string, command: string, loader = LOADER): string => {
    const result = spawnSync(loader, ['-c', command, path], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    expect(result.stderr).toBe('Attached 1 probe\n');
    expect(result.status).toBe(0);
    return result.stdout;
  };
  /** A shell that runs lines, one process after the other. */
  const shell = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const namesOf = (text: string): number => {
    expect(text).not.toMatch(NUMBERS);
    return text.match(NAMED)?.length ?? 0;
  };

  it('has names where the command of -c forks it, 200 times', () => {
    expect(namesOf(trace(object('forks', STACKS), `${WORKLOAD} fork 200 stack 1`))).toBe(200);
  });

  it('has names where the command of -c executes it, 200 times', () => {
    const command = shell('executes', `for i in $(seq 200); do ${WORKLOAD} stack 1; done`);
    expect(namesOf(trace(object('executes', STACKS), command))).toBe(200);
  });

  it('has names where it is the command of -c', () => {
    const path = object('command', STACKS);
    const named = Array.from({ length: 20 }, () =>
      trace(path, `${WORKLOAD} stack 1`).match(NAMED),
    ).filter((found) => found !== null);
    // One of a hundred had numbers, before maps and files of a process were looked at together.
    expect(named.length).toBeGreaterThanOrEqual(17);
  });

  it.each(['PER_PID', 'PER_PROGRAM'])('has names with cache_user_symbols = "%s"', (mode) => {
    const script = `config = { cache_user_symbols = "${mode}" } ${STACKS}`;
    expect(namesOf(trace(object(mode, script), `${WORKLOAD} fork 20 stack 1`))).toBe(20);
  });

  it('has names in a recording', () => {
    const recording = join(folder, 'stacks.rec');
    const words = ['record', '-q', '-o', recording, '-c', `${WORKLOAD} fork 20 stack 1`];
    const recorded = spawnSync(LOADER, [...words, object('recorded', STACKS)]);
    expect(recorded.status).toBe(0);
    const shown = spawnSync(LOADER, ['report', recording], { encoding: 'utf8' });
    expect(namesOf(shown.stdout)).toBe(20);
  });

  it('has them with the system calls that are left to the loader', () => {
    const path = object('calls', STACKS);
    expect(namesOf(trace(path, `${WORKLOAD} fork 20 stack 1`, LOADER_ASAN))).toBe(20);
  });

  it('has a name of the program that ran, or none, where another takes its place', () => {
    // As tests of compilers do: each program is made, run and removed under one name.
    const program = join(folder, 'program');
    const text = (name: string): string =>
      `static long call(long n) { long r; __asm__ volatile("syscall" : "=a"(r) : "0"(n) : "rcx", "r11", "memory"); return r; }
      long sink; __attribute__((noinline)) void ${name}(void) { sink = call(110); sink++; }
      int main(void) { ${name}(); sink++; return 0; }`;
    const sources = ['first', 'second'].map((name) => {
      writeFileSync(join(folder, `${name}.c`), text(name));
      const made = spawnSync('cc', [
        ...['-O1', '-fno-omit-frame-pointer', '-fno-optimize-sibling-calls', '-static'],
        ...['-o', join(folder, name), join(folder, `${name}.c`)],
      ]);
      expect(made.status).toBe(0);
      return join(folder, name);
    });
    const [first = '', second = ''] = sources;
    const command = shell(
      'replaced',
      `for i in $(seq 50); do rm -f ${program}; cp ${first} ${program}; ${program}; rm ${program}; cp ${second} ${program}; ${program}; done`,
    );
    const path = object(
      'replaced',
      'tracepoint:syscalls:sys_enter_getppid /comm == "program"/ { @n++; print((@n, ustack(1))); }',
    );
    const shown = [...trace(path, command).matchAll(/\((\d+), \n +(\w+)/g)];
    expect(shown).toHaveLength(100);
    for (const [, number, name] of shown) {
      if (name?.startsWith('0x')) continue;
      expect(`${number} ${name}`).toBe(`${number} ${Number(number) % 2 ? 'first' : 'second'}`);
    }
  });
});
