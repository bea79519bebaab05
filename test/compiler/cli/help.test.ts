/** Help, completion and manual pages, which are made from the commands themselves. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wholeProgram } from '../../../compiler/cli/program.ts';
import { runHere } from '../../support/command-here.ts';

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
  it('shows at the top what is used most, as its command says it', async () => {
    const top = (await runHere(['--help'])).stdout;
    const run = (await runHere(['run', '--help'])).stdout;
    const flags = /Flags with a script.*:\n((?: {2}-.*\n)+)/.exec(top)?.[1] ?? '';
    for (const flag of [
      '-e <program>',
      '-p, --pid <pid>',
      '-o, --output <file>',
      '--timeout <time>',
    ]) {
      expect(flags).toContain(`  ${flag} `);
      expect(run).toContain(`  ${flag} `);
    }
  });

  it('has examples for every command', async () => {
    for (const command of COMMANDS) {
      const result = await runHere([command, '--help']);
      expect(result).toMatchObject({ stderr: '', status: 0 });
      expect(result.stdout).toContain('\nExamples:\n');
    }
  });
});

describe('completion', () => {
  it('knows the loader by what its help says', () => {
    const script = `source dist/completions/bpfload.bash
      bpfload() { loader/build/bpfload "$@"; }
      COMP_WORDS=(bpfload "$@"); COMP_CWORD=$#; _bpfload; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const loader = (...words: readonly string[]): readonly string[] =>
      spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' })
        .stdout.trim()
        .split('\n');
    const help = spawnSync('loader/build/bpfload', ['--help'], { encoding: 'utf8' }).stdout;
    const flags = [...help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag);
    expect(flags.length).toBeGreaterThan(20);
    expect(loader('--')).toEqual(flags);
    expect(loader('--mode', '')).toEqual(['bench', 'test']);
    expect(loader('-p', '1')).toContain('1');
    expect(loader('package.j')).toEqual(['package.json']);
    expect(loader('li')).toContain('list');
    expect(loader('list', '--')).toEqual(['--pid', '--verbose', '--no-warnings']);
    expect(loader('list', 'iter:tas')).toContain('task');
    expect(loader('record', '--timeo')).toEqual(['--timeout']);
  });

  it('is there for zsh, which reads it without a fault', () => {
    for (const name of ['bpfscript', 'bpfload']) {
      const file = `dist/completions/${name}.zsh`;
      expect(spawnSync('zsh', ['-n', file], { encoding: 'utf8' })).toMatchObject({
        status: 0,
        stderr: '',
      });
      expect(readFileSync(file, 'utf8')).toContain(`#compdef ${name}\n`);
    }
  });

  it('refuses shells that it does not know', async () => {
    expect(await runHere(['completion', 'csh'])).toMatchObject({ stdout: '', status: 2 });
  });
});

describe('Words that fit no command', () => {
  it.each([
    [['build', '--none'], "error: unknown option '--none'\n"],
    [['kernel', 'add'], "error: missing required argument 'what'\n"],
  ])('are told once: %j', async (words, message) => {
    const { stderr, status } = await runHere(words);
    expect(stderr).toBe(`${message}(bpfscript --help shows the commands and examples)\n`);
    expect(status).toBe(2);
  });
});

describe('The manual pages', () => {
  const folder = join(import.meta.dirname, '../../../dist/man');

  it('name every command and flag of the compiler', async () => {
    const page = readFileSync(join(folder, 'bpfscript.1'), 'utf8');
    for (const { options } of (await wholeProgram()).commands)
      for (const { flags } of options) expect(page).toContain(flags.replaceAll('-', '\\-'));
  });

  it('name every flag of the loader', () => {
    const page = readFileSync(join(folder, 'bpfload.1'), 'utf8');
    const help = spawnSync('loader/build/bpfload', ['--help'], { encoding: 'utf8' }).stdout;
    for (const [, flag = ''] of help.matchAll(/^ {2}(-.*?)(?: {2}.*)?$/gm))
      expect(page).toContain(`.B ${flag.replaceAll('-', '\\-')}`);
  });

  it('have what people look for in them', () => {
    for (const name of ['bpfscript.1', 'bpfload.1'])
      for (const heading of ['EXIT STATUS', 'ENVIRONMENT', 'FILES', 'EXAMPLES', 'SEE ALSO'])
        expect(readFileSync(join(folder, name), 'utf8')).toMatch(
          new RegExp(`^\\.SH ${heading}\\n(?!\\.SH).`, 'm'),
        );
    expect(readFileSync(join(folder, 'bpfscript.1'), 'utf8')).toContain('BPFSCRIPT_LOADER');
  });

  it('are one of the language, which shows as its page reads', () => {
    const shown = spawnSync('man', ['-l', join(folder, 'bpfscript-language.7')], {
      encoding: 'utf8',
      env: { ...process.env, MANWIDTH: '400', LC_ALL: 'C.UTF-8' },
    });
    expect(shown.status).toBe(0);
    const headings = readFileSync('docs/language.md', 'utf8').match(/^##+ .*$/gm) ?? [];
    expect(headings.length).toBeGreaterThan(5);
    for (const heading of headings)
      expect(shown.stdout).toContain(heading.replace(/^#+ /, '').replaceAll('`', ''));
    expect(shown.stdout).not.toMatch(/\]\(|```/);
  });

  it('give groff nothing to warn of', () => {
    for (const name of ['bpfscript.1', 'bpfload.1', 'bpfscript-language.7']) {
      const { stderr } = spawnSync('man', ['--warnings=w', '-l', join(folder, name)], {
        encoding: 'utf8',
        env: { ...process.env, MANWIDTH: '100', LC_ALL: 'C.UTF-8' },
      });
      expect(stderr).toBe('');
    }
  });

  it('have no line that roff takes for a request of its own', () => {
    for (const name of ['bpfscript.1', 'bpfload.1', 'bpfscript-language.7'])
      for (const line of readFileSync(join(folder, name), 'utf8').split('\n'))
        if (line.startsWith('.')) expect(line).toMatch(/^\.(TH|SH|SS|TP|IP|PP|B|BR|I|br|nf|fi)\b/);
  });
});
