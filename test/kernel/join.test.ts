/** join() of arguments as programs get them, empty ones among them. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, run } from '../support/run.ts';

needs('root').describe('join()', () => {
  const SCRIPT = `tracepoint:syscalls:sys_enter_execve /str(args.filename) == "/bin/echo"/ {
    join(args.argv, "|"); join(args.argv);
  }`;

  it.each([
    [['', 'b', '', ''], '/bin/echo||b||', '/bin/echo  b  '],
    [[''], '/bin/echo|', '/bin/echo '],
    [[], '/bin/echo', '/bin/echo'],
  ])('keeps the place of arguments that are empty strings: %j', async (words, bars, blanks) => {
    const { stdout } = await run(SCRIPT, {
      ...{ flags: ['-q', '--unsafe'], unsafe: true, loader: LOADER_ASAN },
      workload: () => void execFileSync('/bin/echo', words),
    });
    expect(stdout.split('\n').slice(0, 2)).toEqual([bars, blanks]);
  });
});
