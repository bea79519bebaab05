/** Functions of programs that begin with an instruction that the kernel does not probe. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';

const program = join(temporaryFolder(), 'counts');

describe.runIf(process.arch === 'x64')('A function that begins with a locked instruction', () => {
  beforeAll(() => {
    writeFileSync(
      `${program}.c`,
      `#include <unistd.h>
      #define F(name) __attribute__((noinline, noclone, used)) void name(void) { __asm__ volatile(""); }
      F(call_one) F(call_two) F(call_three)
      __attribute__((naked, noinline, used)) void call_locked(int *n) { __asm__("lock incl (%rdi); ret"); }
      int main(void) { char byte; int n = 0; read(0, &byte, 1); call_one(); call_two(); call_three(); call_locked(&n); return n - 1; }
`,
    );
    execFileSync('gcc', ['-O1', '-w', '-fcf-protection=none', '-o', program, `${program}.c`]);
  });

  /** Traces a process that runs already: instructions are looked at where programs are mapped. */
  const trace = async (script: string) => {
    const running = spawn(program, { stdio: ['pipe', 'ignore', 'ignore'] });
    const ended = once(running, 'exit');
    await once(running, 'spawn');
    const result = await run(script, {
      workload: async () => {
        running.stdin.end();
        expect(await ended).toEqual([0, null]);
      },
    });
    running.kill();
    return result;
  };

  needs('root').it('is left out of a pattern, whose others are traced', async () => {
    const { stdout, stderr } = await trace(`uprobe:${program}:call_* { printf("%s\\n", func); }`);
    expect(stdout).toBe('call_one\ncall_two\ncall_three\n\n\n');
    expect(stderr).toContain(`the kernel cannot probe 1 of 4 functions of ${program}`);
    expect(stderr).toContain('Attached 3 probes\n');
  });

  needs('root').it('is left out of a list, where the script says so', async () => {
    const script = (policy: string) =>
      `config = { unstable_probe_lists = enable; missing_probes = ${policy} }
      for $f : ("one", "two", "locked", "three") { uprobe:${program}:call_$f { printf("%s\\n", func); } }`;
    const { stdout, stderr } = await trace(script('warn'));
    const reason = `Cannot attach uprobe:${program}:call_locked: the kernel does not probe the instruction there.`;
    expect(stdout).toBe('call_one\ncall_two\ncall_three\n\n\n');
    expect(stderr).toContain(reason);
    expect(stderr).toContain('Attached 3 probes\n');
    const refused = await trace(script('error'));
    expect(refused.stderr).toContain(`ERROR: ${reason}`);
    expect(refused.status).toBe(1);
  });
});
