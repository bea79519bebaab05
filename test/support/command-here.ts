/** The command `bpfscript` without a process of its own. */
import { runCommandLine } from '../../compiler/cli/command-line.ts';

/** Nothing is there: this process would be gone with all of its tests. */
const NO_LOADER = { BPFSCRIPT_LOADER: '/no loader in the process of tests' };

/** Commands of `runHere` that have begun: each waits for the one before. */
let earlier: Promise<unknown> = Promise.resolve();

/**
 * Runs it from its sources in this process, as the bundle would: a tenth of the time of a Node of its own. For what a
 * command does, not for how it starts, shares its streams or hands over to the loader: there is none for it. While it
 * waits, servers of the test answer it.
 */
export function runHere(
  args: readonly string[],
  {
    cwd,
    env = {},
  }: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly stdout: string; readonly stderr: string; readonly status: number }> {
  // Folder, environment and output are the process's: one at a time has them.
  const result = earlier.then(async () => {
    const folder = process.cwd();
    const own = { ...env, ...NO_LOADER };
    const before = Object.keys(own).map((name) => [name, process.env[name]] as const);
    const [stdout, stderr] = [take(process.stdout), take(process.stderr)];
    try {
      if (cwd !== undefined) process.chdir(cwd);
      Object.assign(process.env, own);
      const status = await runCommandLine(args);
      return { stdout: stdout.text(), stderr: stderr.text(), status };
    } finally {
      stdout.giveBack();
      stderr.giveBack();
      process.chdir(folder);
      for (const [name, value] of before)
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
    }
  });
  earlier = result.catch(() => undefined);
  return result;
}

/** Keeps what is written to a stream of this process, until it is given back. */
function take(stream: NodeJS.WriteStream): { text(): string; giveBack(): void } {
  const write = stream.write;
  const pieces: Buffer[] = [];
  stream.write = (piece: Uint8Array | string, ...rest: readonly unknown[]) => {
    pieces.push(Buffer.from(piece as string));
    const written = rest.at(-1);
    if (typeof written === 'function') queueMicrotask(() => written());
    return true;
  };
  return {
    text: () => Buffer.concat(pieces).toString('latin1'),
    giveBack: () => {
      stream.write = write;
    },
  };
}
