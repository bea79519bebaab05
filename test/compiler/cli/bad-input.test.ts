/** Mistakes on the command line and in scripts: a message with place and reason, a status, and no file. */

import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeKernelFile } from '../../../compiler/kernel/file.ts';
import { temporaryFolder } from '../../support/build.ts';
import { bpfscript } from '../../support/command.ts';
import { runHere } from '../../support/command-here.ts';

const folder = temporaryFolder();

async function expectRefused(script: string, message: string): Promise<void> {
  const result = await runHere(['build', '-e', script, '-o', join(folder, 'refused.o')]);
  expect(result.stderr).toContain(message);
  expect(result).toMatchObject({ status: 1, stdout: '' });
  expect(readdirSync(folder)).not.toContain('refused.o');
}

describe('a script with a mistake', () => {
  it('is refused for its syntax, with the place', async () => {
    await expectRefused('BEGIN { printf("x" }', 'stdin:1:20-21: ERROR: syntax: ');
  });

  it('is refused for a probe that the kernel description does not have, with the closest names', async () => {
    await expectRefused(
      'tracepoint:syscalls:sys_enter_reed { @ = count(); }',
      'stdin:1:1-35: ERROR: No matches for tracepoint syscalls:sys_enter_reed.',
    );
    await expectRefused('tracepoint:syscalls:sys_enter_reed { @ = count(); }', 'sys_enter_read');
  });

  it('is refused for an unknown provider', async () => {
    await expectRefused(
      'tracpoint:syscalls:sys_enter_read { @ = count(); }',
      "ERROR: Invalid provider: 'tracpoint'",
    );
  });

  it('is refused for an unknown field, with the fields there are', async () => {
    await expectRefused('tracepoint:syscalls:sys_enter_read { @ = sum(args.cuont); }', 'cuont');
    await expectRefused('BEGIN { $t = curtask->no_such_field; }', 'no_such_field');
  });

  it('is refused for a type mismatch [TYP-051]', async () => {
    await expectRefused('BEGIN { @x = 1; @x = "text"; }', 'Type mismatch for @x');
  });

  it('is refused for another architecture than that of the kernel description, and says how to get one', async () => {
    const build = (arch: string) =>
      runHere(['build', '-e', 'BEGIN { }', '--arch', arch, '-o', join(folder, `${arch}.o`)]);
    expect(await build('arm64')).toMatchObject({ status: 1, stdout: '' });
    expect((await build('arm64')).stderr).toContain(
      "ERROR: the kernel description 'default' is of x86_64, not of aarch64\nHINT: `bpfscript kernel capture",
    );
    expect(await build('vax')).toMatchObject({
      status: 2,
      stderr:
        "ERROR: --arch: 'vax' is not supported\nHINT: Scripts are compiled for x86_64 and aarch64\n",
    });
    expect((await build('amd64')).status).toBe(0);
    expect(['arm64.o', 'vax.o', 'amd64.o'].map((name) => existsSync(join(folder, name)))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it.each(['check', 'run', 'list'])(
    'is refused for another architecture by %s, too',
    async (command) => {
      const search = command === 'list' ? ['kprobe:vfs_read'] : ['-e', 'begin { exit(); }'];
      const run = (arch: string) =>
        runHere([command, ...search, '--kernel', 'default', '--arch', arch]);
      expect((await run('arm64')).status).toBe(1);
      expect((await run('arm64')).stderr).toContain(
        "ERROR: the kernel description 'default' is of x86_64, not of aarch64\nHINT: ",
      );
      expect(await run('vax')).toMatchObject({ status: 2, stdout: '' });
    },
  );

  it('is refused for a kernel of an architecture that nothing is known of', async () => {
    const kernel = join(folder, 'sparc64.kernel');
    writeFileSync(kernel, encodeKernelFile({ release: '6.12.0', arch: 'sparc64' }, {}));
    const script = 'kprobe:vfs_read { @ = arg0; }';
    const result = await runHere(['build', '-e', script, '--kernel', kernel, '-o', '-']);
    expect(result).toMatchObject({ status: 1, stdout: '' });
    expect(result.stderr).toBe(
      'ERROR: the kernel description is of sparc64, which is not supported\n' +
        'HINT: Scripts are compiled for x86_64 and aarch64\n',
    );
  });

  it('says what to do where a part of the description turns out to be damaged', async () => {
    const kernel = join(folder, 'damaged.kernel');
    const whole = encodeKernelFile(
      { release: '6.12.0', arch: 'x86_64' },
      { tracepoints: Buffer.from('nobody reads it') },
    );
    // The last byte of the table, which is read once a script asks for a tracepoint.
    whole.writeUInt8(whole.readUInt8(whole.length - 1) ^ 1, whole.length - 1);
    writeFileSync(kernel, whole);
    const said =
      `ERROR: cannot read the kernel description ${kernel}: it is damaged (section tracepoints)\n` +
      'HINT: `bpfscript kernel capture -o FILE` writes a description of the running kernel, `bpfscript kernel add` one of packages\n';
    for (const command of [
      ['build', '-e', 'tracepoint:a:b { exit(); }', '-o', '-'],
      ['list', 'tracepoint:a:b'],
    ])
      expect(await runHere([...command, '--kernel', kernel])).toMatchObject({
        status: 1,
        stdout: '',
        stderr: said,
      });
  });

  it('is refused when it is empty [GRM-080]', async () => {
    await expectRefused('', 'ERROR: ');
    await expectRefused('// nothing but a comment\n', 'ERROR: ');
  });
});

describe('the command line', () => {
  it('says what is missing when there is no script', async () => {
    const result = await runHere([]);
    expect(result.stderr).toContain("USAGE: filename or -e 'program' required.");
    expect(result.status).toBe(2);
  });

  it('says why a script cannot be read', async () => {
    const missing = await runHere(['build', '/no/such/script.bt', '-o', join(folder, 'missing.o')]);
    expect(missing.stderr).toContain(
      'cannot read the script /no/such/script.bt: no such file or directory',
    );
    expect(missing.status).toBe(1);
    const directory = await runHere(['build', folder, '-o', join(folder, 'missing.o')]);
    expect(directory.stderr).toContain('it is a directory');
    expect(existsSync(join(folder, 'missing.o'))).toBe(false);
  });

  it('says where a script is no text', async () => {
    const script = join(folder, 'latin.bt');
    writeFileSync(script, Buffer.from('// caf\xe9\nBEGIN { exit(); }\n', 'latin1'));
    for (const command of ['build', 'check', 'fmt', 'run']) {
      expect(await runHere([command, script])).toMatchObject({
        stdout: '',
        stderr: `ERROR: cannot read the script ${script}: line 1 is not UTF-8\nHINT: \`iconv -t UTF-8\` converts a text; '\\xe9' writes any byte in a string.\n`,
        status: 1,
      });
    }
  });

  it('refuses unknown flags as usage errors', async () => {
    const result = await runHere(['--no-such-flag', '-e', 'BEGIN { exit(); }']);
    expect(result.stderr).toContain("unknown option '--no-such-flag'");
    expect(result.status).toBe(2);
  });

  it('leaves no partial file when the folder cannot be written', async () => {
    const closed = join(folder, 'file');
    writeFileSync(closed, '');
    chmodSync(closed, 0o444);
    const result = await runHere(['build', '-e', 'BEGIN { exit(); }', '-o', join(closed, 'x.o')]);
    expect(result.stderr).toContain('a part of the path is not a directory');
    expect(result.status).toBe(1);
  });

  it('writes into what is no plain file instead of taking its place', async () => {
    const link = join(folder, 'nothing');
    symlinkSync('/dev/null', link);
    const result = await runHere(['build', '-e', 'BEGIN { exit(); }', '-o', link]);
    expect(result).toMatchObject({ stderr: '', status: 0 });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('keeps an older object when the new script does not compile', async () => {
    const target = join(folder, 'kept.o');
    writeFileSync(target, 'older');
    await runHere(['build', '-e', 'BEGIN { nonsense }', '-o', target]);
    expect(existsSync(target)).toBe(true);
  });

  it('prints version and help and succeeds [CLI-029]', async () => {
    expect(bpfscript(['--version'])).toMatchObject({
      stdout: expect.stringMatching(/^bpfscript v\d+\.\d+\.\d+\n$/),
      status: 0,
    });
    expect(await runHere(['--help'])).toMatchObject({
      stdout: expect.stringContaining('Examples:'),
      status: 0,
    });
  });

  it('shows no characters of names that a terminal obeys', async () => {
    const name = 'a\u001b[31m\u202eb';
    expect(await runHere(['draw', name, '-o', join(folder, 'x.html')])).toEqual({
      status: 1,
      stdout: '',
      stderr: 'ERROR: cannot read a?[31m?b: no such file or directory\n',
    });
    const { status, stderr } = await runHere([`--${name}`]);
    expect(status).toBe(2);
    expect(stderr).toContain("'--a?[31m?b'");
  });

  it('takes the script from standard input [CLI-002]', () => {
    const target = join(folder, 'stdin.o');
    expect(bpfscript(['build', '-', '-o', target], { input: 'BEGIN { exit(); }' })).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(existsSync(target)).toBe(true);
  });

  it('shows every stage', async () => {
    const stages = ['tokens', 'ast', 'typed', 'ir', 'ir-opt', 'asm', 'btf', 'manifest'];
    for (const stage of stages) {
      const result = await runHere(['build', '--emit', stage, '-e', 'BEGIN { @x = pid; }']);
      expect(result, stage).toMatchObject({ status: 0, stderr: '' });
      expect(result.stdout.length, stage).toBeGreaterThan(50);
    }
  });
});
