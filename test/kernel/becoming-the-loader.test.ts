/** `bpfscript` becomes `bpfload` when the object is built: one process, with all that was given to it. */

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { bpfscript, COMMAND } from '../support/command.ts';
import { needs } from '../support/needs.ts';
import { HANGS_MS } from '../support/patience.ts';
import { LOADER } from '../support/run.ts';

const folder = temporaryFolder();

/** Starts a script by bpfscript, waits for its first line, and gives what became of it after `then`. */
async function started(
  script: string,
  then: (pid: number) => void,
): Promise<{ stdout: string; stderr: string; status: number | null; signal: string | null }> {
  const child = spawn(process.execPath, [COMMAND, '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const first = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.includes('ready')) resolve();
    });
  });
  const ended = new Promise<{ status: number | null; signal: string | null }>((resolve) => {
    child.on('close', (status, signal) => resolve({ status, signal }));
  });
  await Promise.race([first, ended]);
  then(child.pid ?? 0);
  return { ...(await ended), stdout, stderr };
}

needs('root').describe('a script that is run again', () => {
  const env = { ...process.env, XDG_CACHE_HOME: folder };
  const text = 'BEGIN { printf("%d %s\\n", $1, str($2)); exit(); }';
  const run = (...options: readonly string[]) =>
    bpfscript(['--timings', ...options, '-e', text, '7', 'seven'], { env });

  it('is not compiled, and does the same', () => {
    const first = run();
    const second = run();
    expect(first.stderr).toMatch(/^making the object +\d+\.\d ms$/m);
    expect(second.stderr).not.toMatch(/making the object/);
    expect(second.stderr).toMatch(/^finding the object +\d+\.\d ms$/m);
    expect([first.stdout.trim(), first.status]).toEqual(['7 seven', 0]);
    expect([second.stdout, second.status]).toEqual([first.stdout, 0]);
  });
  it('is compiled with --no-cache', () => {
    run();
    expect(run('--no-cache').stderr).toMatch(/^making the object/m);
  });
});

needs('root').describe('bpfscript', () => {
  it('is the loader while the script runs, with no memory of the compiler', async () => {
    let [program, resident] = ['', Number.NaN];
    const result = await started('interval:ms:100 { printf("ready\\n"); }', (pid) => {
      program = basename(readlinkSync(`/proc/${pid}/exe`));
      const status = readFileSync(`/proc/${pid}/status`, 'latin1');
      resident = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
      process.kill(pid, 'SIGTERM');
    });
    expect(result).toMatchObject({ status: 0, stderr: 'Attached 1 probe\n' });
    expect(program).toBe('bpfload');
    // Node and LLVM alone are 105 MB.
    expect(resident).toBeLessThan(80_000);
  });

  it('gets the signals that it is sent', async () => {
    const script = `begin { @a = 5; printf("ready\\n"); }
      self:signal:SIGUSR1 { printf("user\\n"); exit(7); } interval:s:60 { } end { printf("ended\\n"); }`;
    const user = await started(script, (pid) => process.kill(pid, 'SIGUSR1'));
    expect(user).toMatchObject({ status: 7, stderr: 'Attached 4 probes\n' });
    expect(user.stdout).toBe('ready\nuser\nended\n\n\n@a: 5\n');
    const interrupted = await started(script, (pid) => process.kill(pid, 'SIGINT'));
    expect(interrupted.stdout).toBe('ready\nended\n\n\n@a: 5\n');
    const killed = await started(script, (pid) => process.kill(pid, 'SIGKILL'));
    expect(killed.signal).toBe('SIGKILL');
  });

  it('starts no debugger while it compiles', async () => {
    const child = spawn(process.execPath, [COMMAND, '-e', 'begin { printf("ready\\n"); exit(); }']);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    const ended = new Promise((resolve) => child.on('close', resolve));
    // LLVM is there: the compiler is at work.
    while (!readFileSync(`/proc/${child.pid}/maps`, 'latin1').match(/backend\.node|bpfload/))
      await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGUSR1');
    await ended;
    expect(output).toContain('ready\n');
    expect(output).not.toContain('Debugger');
  });

  it('hands pipes, signals and descriptors on as it found them', () => {
    const looks = 'cat /proc/self/status /proc/self/fdinfo/1; readlink /proc/self/fd/*';
    const script = 'interval:s:60 { }';
    const [direct, through] = [
      [LOADER, writeObject(folder, 'looks', script)],
      [process.execPath, COMMAND, '-e', script],
    ].map(([program = '', ...words]) => {
      const command = `'${program}' ${words.map((word) => `'${word}'`).join(' ')} -q -c "sh -c '${looks}'"`;
      // The pipe is one of the shell's, which waits when it is full.
      const { stdout } = spawnSync('sh', ['-c', `{ ${command}; } | cat`], { encoding: 'latin1' });
      return {
        signals: stdout.match(/^Sig(Blk|Ign|Cgt):.*$/gm),
        flags: stdout.match(/^flags:.*$/gm),
        held: stdout.match(/memfd:.*/g),
      };
    });
    expect(through).toEqual(direct);
    expect(direct?.signals).toHaveLength(3);
    expect(through?.held).toBeNull();
  });

  it('gives the status of exit(), and of errors of the loader, under its own name', () => {
    expect(bpfscript(['-e', 'begin { exit(3); }']).status).toBe(3);
    const unknown = bpfscript(['-e', 'begin { }', '--nothing=1']);
    expect(unknown.status).toBe(2);
    expect(unknown.stderr).toContain('ERROR: Unknown parameter: --nothing\n');
    expect(bpfscript(['-e', 'begin { }', '-c', '']).stderr).toContain("-c: '' is not a command");
    const missing = bpfscript(['-e', 'begin { }'], {
      env: { ...process.env, BPFSCRIPT_LOADER: '/no/such/loader' },
    });
    expect(missing).toMatchObject({ stdout: '', status: 1 });
    expect(missing.stderr).toContain('cannot start the loader /no/such/loader: no such file');
  });
});

describe('Words of bpfload', () => {
  const object = writeObject(
    folder,
    'words',
    'begin { printf("%d %s %d\\n", $#, str($1), getopt("n", 3)); exit(); }',
  );
  const load = (...words: readonly string[]) =>
    spawnSync(LOADER, words, { encoding: 'latin1', timeout: HANGS_MS });
  const fails = (...words: readonly string[]): string => {
    const { stdout, stderr, status } = load(...words);
    expect(stdout).toBe('');
    expect(status).toBe(2);
    return stderr;
  };

  needs('root').it('are options wherever they stand, up to -- [CLI-033]', () => {
    for (const [words, printed] of [
      [[object, '-q', 'a', '--n=4', '-5'], '2 a 4'],
      [['-q', object, '--', '-q', '--n=7'], '1 -q 7'],
      [[object, 'b', '--quiet', '--n=0x10'], '1 b 16'],
      [['--', object, 'c', '--n=5'], '1 c 5'],
      [[object, 'd', '-qf', 'text', '--format=text', '-Bnone'], '1 d 3'],
    ] as const) {
      const result = load(...words);
      expect(result.stdout, words.join(' ')).toBe(`${printed}\n\n\n`);
    }
    expect(load(object, '-q', '-c', 'sleep 20', 'x').stdout).toContain('1 x 3');
    expect(load(object, '--help').stdout).toContain('--n=INT');
    expect(load(object, '-h').stdout).toContain('--n=INT');
    expect(load('--help', object).stdout).toContain('Usage: bpfload');
    expect(load('-V').stdout).toMatch(/^bpfload \d/);
  });

  it('are errors that say where they belong', () => {
    const ofScript = 'A parameter of the script that begins with - stands behind --.\n';
    expect(fails(object, '-x')).toBe(`ERROR: unknown option -x\nHINT: ${ofScript}`);
    expect(fails('--n=3', object)).toBe(
      'ERROR: unknown option --n=3\nHINT: Named parameters of the script stand behind the object; bpfload --help lists the options.\n',
    );
    expect(fails('-I', 'x', object)).toBe(
      'ERROR: unknown option -I\nHINT: -I is an option of bpfscript, for when a script is compiled.\n',
    );
    expect(fails(object, '--emit-elf', 'x')).toContain(
      'HINT: --emit-elf is an option of bpfscript, for when a script is compiled.\n',
    );
    expect(fails(object, '--nothing')).toContain('Unknown parameter: --nothing\n');
    expect(fails(object, '--output')).toContain('an argument is missing for --output\n');
    expect(fails(object, '--quiet=1')).toContain('--quiet takes no argument, as in --quiet=1\n');
    expect(fails(object, '-p', 'abc')).toContain('HINT: bpfload --help lists the options.\n');
    expect(fails('--mode', 'format', object)).toContain(
      '--mode takes test or bench, not format\nHINT: bpfscript, which compiles scripts, has that mode.\n',
    );
    expect(fails('--check', object, '--n')).toContain('unknown option --n');
    expect(fails('-q')).toContain('no object is given');
  });
});
