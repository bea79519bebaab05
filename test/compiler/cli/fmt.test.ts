import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/build.ts';
import { bpfscript } from '../../support/command.ts';
import { runHere } from '../../support/command-here.ts';

const folder = temporaryFolder();
const UGLY = 'BEGIN{exit();}';
const NEAT = 'BEGIN\n{\n\texit();\n}\n';
const ugly = join(folder, 'ugly.bt');
const neat = join(folder, 'neat.bt');
const wrong = join(folder, 'wrong.bt');

beforeEach(() => {
  writeFileSync(ugly, UGLY);
  writeFileSync(neat, NEAT);
  writeFileSync(wrong, 'BEGIN { ( }');
});

describe('bpfscript fmt', () => {
  it('writes formatted scripts to standard output, also from standard input', async () => {
    expect(await runHere(['fmt', ugly])).toEqual({ stdout: NEAT, stderr: '', status: 0 });
    expect(await runHere(['fmt', ugly, neat])).toMatchObject({ stdout: NEAT + NEAT, status: 0 });
    expect(bpfscript(['fmt'], { input: UGLY })).toMatchObject({ stdout: NEAT, status: 0 });
    expect(readFileSync(ugly, 'utf8')).toBe(UGLY);
  });

  it('is also a flag of the command that runs scripts [CLI-022]', async () => {
    expect(await runHere(['--fmt', ugly])).toEqual({ stdout: NEAT, stderr: '', status: 0 });
    expect(await runHere(['--fmt', '-e', UGLY])).toMatchObject({ stdout: NEAT, status: 0 });
    expect(await runHere(['--fmt', wrong])).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining('ERROR: syntax: '),
      status: 1,
    });
  });

  it('lists what differs with --check', async () => {
    expect(await runHere(['fmt', '--check', ugly, neat])).toEqual({
      stdout: `${ugly}\n`,
      stderr: '',
      status: 1,
    });
    expect(await runHere(['fmt', '--check', neat])).toEqual({ stdout: '', stderr: '', status: 0 });
  });

  it('rewrites with --write, keeping permissions and links', async () => {
    chmodSync(ugly, 0o750);
    const link = join(folder, `link${Date.now()}.bt`);
    symlinkSync(ugly, link);
    expect(await runHere(['fmt', '--write', link, neat])).toEqual({
      stdout: '',
      stderr: '',
      status: 0,
    });
    expect(readFileSync(ugly, 'utf8')).toBe(NEAT);
    expect(statSync(ugly).mode & 0o777).toBe(0o750);
    expect(readFileSync(link, 'utf8')).toBe(NEAT);
  });

  it('writes nothing at all when one script has syntax errors', async () => {
    const result = await runHere(['fmt', '--write', ugly, wrong]);
    expect(result).toMatchObject({ stdout: '', status: 1 });
    expect(result.stderr).toContain('wrong.bt:1:11-12: ERROR: syntax: ');
    expect(readFileSync(ugly, 'utf8')).toBe(UGLY);
  });

  it('refuses flags that make no sense', async () => {
    expect((await runHere(['fmt', '--write', '--check', ugly])).status).toBe(2);
    expect(bpfscript(['fmt', '--write'], { input: UGLY }).status).toBe(2);
  });

  it('rewrites what is older with --modernise, and nothing where a script has errors', async () => {
    const old = join(folder, 'old.bt');
    writeFileSync(old, 'kprobe:vfs_read{@[stack]=count();}');
    expect(await runHere(['fmt', '--modernise', old])).toMatchObject({
      stdout: 'kprobe:vfs_read\n{\n\t@[kstack] = count();\n}\n',
      status: 0,
    });
    expect(await runHere(['fmt', '--modernise', '--check', old])).toMatchObject({ status: 1 });
    writeFileSync(wrong, 'kprobe:vfs_read { print(stack); print($x); }');
    expect(await runHere(['fmt', '--modernise', '--write', old, wrong])).toMatchObject({
      status: 1,
    });
    expect(readFileSync(old, 'utf8')).toContain('[stack]');
    expect(await runHere(['fmt', '--modernise', '--write', old])).toMatchObject({ status: 0 });
    expect(readFileSync(old, 'utf8')).toContain('[kstack]');
  });
});
