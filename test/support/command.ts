/** The command `bpfscript`, as `npm run build` makes it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** One with faults in it (test/mutants) is built elsewhere. */
export const COMMAND =
  process.env.BPFSCRIPT_COMMAND ?? join(import.meta.dirname, '../../dist/bpfscript.js');

/** Runs it to its end. */
export function bpfscript(
  args: readonly string[],
  options: {
    readonly input?: string;
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string | undefined>>;
  } = {},
): {
  stdout: string;
  stderr: string;
  status: number | null;
} {
  const result = spawnSync(process.execPath, [COMMAND, ...args], {
    encoding: 'latin1',
    maxBuffer: 64 << 20,
    ...(options.input !== undefined ? { input: options.input } : {}),
    ...(options.cwd !== undefined ? { cwd: options.cwd } : {}),
    ...(options.env !== undefined ? { env: options.env } : {}),
  });
  return { stdout: result.stdout, stderr: result.stderr, status: result.status };
}
