/** How often loops over ranges run: at the most that the kernel does, beyond it, and over all numbers of 64 bits. */
import { describe, expect, it } from 'vitest';
import { MOST_ROUNDS } from '../../linker/contract/limits.ts';
import { diagnose } from '../support/build.ts';
import { errors } from '../support/diagnostics.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

const WARNING = `The range has more than ${MOST_ROUNDS} rounds, which are the most that the kernel does: the loop ends after these.`;

async function rounds(body: string): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const script = `begin { $n = 0; ${body} print($n); exit(); }`;
  const { stdout, stderr } = await run(script, { signal: 'none', flags: ['-q'] });
  return { stdout: stdout.trim(), stderr };
}

needs('root').describe('a loop over a range', () => {
  it.each([
    ['literals', `for $i : 0..${MOST_ROUNDS} { $n++; }`],
    ['a variable', `$e = ${MOST_ROUNDS}; for $i : 0..$e { $n++; }`],
  ])('of %s runs as often as the kernel lets it', async (_, loop) => {
    expect(await rounds(loop)).toMatchObject({ stdout: `${MOST_ROUNDS}`, stderr: '' });
  });

  it.each([
    ['one more', `$e = ${MOST_ROUNDS + 1}; for $i : 0..$e { $n++; }`],
    ['more than 32 bits', '$e = 4294967297; for $i : 0..$e { $n++; }'],
  ])('says that the kernel does fewer where it has %s', async (_, loop) => {
    const { stdout, stderr } = await rounds(loop);
    expect(stdout).toBe(`${MOST_ROUNDS}`);
    expect(stderr).toContain(WARNING);
  });

  it.each([
    ['(uint64)9223372036854775807..(uint64)9223372036854775809', '2', ''],
    ['(uint64)18446744073709551610..(uint64)18446744073709551615', '4', ''],
    ['(uint64)0..(uint64)18446744073709551615', '4', WARNING],
    ['(uint64)0..(uint64)9223372036854775808', '4', WARNING],
    ['(int64)-9223372036854775807..9223372036854775807', '4', WARNING],
    ['9223372036854775807..(int64)-9223372036854775807', '0', ''],
    ['(uint64)5..(uint64)5', '0', ''],
    ['(uint64)6..(uint64)5', '0', ''],
    ['(uint64)18446744073709551615..(uint64)5', '0', ''],
    ['5..-5', '0', ''],
    ['-2..1', '3', ''],
  ])('over %s ends with break', async (range, printed, warning) => {
    const [from, to] = range.split('..');
    const body = `$a = ${from}; $b = ${to}; for $i : $a..$b { if ($n == 4) { break; } $n++; }`;
    const { stdout, stderr } = await rounds(body);
    expect(stdout).toBe(printed);
    if (warning) expect(stderr).toContain(warning);
    else expect(stderr).toBe('');
  });
});

describe('a range of literals', () => {
  it('with too many rounds is an error that says how many', () => {
    const script = `begin { for $i : 2..${MOST_ROUNDS + 3} { } }`;
    expect(errors(script)).toEqual([
      `The range has ${MOST_ROUNDS + 1} rounds; one loop of BPF has at most ${MOST_ROUNDS} @ ${MOST_ROUNDS + 3}`,
    ]);
    expect(diagnose(`begin { for $i : 2..${MOST_ROUNDS + 2} { } }`)).toEqual([]);
  });
});
