/** args without a field: a record of all arguments, as a value like any other. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { run, WORKLOAD } from '../support/run.ts';
import { prints } from '../support/script.ts';

needs('root').describe('args by itself', () => {
  it('prints, is kept, is a key, and stands in tuples', async () => {
    const { stdout } = await run(
      'tracepoint:syscalls:sys_enter_kill /comm == "sh"/ { print(args); @ = args; @k[args] = count(); $x = (1, args); print($x); print(*args == args); }',
      { workload: () => void execFileSync('sh', ['-c', 'kill -0 $$; kill -0 $$']) },
    );
    const record = '\\{ \\.__syscall_nr = \\d+, \\.pid = \\d+, \\.sig = 0 \\}';
    expect(stdout).toMatch(new RegExp(`^${record}\n\\(1, ${record}\\)\ntrue\n`));
    expect(stdout).toMatch(new RegExp(`@: ${record}\n`));
    expect(stdout).toMatch(new RegExp(`@k\\[${record}\\]: 2\n`));
  });

  it('does so for functions of programs', async () => {
    const { stdout } = await run(
      `uprobe:${WORKLOAD}:workload_text { print(args); @[args] = count(); }`,
      { workload: 'text abcdefgh' },
    );
    expect(stdout).toMatch(/^\{ \.text = 0x[0-9a-f]+, \.list = 0x[0-9a-f]+ \}\n/);
    expect(stdout).toMatch(/@\[\{ \.text = 0x[0-9a-f]+, \.list = 0x[0-9a-f]+ \}\]: 1\n/);
  });
});

needs('root').describe('usermode', () => {
  prints([['is 1 where the loader runs the block', 'print(usermode); exit();', '1']]);
});
