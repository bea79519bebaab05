/** Errors and warnings as the commands show them. */

import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/build.ts';
import { runHere } from '../../support/command-here.ts';

const folder = temporaryFolder();
const good = join(folder, 'good.bt');
const bad = join(folder, 'bad.bt');
writeFileSync(good, 'BEGIN { exit(); }\n');
writeFileSync(bad, 'BEGIN { $x = nope; }\nEND { nothing(); }\n');

function colored(setting: string): string {
  return spawnSync(process.execPath, ['dist/bpfscript.js', 'build', bad], {
    encoding: 'utf8',
    env: { ...process.env, BPFTRACE_COLOR: setting },
  }).stderr;
}

describe('bpfscript check', () => {
  it('is silent and succeeds for good scripts, and writes no file', async () => {
    const before = readdirSync(folder);
    expect(await runHere(['check', good, good], { cwd: folder })).toEqual({
      stdout: '',
      stderr: '',
      status: 0,
    });
    expect(readdirSync(folder)).toEqual(before);
  });

  it('shows the errors of all scripts, in the order of their text', async () => {
    const { stdout, stderr, status } = await runHere(['check', bad, good, bad], { cwd: folder });
    expect(status).toBe(1);
    expect(stdout).toBe('');
    const heads = stderr.split('\n').filter((line) => line.includes('ERROR'));
    const each = [
      `${bad}:1:14-18: ERROR: Unknown identifier: 'nope' [unknown-identifier]`,
      `${bad}:2:7-14: ERROR: Unknown function: 'nothing' [unknown-function]`,
    ];
    expect(heads).toEqual([...each, ...each]);
  });

  it('writes the forms for programs to standard output', async () => {
    const json = await runHere(['check', '--diagnostics', 'json', bad, good]);
    expect(json).toMatchObject({ stderr: '', status: 1 });
    const lines = json.stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).data.message)).toEqual([
      "Unknown identifier: 'nope'",
      "Unknown function: 'nothing'",
    ]);
    expect(
      JSON.parse((await runHere(['check', '--diagnostics', 'sarif', bad])).stdout),
    ).toMatchObject({
      runs: [{ results: [{ level: 'error' }, { level: 'error' }] }],
    });
    expect((await runHere(['check', '--diagnostics', 'github', bad])).stdout).toMatch(
      /^::error file=/,
    );
  });
});

describe('bpfscript build', () => {
  it('writes diagnostics of any form to standard error, which is not the object', async () => {
    const result = await runHere(['build', '--diagnostics', 'json', '-o', '-', bad]);
    expect(result).toMatchObject({ stdout: '', status: 1 });
    expect(JSON.parse(result.stderr.split('\n')[0] ?? '')).toMatchObject({ type: 'diagnostic' });
    expect((await runHere(['build', '--diagnostics', 'xml', bad])).status).toBe(2);
  });
});

describe('the first line of a diagnostic', () => {
  it('is red with BPFTRACE_COLOR=always, and plain with never or without a terminal [CLI-037]', () => {
    expect(colored('always').split('\n').slice(0, 3)).toEqual([
      `\u001b[31m${bad}:1:14-18: ERROR: Unknown identifier: 'nope'\u001b[0m`,
      'BEGIN { $x = nope; }',
      '             ~~~~',
    ]);
    expect(colored('never')).not.toContain('\u001b');
    expect(colored('auto')).not.toContain('\u001b');
  });
});

describe('a syntax error', () => {
  it('begins with syntax: and has its place [GRM-002] [OUT-056]', async () => {
    expect(
      (await runHere(['build', '-o', join(folder, 'none.o'), '-e', 'BEGIN { $x = ; }'])).stderr,
    ).toBe(
      "stdin:1:14-15: ERROR: syntax: expected an expression, found ';'\nBEGIN { $x = ; }\n             ~\n",
    );
  });
});
