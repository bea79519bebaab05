/** What ends tracing from outside of the script, and what is done at SIGHUP. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { build, temporaryFolder } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, run } from '../support/run.ts';

const TICKS =
  'interval:ms:10 { printf("tick\\n"); @ = count(); } END { printf("end\\n"); printf("of it\\n"); }';

/** Runs a script that has to be ended by the flags. */
const ended = (script: string, ...flags: readonly string[]) =>
  run(script, { flags, signal: 'none', loader: LOADER_ASAN });

needs('root').describe('--timeout', () => {
  it('ends tracing as a signal does: end runs, maps are printed, status 0', async () => {
    const { stdout, stderr, status } = await ended(TICKS, '--timeout', '300ms');
    expect(stdout).toMatch(/^(tick\n)+end\nof it\n\n\n@: \d+\n$/);
    expect(stderr).toBe('Attached 2 probes\n');
    expect(status).toBe(0);
  });

  it('lets exit() of the script come first, with its code', async () => {
    const { status } = await ended('interval:ms:10 { exit(7); }', '--timeout', '1h');
    expect(status).toBe(7);
  });

  it.each(['0', '-1', '5y', '', '1.5s', '366d', '99999999999999999999s'])(
    'refuses %j and says what it takes',
    async (time) => {
      const { stderr, status } = await ended(TICKS, '--timeout', time);
      expect(stderr).toContain('--timeout takes a time such as 30s, 500ms, 5m or 2h');
      expect(status).toBe(2);
    },
  );
});

needs('root').describe('--max-events', () => {
  it('ends after so many events, not counting what end prints', async () => {
    expect(await ended(TICKS, '--max-events', '3')).toMatchObject({
      stdout: 'tick\ntick\ntick\nend\nof it\n\n\n@: 3\n',
      status: 0,
    });
  });

  it('counts what is shown, and not what only changes maps', async () => {
    const script =
      'interval:ms:10 { @a = 1; clear(@a); time("t\\n"); print(@b); print((1, 2)); @b = 5; }';
    const { stdout } = await ended(script, '--max-events', '3');
    expect(stdout.match(/^(t|\(1, 2\))$/gm)).toEqual(['t', '(1, 2)']);
  });

  it('counts in iterators, and is a flag of the command that compiles', () => {
    const words = ['-q', '--max-events=2', '-e', 'iter:task { printf("task\\n"); }'];
    expect(bpfscript(words)).toMatchObject({ stdout: 'task\ntask\n\n\n', status: 0 });
  });

  it.each(['0', '-1', 'x', '3x'])('refuses %j', async (count) => {
    const { stderr, status } = await ended(TICKS, '--max-events', count);
    expect(stderr).toContain(`--max-events takes a number from 1, not ${count}`);
    expect(status).toBe(2);
  });
});

const temporary = temporaryFolder();

/** Waits for what a file has. */
async function holds(file: string, what: RegExp): Promise<void> {
  while (!existsSync(file) || !what.test(readFileSync(file, 'utf8')))
    await new Promise((resolve) => setTimeout(resolve, 10));
}

needs('root').describe('--reopen', () => {
  it('goes on in a new file on SIGHUP, and loses and repeats nothing', async () => {
    const object = join(temporary, 'ticks.o');
    const [file, moved] = [join(temporary, 'log'), join(temporary, 'log.1')];
    writeFileSync(object, build('interval:ms:5 { @n++; printf("%d\\n", @n); }'));
    const child = spawn(LOADER_ASAN, ['-q', '--reopen', '-o', file, object]);
    const exit = new Promise((resolve) => child.on('exit', resolve));
    await holds(file, /\n5\n/);
    renameSync(file, moved);
    child.kill('SIGHUP');
    await holds(file, /\n\d+\n\d+\n/);
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    const numbers = `${readFileSync(moved, 'utf8')}${readFileSync(file, 'utf8')}`.match(/^\d+$/gm);
    expect(numbers?.map(Number)).toEqual(numbers?.map((_, index) => index + 1));
  });

  it('goes on in the old file, with a warning, where the new one cannot be opened', async () => {
    const object = join(temporary, 'once.o');
    writeFileSync(object, build('interval:ms:5 { printf("x\\n"); }'));
    const file = join(temporary, 'gone.log');
    const child = spawn(LOADER_ASAN, ['-q', '--reopen', '-o', file, object]);
    let errors = '';
    child.stderr.on('data', (text: Buffer) => {
      errors += text.toString();
    });
    const exit = new Promise((resolve) => child.on('close', resolve));
    await holds(file, /x/);
    const moved = `${file}.1`;
    renameSync(file, moved);
    // A folder that nothing can be written to.

    mkdirSync(file);
    const before = readFileSync(moved).length;
    child.kill('SIGHUP');
    while (!errors.includes('\n') || readFileSync(moved).length === before)
      await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(errors).toMatch(
      /^WARNING: cannot open .*gone\.log anew: Is a directory; the output goes on into the old file\.\n$/,
    );
  });

  it('needs a file', async () => {
    const { stderr, status } = await ended(TICKS, '--reopen');
    expect(stderr).toContain('--reopen is for a file that -o names');
    expect(status).toBe(2);
  });
});

needs('root').it('an object that is not there is status 1, as a script that is not there', () => {
  const words = [join(temporary, 'no')];
  expect(spawnSync(LOADER_ASAN, words).status).toBe(1);
  expect(bpfscript(['inspect', ...words]).status).toBe(1);
  expect(bpfscript(words).status).toBe(1);
});
