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

  const HISTOGRAMS =
    'begin { @l = lhist(25, $1, $2, $3); @h = hist(77, $4); @k[1] = lhist(25, $1, $2, $3); @b[1] = hist(77, $4); exit(); }';

  it('are the bounds of histograms, with and without keys', async () => {
    const rows = async (...parameters: string[]) =>
      (await load(HISTOGRAMS, ...parameters)).stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.replace(/ +1 \|@+\|$/, ': 1'));
    expect(await rows('0', '100', '10', '3')).toEqual([
      ...['@b[1]:', '[72, 80): 1', '@h:', '[72, 80): 1'],
      ...['@k[1]:', '[20, 30): 1', '@l:', '[20, 30): 1'],
    ]);
    expect(await rows('-100', '1000', '100', '0')).toEqual([
      ...['@b[1]:', '[64, 128): 1', '@h:', '[64, 128): 1'],
      ...['@k[1]:', '[0, 100): 1', '@l:', '[0, 100): 1'],
    ]);
    // Beyond the last bound, and the most buckets that there are.
    expect(await rows('0', '20', '20', '5')).toEqual([
      ...['@b[1]:', '[76, 78): 1', '@h:', '[76, 78): 1'],
      ...['@k[1]:', '[20, ...): 1', '@l:', '[20, ...): 1'],
    ]);
    expect(await rows('-900', '1100', '2', '5')).toContain('[24, 26): 1');
  });

  it('are refused as bounds that do not fit each other, or are too many', async () => {
    const refusal = async (...parameters: string[]) => {
      const { stderr, status } = await load(HISTOGRAMS, ...parameters);
      expect(status).toBe(2);
      return stderr.split('\n')[0];
    };
    expect(await refusal('0', '100', '0', '3')).toBe(
      'stdin:1:32: ERROR: lhist() step must be >= 1 ($3 is 0)',
    );
    expect(await refusal('10', '5', '1', '3')).toBe(
      'stdin:1:24: ERROR: lhist() min must be less than max (provided min 10 and max 5)',
    );
    expect(await refusal('0', '1001', '1', '3')).toBe(
      'stdin:1:24: ERROR: lhist() too many buckets, must be <= 1000 (would need 1001)',
    );
    expect(await refusal('0', '100', '10', '6')).toBe(
      'stdin:1:51: ERROR: hist() bits must be between 0 and 5 ($4 is 6)',
    );
    expect(await refusal('0', '100')).toBe(
      'stdin:1:32: ERROR: lhist() step must be >= 1 ($3 is not given)',
    );
  });

  it('are the depth of stacks, and of the map that keeps them', async () => {
    const script =
      'tracepoint:syscalls:sys_exit_* /pid == cpid/ { @[kstack(raw, $1), ustack(raw, $2)] = count(); } tracepoint:syscalls:sys_exit_* /pid == cpid/ { @n = ustack(build_id, $1); }';
    const depths = async (...parameters: string[]) => {
      const { stdout } = await run(script, {
        ...{ parameters, flags: ['-q', '-c', '/bin/true'], signal: 'none' },
      });
      const keys = [...stdout.matchAll(/@\[\n((?:[0-9a-f]+\n)*), \n((?:\t?[0-9a-f]+\n)*)\]/g)];
      expect(keys.length).toBeGreaterThan(3);
      const most = (part: 1 | 2) =>
        Math.max(...keys.map((key) => (key[part] ?? '').split('\n').length - 1));
      return [most(1), most(2)];
    };
    expect(await depths('1', '2')).toEqual([1, 2]);
    expect(await depths('2', '1')).toEqual([2, 1]);
    expect((await depths('1024', '1024')).every((depth) => depth > 2)).toBe(true);
    expect((await load(script, '1025', '1')).stderr).toContain(
      'ERROR: kstack() expects an integer from 1 to 1024 as limit ($1 is 1025)\n',
    );
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
      expect(built('begin { @ = tseries(1, 1s, $1); }')).toContain('`bpfscript run`, which does');
      expect(built('$1 { exit(); }')).toContain(
        'ERROR: the provider cannot be a positional parameter in an object',
      );
    });
  },
);
