/** Strings without a size of their own, and scripts that keep nothing on the stack. */
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';
import { run } from '../support/run.ts';
import { output, printed } from '../support/script.ts';

needs('root').describe('strings that grow', () => {
  it('by what is put behind them', async () => {
    expect(await printed('$x = "a"; $x = str_concat($x, "b"); print($x); exit();')).toBe('ab');
  });

  it('in a loop, as far as max_strlen', async () => {
    const script =
      'config = { max_strlen = 16 } BEGIN { $x = "a"; for $i : 0..40 { $x = str_concat($x, "b"); } print($x); print(strlen($x)); exit(); }';
    expect(await output(script)).toBe(`a${'b'.repeat(15)}..\n16\n\n\n`);
  });
});

needs('root').describe('with on_stack_limit = 0', () => {
  const folder = temporaryFolder();
  it('strings of the traced process are read, compared, joined and kept', async () => {
    const file = `${folder}/opened.txt`;
    writeFileSync(file, 'x');
    const { stdout } = await run(
      `config = { on_stack_limit = 0 } tracepoint:syscalls:sys_enter_openat /comm == "cat" && str(args.filename) == "${file}"/ { @[str(args.filename)] = count(); @n = strlen(str(args.filename)); @c = str_concat(comm, "!"); printf("%s\\n", @c); }`,
      { workload: async () => void (await cat(file)) },
    );
    expect(stdout).toContain('cat!\n');
    expect(stdout).toContain(`@[${file}]: 1\n`);
    expect(stdout).toContain(`@n: ${file.length}\n`);
  });
});

async function cat(file: string): Promise<void> {
  const { execFileSync } = await import('node:child_process');
  execFileSync('cat', [file]);
}
