/** Help, completion and manual pages, which are made from the commands themselves. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../../compiler/cli/program.ts';
import { bpfscript } from '../../support/command.ts';

const COMMANDS = [
  'run',
  'build',
  'check',
  'explain',
  'fmt',
  'inspect',
  'list',
  'kernel',
  'completion',
];

describe('--help', () => {
  it('has examples for every command', () => {
    for (const command of COMMANDS) {
      const result = bpfscript([command, '--help']);
      expect(result).toMatchObject({ stderr: '', status: 0 });
      expect(result.stdout).toContain('\nExamples:\n');
    }
  });
});

describe('completion', () => {
  const complete = (...words: readonly string[]): readonly string[] => {
    const script = `source <(node dist/bpfscript.js completion bash)
      bpfscript() { node dist/bpfscript.js "$@"; }
      COMP_WORDS=(bpfscript "$@"); COMP_CWORD=$#; _bpfscript; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const result = spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' });
    expect(result.stderr).toBe('');
    return result.stdout.trim().split('\n');
  };

  it('knows commands, flags, values and probes', () => {
    expect(complete('ins')).toContain('inspect');
    expect(complete('build', '--em')).toEqual(['--emit']);
    expect(complete('build', '--emit', 'ir')).toEqual(['ir', 'ir-opt']);
    expect(complete('list', 'iter:tas')).toContain('task');
    expect(complete('explain', 'unreach')).toEqual(['unreachable']);
    expect(complete('check', '--allow', 'unreach')).toEqual(['unreachable']);
  });

  it('refuses shells that it does not know', () => {
    expect(bpfscript(['completion', 'fish'])).toMatchObject({ stdout: '', status: 2 });
  });
});

describe('The manual pages', () => {
  const folder = join(import.meta.dirname, '../../../dist/man');

  it('are what the commands say', () => {
    expect(readFileSync(join(folder, 'bpfscript.1'), 'utf8')).toBe(createProgram().manual());
  });

  it('name every command and flag of the loader', () => {
    const page = readFileSync(join(folder, 'bpfload.1'), 'utf8');
    const help = spawnSync('loader/build/bpfload', ['--help'], { encoding: 'utf8' }).stdout;
    for (const [flag] of help.matchAll(/^ {2}-.*$/gm))
      expect(page).toContain(flag.replaceAll('-', '\\-'));
  });

  it('have no line that roff takes for a request of its own', () => {
    for (const name of ['bpfscript.1', 'bpfload.1'])
      for (const line of readFileSync(join(folder, name), 'utf8').split('\n'))
        if (line.startsWith('.')) expect(line).toMatch(/^\.(TH|SH|SS|TP|PP|B|BR|I|br|nf|fi)\b/);
  });
});
