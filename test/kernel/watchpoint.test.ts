/** Hardware breakpoints, against a program that writes and reads a variable so many times. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
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
  waiting,
} from '../support/run.ts';

const folder = temporaryFolder();
/** Where the workload's variable is: it is linked statically, so always at the same place. */
const ADDRESS = isHere('root') ? (await runWorkload('watched')).trim() : '';

/** Traces the process of a workload, which another one goes before, until it ends. */
function withProcess(script: string, other: string, workload: string): Promise<RunResult> {
  const traced = waiting(workload);
  return run(script, {
    flags: ['-p', traced.pid],
    parameters: [ADDRESS],
    signal: 'none',
    loader: LOADER_ASAN,
    workload: async () => {
      await runWorkload(other);
      await traced.go();
    },
  });
}

function withCommand(
  script: string,
  workload: string,
  options: RunOptions = {},
): Promise<RunResult> {
  return run(script, {
    flags: [...(options.unsafe ? ['--unsafe'] : []), '-c', `${WORKLOAD} ${workload}`],
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
      const { stdout, stderr } = await withProcess(
        'watchpoint:$1:4:w { @[comm] = count(); }',
        'comm other poke 1000',
        'comm first poke 10 -- threads 4 comm more poke 25',
      );
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
    // What comes before the loader hears of it is counted: the command waits for what follows it.
    const [one, other] = [join(folder, 'one'), join(folder, 'other')];
    const { stdout, stderr, status } = await withCommand(
      `watchpoint:$1:4:w /comm == "watched"/ { @ = count(); unwatch($1); system("touch ${one}"); }
       watchpoint:$1:4:rw /comm == "watched"/ { @rw = count(); unwatch((uint8 *)$1); system("touch ${other}"); }`,
      `comm watched poke 1 await ${one} await ${other} poke 5000 threads 2 poke 5000`,
      { unsafe: true },
    );
    expect(mapValue(stdout, '@'), stderr).toBe(1);
    expect(mapValue(stdout, '@rw')).toBe(1);
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
