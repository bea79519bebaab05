/** Scripts so large that LLVM takes them in parts. */
import { describe, expect, it } from 'vitest';
import { codeOf } from '../../compiler/builtins/builtins.ts';
import { lower } from '../../compiler/lowering/lower.ts';
import { Diagnostics } from '../../compiler/source/diagnostics.ts';
import { compileText, kernelDescription } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

const PROBES = 6;
const STATEMENTS = 100;

/** All probes call one function, go through one loop's callback each, and have maps and variables in common. */
const SCRIPT = `fn twice($a : int64) : int64 { return $a + $a; }
${Array.from({ length: PROBES }, (_, probe) => {
  const statements = Array.from({ length: STATEMENTS }, (_, index) => {
    return `@all[${index}] = sum(twice(${probe * 1000 + index}));`;
  });
  return `begin { @n++; for ($i : 0..${probe + 3}) { @rounds += $i; } ${statements.join(' ')} }`;
}).join('\n')}
end { printf("%d probes, %d in rounds\\n", @n, @rounds); }`;

describe('a script of several parts', () => {
  it('is divided', () => {
    const { typed, sources } = compileText(SCRIPT);
    if (!typed) throw new Error('the script does not compile');
    const kernel = kernelDescription();
    const { module } = lower(typed, {
      ...{ builtins: codeOf, sources, kernel },
      diagnostics: new Diagnostics(),
    });
    expect(module.shared().parts.length).toBeGreaterThan(2);
  });

  needs('root').it('does what it says', async () => {
    const { status, stdout, stderr } = await run(SCRIPT, { signal: 'none' });
    expect(status, stderr).toBe(0);
    const probes = Array.from({ length: PROBES }, (_, probe) => probe);
    const below = (count: number) => (count * (count - 1)) / 2;
    const rounds = probes.reduce((sum, probe) => sum + below(probe + 3), 0);
    expect(stdout).toContain(`${PROBES} probes, ${rounds} in rounds\n`);
    const sums = new Map(
      [...stdout.matchAll(/^@all\[(\d+)\]: (\d+)$/gm)].map(([, key, sum]) => [
        Number(key),
        Number(sum),
      ]),
    );
    expect(sums).toEqual(
      new Map(
        Array.from({ length: STATEMENTS }, (_, index) => [
          index,
          2 * probes.reduce((sum, probe) => sum + probe * 1000 + index, 0),
        ]),
      ),
    );
  });
});
