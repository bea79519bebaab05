/** Hardware breakpoints, against a program that writes and reads a variable so many times. */

import { execFileSync, spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { mapEntries, mapValue } from '../support/expect.ts';
import { isHere } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import {
  LOADER_ASAN,
  type RunOptions,
  type RunResult,
  run,
  runWorkload,
  WORKLOAD,
} from '../support/run.ts';

/** Where the workload's variable is: it is linked statically, so always at the same place. */
const ADDRESS = isHere('root') ? (await runWorkload('watched')).trim() : '';

/** Traces the process of a workload that begins after a second, until it ends. */
async function withProcess(script: string, workload: string): Promise<RunResult> {
  const child = spawn(WORKLOAD, ['sleep', '1000', ...workload.split(' ')], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const result = await run(script, {
    flags: ['-p', String(child.pid)],
    parameters: [ADDRESS],
    signal: 'none',
    loader: LOADER_ASAN,
  });
  await ended;
  return result;
}

function withCommand(
  script: string,
  workload: string,
  options: RunOptions = {},
): Promise<RunResult> {
  return run(script, {
    flags: ['-c', `${WORKLOAD} ${workload}`],
    parameters: [ADDRESS],
    signal: 'none',
    loader: LOADER_ASAN,
    ...options,
  });
}

// Before its name is set, the kernel clears the variable when it starts the program.
needs('root').describe('a watchpoint', () => {
  const fires = needs('hardware breakpoints').it;

  fires('counts writes, or reads and writes [PRB-052]', async () => {
    const { stdout, stderr, status } = await withCommand(
      `watchpoint:$1:4:w /comm == "watched"/ { @[probe, comm] = count(); }
       w:${ADDRESS}:4:rw /comm == "watched"/ { @both = count(); }`,
      'comm watched poke 7 peek 5',
    );
    expect(mapEntries(stdout, '@'), stderr).toEqual([[`watchpoint:${ADDRESS}:4:w, watched`, 7]]);
    expect(mapValue(stdout, '@both')).toBe(12);
    expect(status).toBe(0);
  });

  fires('counts jumps to an address [PRB-052]', async () => {
    const { stdout, stderr } = await withCommand(
      'watchpoint:$1:8:x { @ = count(); }',
      'call 9 1 1',
      {
        parameters: [
          `0x${/^(\w+) T workload_target$/m.exec(execFileSync('nm', [WORKLOAD], { encoding: 'latin1' }))?.[1]}`,
        ],
      },
    );
    expect(mapValue(stdout, '@'), stderr).toBe(9);
  });

  fires(
    'of -p sees all threads of the process, also later ones, and no others [PRB-054]',
    async () => {
      const other = new Promise((resolve) => setTimeout(resolve, 700)).then(() =>
        runWorkload('comm other poke 1000'),
      );
      const { stdout, stderr } = await withProcess(
        'watchpoint:$1:4:w { @[comm] = count(); }',
        'comm first poke 10 -- threads 4 comm more poke 25',
      );
      await other;
      expect(mapEntries(stdout, '@'), stderr).toEqual([
        ['first', 10],
        ['more', 100],
      ]);
    },
  );

  fires('without a process stands on all CPUs', async () => {
    const { stdout, stderr } = await run('watchpoint:$1:4:w { @[comm] = count(); }', {
      parameters: [ADDRESS],
      workload: 'comm every threads 4 poke 50',
      loader: LOADER_ASAN,
    });
    expect(mapValue(stdout, '@', 'every'), stderr).toBe(200);
  });

  fires('ends with unwatch() [FUN-062]', async () => {
    const { stdout, stderr, status } = await withCommand(
      `watchpoint:$1:4:w /comm == "watched"/ { @ = count(); unwatch($1); }
       watchpoint:$1:4:rw /comm == "watched"/ { @rw = count(); unwatch((uint8 *)$1); }`,
      'comm watched poke 3 sleep 1000 poke 5000 threads 2 poke 5000',
    );
    // The first ones come before the loader hears of it.
    expect(mapValue(stdout, '@'), stderr).toBe(3);
    expect(mapValue(stdout, '@rw')).toBe(3);
    expect(status).toBe(0);
  });

  it('that a parameter spoils is an error', async () => {
    for (const [parameters, message] of [
      [['0', '4'], "watchpoint must be attached to a non-zero address, not '0'."],
      [['x', '4'], "watchpoint must be attached to a non-zero address, not 'x'."],
      [[ADDRESS, '3'], "watchpoint length must be one of (1,2,4,8), not '3'."],
      [['0x1001', '4'], 'an address has to be a multiple of the length'],
    ] as const) {
      const result = await run('watchpoint:$1:$2:w { @ = count(); }', {
        parameters,
        signal: 'none',
        loader: LOADER_ASAN,
      });
      expect(result.stderr).toContain(message);
      expect(result.status).toBe(1);
    }
  });

  it('needs a free register of the processor', async () => {
    const blocks = [0, 8, 16, 24, 32, 40, 48, 56].map(
      (offset) => `watchpoint:${0x10000 + offset}:8:w { @ = count(); }`,
    );
    const result = await run(blocks.join('\n'), { signal: 'none', loader: LOADER_ASAN });
    expect(result.stderr).toContain('all hardware breakpoints of the processor are in use');
    expect(result.status).toBe(1);
  });
});
