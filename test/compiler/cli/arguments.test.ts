/** Options, the script and its parameters on the command line of `bpfscript run`. */

import { describe, expect, it } from 'vitest';
import { runHere } from '../../support/command-here.ts';

/** What the command says of words that are wrong, and its status. */
async function said(...words: readonly string[]): Promise<string> {
  const { stdout, stderr, status } = await runHere(words);
  expect(stdout).toBe('');
  expect(status).toBe(2);
  return stderr;
}

/** The stage `parse` shows which script was read, and nothing is run. */
const SHOW = ['-d', 'parse'];
const SCRIPT = 'examples/opensnoop.bt';

describe('Words of bpfscript', () => {
  it('are options wherever they stand, up to -- [CLI-033]', async () => {
    const before = await runHere([...SHOW, SCRIPT]);
    expect(before).toMatchObject({ stderr: '', status: 0 });
    expect(before.stdout).toContain('tracepoint');
    for (const words of [
      [SCRIPT, ...SHOW],
      [SCRIPT, '12', '--debug=parse', '--name=value', '-5', '-q'],
      ['run', '-dparse', '--', SCRIPT, '-q', '--any'],
      [SCRIPT, '-qdparse', 'a', '--', '-x', '--debug'],
    ])
      expect(await runHere(words), words.join(' ')).toEqual(before);
  });

  it('are errors that say where they belong', async () => {
    const ofScript = 'HINT: A parameter of the script that begins with - stands behind --\n';
    expect(await said(SCRIPT, '-x')).toBe(`ERROR: unknown option -x\n${ofScript}`);
    expect(await said('-e', 'begin { }', '-qx')).toBe(`ERROR: unknown option -qx\n${ofScript}`);
    expect(await said('--expand', SCRIPT)).toContain(
      '(--expand is an option of bpfscript build)\n',
    );
    expect(await said('--check', SCRIPT)).toContain('(--check is an option of bpfload)\n');
    expect(await said('build', SCRIPT, '-p', '12')).toContain(
      '(-p is an option of bpfscript run, bpfscript list)\n',
    );
    expect(await said('--outptu', 'x', SCRIPT)).toContain('(Did you mean --output?)\n');
    expect(await said(SCRIPT, '-p', 'abc')).toBe(
      'ERROR: -p takes a process id from 1 to 4194304, not abc\nHINT: `bpfscript --help` lists the options\n',
    );
    expect(await said('-c', 'true', '--pid', '1', SCRIPT)).toContain(
      '-p and -c exclude each other',
    );
    expect(await said('-k', '--no-warnings', SCRIPT)).toContain('-k and --no-warnings exclude');
    expect(await said('--warnings', '-k', SCRIPT)).toContain('-k is given twice');
  });

  it('--mode chooses what is done with the script', async () => {
    const script = 'begin { print(1); }';
    expect(await runHere(['-e', script, '--mode', 'codegen'])).toEqual({
      stdout: '',
      stderr: '',
      status: 0,
    });
    expect((await runHere(['-e', script, '--mode=compiler-bench'])).stdout).toMatch(
      /^compiled in [\d.]+ ms\n$/,
    );
    expect((await runHere(['-e', script, '--mode', 'format'])).stdout).toContain('print(1);\n');
    expect(await said('-e', script, '--mode', 'other')).toContain('Allowed choices are codegen');
  });
});
