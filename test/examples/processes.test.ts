/** Tools that watch processes and their system calls. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { histogram, mapEntries, mapValue, total } from '../support/expect.ts';
import { needs } from '../support/needs.ts';
import { run, WORKLOAD } from '../support/run.ts';
import { linesLike, text, tool } from './support.ts';

const self = String(process.pid);

needs('root').describe('tools for processes', () => {
  const folder = temporaryFolder();

  it('hello says hello', async () => {
    expect((await tool('hello', 'true', { signal: 'none' })).stdout).toBe('hello world\n\n\n');
  });

  it('opensnoop shows opened files, and those that are missing', async () => {
    const { stdout } = await tool(
      'opensnoop',
      '$WORKLOAD comm ex-opener open 2 /dev/null open 1 /no/such/file',
    );
    expect(linesLike(stdout, /^\d+ +ex-opener +\d+ +0 \/dev\/null$/)).toHaveLength(2);
    expect(linesLike(stdout, /^\d+ +ex-opener +-1 +2 \/no\/such\/file$/)).toHaveLength(1);
  });

  it('opensnoop keeps to one process when it is told so', async () => {
    const { stdout } = await tool('opensnoop', '$WORKLOAD comm ex-opener open 2 /dev/null', {
      parameters: [self],
    });
    expect(stdout).not.toContain('ex-opener');
  });

  it('execsnoop shows programs with their arguments', async () => {
    const { stdout } = await tool('execsnoop', 'exec /bin/echo one "two three"', {
      parameters: [self],
    });
    // Looking for a program in $PATH is an execve(2) for each folder.
    expect(
      linesLike(stdout, /^[\d:]+ +\d+ +\d+ .* sh -c exec \/bin\/echo/).length,
    ).toBeGreaterThanOrEqual(1);
    expect(linesLike(stdout, / \/bin\/echo one two three$/)).toHaveLength(1);
  });

  it('exitsnoop shows exit codes, signals and ages', async () => {
    const { stdout } = await tool(
      'exitsnoop',
      `$WORKLOAD comm ex-sleeper sleep 120; sh -c 'exit 3'; sh -c 'kill -9 $$'`,
    );
    const age = /^ex-sleeper +\d+ +\d+ +(\d+) code 0$/m.exec(stdout)?.[1];
    expect(Number(age)).toBeGreaterThanOrEqual(120);
    expect(linesLike(stdout, /^sh .* code 3$/)).toHaveLength(1);
    expect(linesLike(stdout, /^sh .* signal 9$/)).toHaveLength(1);
  });

  it('killsnoop shows who signals whom, and what came of it', async () => {
    const { stdout } = await tool('killsnoop', 'sleep 5 & kill -10 $!; kill -10 999999999', {
      parameters: ['10'],
    });
    expect(linesLike(stdout, /^[\d:]+ +\d+ +sh +10 \d+ +0$/)).toHaveLength(1);
    expect(linesLike(stdout, /^[\d:]+ +\d+ +sh +10 999999999 -3$/)).toHaveLength(1);
  });

  it('signals counts what processes are sent', async () => {
    const { stdout } = await tool('signals', 'sleep 5 & kill -12 $!; wait');
    expect(mapEntries(stdout, '@signals').some(([key]) => /^12, (sh|sleep), sh$/.test(key))).toBe(
      true,
    );
  });

  it('statsnoop shows paths that are looked up', async () => {
    const { stdout } = await tool('statsnoop', 'stat /etc/hostname; stat /no/such/file');
    expect(linesLike(stdout, /^\d+ +stat +0 \/etc\/hostname$/).length).toBeGreaterThanOrEqual(1);
    expect(linesLike(stdout, /^\d+ +stat +2 \/no\/such\/file$/).length).toBeGreaterThanOrEqual(1);
  });

  it('syncsnoop names the call', async () => {
    const file = join(folder, 'synced');
    const { stdout } = await tool('syncsnoop', `echo x > ${file}; sync -d ${file}`);
    rmSync(file);
    expect(linesLike(stdout, / sync +tracepoint:syscalls:sys_enter_fdatasync$/)).toHaveLength(1);
  });

  it('setuids shows the ids that were asked for', async () => {
    const { stdout } = await tool('setuids', 'setpriv --reuid 1234 --clear-groups true');
    expect(
      linesLike(
        stdout,
        / setpriv +0 +1234, +1234, +1234 +0 tracepoint:syscalls:sys_exit_setresuid$/,
      ),
    ).toHaveLength(1);
  });

  it('mountsnoop shows mounts and failures', async () => {
    const { stdout } = await tool(
      'mountsnoop',
      `unshare -m sh -c 'mount -t tmpfs none ${folder}; umount ${folder}'; umount /no/such/place`,
    );
    expect(stdout).toContain(` mount   ${folder}`);
    expect(linesLike(stdout, new RegExp(` umount +${folder} +0$`))).toHaveLength(1);
  });

  it('naptime shows how long programs sleep', async () => {
    const { stdout } = await tool('naptime', 'sleep 0.125; $WORKLOAD comm ex-short sleep 10', {
      parameters: ['100'],
    });
    expect(linesLike(stdout, / sleep +\d+ +0\.125$/)).toHaveLength(1);
    expect(stdout).not.toContain('ex-short');
  });

  it('pidpersec counts new processes', async () => {
    const { stdout } = await tool('pidpersec', '$WORKLOAD fork 30 getppid 1', {
      parameters: ['1'],
      signal: 'none',
    });
    expect(Number(/^\d\d:\d\d:\d\d @forks: (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThanOrEqual(30);
  });

  it('strace shows calls of a command and of what it begins', async () => {
    const command = "sh -c 'cat /nope 2>/dev/null; echo hello >/dev/null; exit 3'";
    const { stdout } = await run(text('strace'), { flags: ['-c', command], signal: 'none' });
    const shown = (pattern: RegExp) => linesLike(stdout, pattern);
    expect(shown(/ sh {15}execve\(0x\w+, 0x\w+, 0x\w+\) ".*\/sh" = 0 {2}\d+ us$/)).toHaveLength(1);
    const [opened = ''] = shown(/"\/nope"/);
    expect(opened).toMatch(
      /^\d+ +cat {14}openat\(0xffffff9c, 0x\w+, 0\) "\/nope" = -2 No such file or directory {2}\d+ us$/,
    );
    const child = opened.split(' ')[0];
    expect(shown(new RegExp(`^\\d+ +sh +(?:v?fork|clone3?)\\(.* = ${child} `))).toHaveLength(1);
    expect(shown(/ sh +write\(0x1, 0x\w+, 0x6\) "hello\\x0a" = 6 {2}/)).toHaveLength(1);
    expect(shown(/ sh +exit_group\(0x3\)$/)).toHaveLength(1);
    // Nobody else's.
    expect(stdout).not.toContain('bpfload ');
    expect(stdout).not.toMatch(/^@/m);
  });

  it('ltrace shows calls, and what they give back', async () => {
    const { stdout } = await tool('ltrace', '$WORKLOAD comm ex-caller call 2 5 7', {
      parameters: [WORKLOAD, 'workload_tar*'],
    });
    const calls = linesLike(stdout, /ex-caller/);
    expect(
      calls.map((call) => call.replace(/^\d+ +ex-caller {8}|, \w+\)$| {2}\d+ us$/g, '')),
    ).toEqual([
      'workload_target(0x5, 0x7',
      'workload_target = 0xc',
      'workload_target(0x6, 0x7',
      'workload_target = 0xd',
    ]);
    expect(stdout).not.toMatch(/^@/m);
  });

  it('syscount shows the busiest processes', async () => {
    const { stdout } = await tool('syscount', '$WORKLOAD comm ex-busy storm 300', {
      parameters: ['1'],
      signal: 'none',
    });
    expect(
      mapEntries(stdout, '@calls').some(([key, calls]) => / ex-busy$/.test(key) && calls > 1000),
    ).toBe(true);
  });

  it('syserrors counts failures by number', async () => {
    const { stdout } = await tool('syserrors', '$WORKLOAD comm ex-failing close 7');
    expect(mapValue(stdout, '@errors', 'ex-failing, 3, 9')).toBe(7);
  });

  it('syslatency sees a sleep', async () => {
    const { stdout } = await tool('syslatency', '$WORKLOAD comm ex-sleeper sleep 20', {
      parameters: ['10000'],
    });
    expect(histogram(stdout, '@us[ex-sleeper]')).toEqual([
      { label: expect.stringMatching(/^\[(16K, 32K|32K, 64K)\)$/), count: 1 },
    ]);
  });

  it('writelatency and readsize count every call', async () => {
    const writes = await tool('writelatency', '$WORKLOAD comm ex-writer write 20 10');
    expect(total(histogram(writes.stdout, '@ns[ex-writer]'))).toBe(20);
    const reads = await tool('readsize', '$WORKLOAD comm ex-reader read 20 4096');
    expect(histogram(reads.stdout, '@bytes[ex-reader]').at(-1)).toEqual({
      label: '[4K, 8K)',
      count: 20,
    });
  });

  it('parents shows the way to an exec', async () => {
    const { stdout } = await tool('parents', 'true; /bin/true; true');
    expect(linesLike(stdout, /^\d+ +true +<- \d+ +sh$/).length).toBeGreaterThanOrEqual(1);
  });
});
