/** Errors and warnings that scripts print themselves. */

import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { type RunOptions, type RunResult, run } from '../support/run.ts';

function withoutAttached(text: string): string {
  return text.replace(/^Attached .*\n/gm, '');
}

/** Runs a script that ends by itself. */
function endingRun(script: string, options: RunOptions = {}): Promise<RunResult> {
  return run(script, { ...options, signal: 'none' });
}

needs('root').describe('messages of scripts', () => {
  it('[FUN-008] [OUT-054] go to standard error with their place', async () => {
    const { stdout, stderr, status } = await endingRun(
      'begin {\n  errorf("bad %d %s", 5, "x");\n  warnf("odd");\n  print(1);\n  exit();\n}',
    );
    expect(withoutAttached(stderr)).toMatch(
      /^\S+:2:3-30: ERROR: bad 5 x\n\S+:3:3-15: WARNING: odd\n$/,
    );
    expect(stdout.trimEnd()).toBe('1');
    expect(status).toBe(0);
  });

  it('[FUN-008] keeps warnings back that nobody wants, but not errors', async () => {
    const { stderr } = await endingRun('begin { warnf("odd"); errorf("bad"); exit(); }', {
      flags: ['--no-warnings'],
    });
    expect(stderr).not.toContain('odd');
    expect(stderr).toContain('ERROR: bad');
  });

  it('[FUN-008] are objects among the others in JSON', async () => {
    const { stdout } = await endingRun('begin { errorf("a \\"%d\\"", 5); warnf("odd"); exit(); }', {
      flags: ['-f', 'json'],
    });
    const objects = stdout
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(objects).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: 'errorf', msg: 'a "5"', line: 1, col: 9 }),
        expect.objectContaining({ type: 'warnf', msg: 'odd', line: 1 }),
      ]),
    );
  });

  it('[FUN-010] stop with status 1 when an assertion is false', async () => {
    const { stdout, stderr, status } = await endingRun(
      'begin {\n  $x = 2;\n  assert($x == 2, "fine");\n  print("on");\n  assert($x == 3, "not three");\n}\nend { print("end"); }',
    );
    expect(withoutAttached(stderr)).toMatch(/ERROR: assert failed: not three\n/);
    expect(stderr).toMatch(/:5:3-\d+: expanded from\n/);
    expect(stderr).not.toContain('fine');
    expect(stdout).toContain('on\n');
    expect(status).toBe(1);
  });

  it('[FUN-010] runs past static assertions that hold', async () => {
    const { stdout } = await endingRun(
      'begin { static_assert(sizeof(uint64) == 8, "no"); print("ok"); exit(); }',
    );
    expect(stdout).toContain('ok');
  });
});
