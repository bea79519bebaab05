/** Waits that would not end by themselves: a signal ends each of them, with all maps printed. */

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { build, temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { LOADER, run } from '../support/run.ts';
import { holdsSignals, onlyWrites, writesInVain } from '../support/writing.ts';

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What the script waits for has begun by then. */
const begun = (): Promise<void> => wait(500);

needs('root').describe('a signal', () => {
  const folder = temporaryFolder();
  const pipe = (name: string): string => {
    const path = join(folder, name);
    spawnSync('mkfifo', [path]);
    return path;
  };

  it('ends cat() of a pipe that nobody writes to', async () => {
    const { stdout, status } = await run(
      `interval:ms:50 { @ = count(); cat("${pipe('silent')}"); }`,
      { workload: begun },
    );
    expect(stdout).toMatch(/^@: \d+$/m);
    expect(status).toBe(0);
  });

  it.each(['text', 'json'])('ends a command that takes long (%s)', async (form) => {
    const { stdout, status } = await run(
      'interval:ms:50 { @ = count(); system("exec sleep 60"); }',
      {
        unsafe: true,
        flags: ['--unsafe', '-f', form],
        workload: begun,
        signal: 'SIGTERM',
      },
    );
    expect(stdout).toMatch(/@"?: \d+/);
    expect(status).toBe(0);
  });

  it('ends waiting for a reader of -o', async () => {
    const path = pipe('unread');
    const object = join(folder, 'unread.o');
    writeFileSync(object, build('interval:ms:50 { @ = count(); }'));
    const child = spawn(LOADER, ['-o', path, object], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    // From then on a signal does not kill it.
    while (!holdsSignals(child.pid)) await wait(10);
    await begun();
    child.kill('SIGINT');
    expect(await ended).toBe(1);
    expect(said).toBe(`ERROR: cannot open ${path} for writing: nobody reads it\n`);
  });

  it('is not needed where a reader comes late', async () => {
    const path = pipe('late');
    const got = join(folder, 'late.txt');
    const object = join(folder, 'late.o');
    writeFileSync(object, build('interval:ms:50 { printf("here\\n"); exit(); }'));
    const child = spawn(LOADER, ['-o', path, object], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    await begun();
    spawnSync('sh', ['-c', `cat ${path} > ${got}`]);
    expect(await ended).toBe(0);
    expect(readFileSync(got, 'utf8')).toBe('here\n\n\n');
  });

  it('ends tracing while a map is to be printed more often than it can be', async () => {
    const { stdout, status } = await run(
      `config = { max_map_keys = 20000; print_maps_on_exit = 0 }
        interval:ms:1 { for ($i : 0..20000) { @many[$i] = 1; } print(@many); print(@many); print(@many); }
        begin { @n = 7; } end { print(@n); }`,
      { flags: ['-o', '/dev/null'], workload: begun },
    );
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  });

  it('ends tracing while nobody reads stderr', async () => {
    const object = join(folder, 'stderr.o');
    writeFileSync(
      object,
      build(
        'interval:ms:5 { @ = count(); for $i : 0..100 { warnf("a line of some length, again and again and again"); } }',
      ),
    );
    const errors = pipe('errors');
    // Both ends are open, and nobody reads.
    const child = spawn('bash', ['-c', `exec 7<>${errors}; exec ${LOADER} ${object} 2>&7`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let shown = '';
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    await writesInVain(child.pid);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(shown).toMatch(/^@: \d+$/m);
  });

  /** A loader that has filled the pipe of its output, which nobody reads, and was told to end. */
  async function toldToEnd(name: string) {
    const object = join(folder, `${name}.o`);
    writeFileSync(
      object,
      build(
        'interval:ms:5 { @ = count(); for $i : 0..100 { printf("a line of some length, again and again and again\\n"); } }',
      ),
    );
    const full = pipe(name);
    const child = spawn('bash', ['-c', `exec 7<>${full}; exec ${LOADER} ${object} >&7`], {
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) =>
      child.on('exit', (code, signal) => resolve(signal ?? code)),
    );
    await writesInVain(child.pid);
    child.kill('SIGINT');
    await onlyWrites(child.pid);
    return { child, ended, full };
  }

  it('ends tracing while nobody reads the output, and what it has goes to whoever reads then', async () => {
    const { ended, full } = await toldToEnd('late-reader');
    const got = spawnSync('cat', [full], { encoding: 'latin1' }).stdout;
    expect(got).toMatch(/^a line of some length[\s\S]*\n\n\n@: \d+\n$/);
    expect(await ended).toBe(0);
  });

  it('ends the writing, too, where it is the second', async () => {
    const { child, ended } = await toldToEnd('no-reader');
    child.kill('SIGINT');
    expect(await ended).toBe('SIGINT');
  });
});
