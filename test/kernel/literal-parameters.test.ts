/** Positional parameters where a literal stands: what the loader decides, and what `bpfscript run` compiles in. */
import { expect, it } from 'vitest';
import { bpfscript } from '../support/command.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

const PRINTS =
  'begin { @[1] = 5; @[2] = 7; @[3] = 9; print(@, $1); print(@, $1, $2); clear(@); exit(); }';

needs('root').describe('parameters that the loader takes for literals', () => {
  const load = (script: string, ...parameters: string[]) =>
    run(script, { parameters, flags: ['-q'], signal: 'none' });

  it('limit and divide what print() shows', async () => {
    const { stdout, status } = await load(PRINTS, '2', '2');
    expect(stdout.trim().split('\n')).toEqual(['@[2]: 7', '@[3]: 9', '@[2]: 3', '@[3]: 4']);
    expect(status).toBe(0);
  });

  it('are refused at load where the literal would be, with the place', async () => {
    const at = PRINTS.indexOf('$2');
    const { stderr, stdout, status } = await load(PRINTS, '2', '-1');
    expect(stderr).toBe(
      `stdin:1:${at + 1}: ERROR: print() expects an integer from 0 to 4294967295 as div ($2 is -1)\n${PRINTS}\n${' '.repeat(at)}~~\n`,
    );
    expect([stdout, status]).toEqual(['', 2]);
  });

  it('say how much of strings strncmp() compares', async () => {
    const script = 'begin { printf("%d\\n", strncmp(str($2), "abcdef", $1)); exit(); }';
    expect((await load(script, '3', 'abcxyz')).stdout.trim()).toBe('0');
    expect((await load(script, '4', 'abcxyz')).stdout.trim()).toBe('1');
    expect((await load(script, '4000', 'abcdef')).stdout.trim()).toBe('0');
    expect((await load(script, '0', 'x')).stdout.trim()).toBe('0');
  });

  it('name the symbol of kaddr()', async () => {
    const script = 'begin { printf("%d\\n", kaddr(str($1)) == kaddr("vfs_read")); exit(); }';
    expect((await load(script, 'vfs_read')).stdout.trim()).toBe('1');
    expect((await load(script, 'vfs_write')).stdout.trim()).toBe('0');
    expect((await load(script, 'no_such_symbol')).stderr).toBe(
      'stdin:1: ERROR: Failed to resolve kernel symbol: no_such_symbol\n',
    );
    expect(await load(script)).toMatchObject({
      stderr: expect.stringContaining(
        'stdin:1: ERROR: kaddr() expects a symbol of the kernel ($1 is not given)\n',
      ),
      status: 2,
    });
  });
});

needs('root').describe(
  'parameters that bpfscript compiles in, because it runs the script at once',
  () => {
    const command = (script: string, ...parameters: string[]) =>
      bpfscript(['-q', '-e', script, '--', ...parameters]);

    it('are the bounds of histograms', () => {
      const script =
        'begin { @l = lhist(25, $1, $1 + 4 * $2, $2); @h = hist(77, $3); print(@l); print(@h); clear(@l); clear(@h); exit(); }';
      expect(command(script, '0', '10', '3').stdout).toMatch(/\[20, 30\) +1(?:.|\n)*\[72, 80\) +1/);
      // Another time with other ones: what was compiled before is not taken.
      expect(command(script, '-5', '10', '0').stdout).toMatch(
        /\[25, 35\) +1(?:.|\n)*\[64, 128\) +1/,
      );
      expect(command(script, '0', '10', '9')).toMatchObject({
        stderr: expect.stringContaining('hist() bits must be between 0 and 5 (9 provided)'),
        status: 1,
      });
      expect(command(script, '0', 'x', '3').stderr).toContain(
        'Positional parameter $2 is used as a number, but "x" is none.',
      );
    });

    it('are the depth of stacks', () => {
      const script =
        'tracepoint:syscalls:sys_exit_* /pid == cpid/ { print((1, kstack(raw, $1))); exit(); }';
      const frames = (depth: string) =>
        bpfscript(['-q', '-c', '/bin/true', '-e', script, '--', depth]).stdout.match(/ffffffff/g);
      expect(frames('1')).toHaveLength(1);
      expect(frames('2')).toHaveLength(2);
    });

    it('are a whole attach point', () => {
      const script = '$1 { printf("%s\\n", probe); exit(); }';
      expect(command(script, 'interval:ms:10').stdout.trim()).toBe('interval:ms:10');
      expect(
        command('$1:$2:$3 { printf("%s\\n", probe); exit(); }', 'interval', 'ms', '10'),
      ).toEqual({ stdout: 'interval:ms:10\n\n\n', stderr: '', status: 0 });
      expect(command(script).stderr).toContain(
        'stdin:1:1-3: ERROR: Positional parameter $1 is empty or not provided',
      );
      expect(command(script, 'nothing:such').stderr).toContain("Invalid provider: 'nothing'");
    });

    it('have to be written in an object that stays', () => {
      const built = (script: string) =>
        bpfscript(['build', '-e', script, '-o', '/dev/null/x.o']).stderr;
      expect(built('begin { @ = lhist(1, 0, 10, $1); }')).toContain('`bpfscript run`, which does');
      expect(built('$1 { exit(); }')).toContain(
        'ERROR: the provider cannot be a positional parameter in an object',
      );
    });
  },
);
