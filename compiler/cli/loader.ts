/** Running the loader, on an object or by itself. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../paths.ts';
import { UserError } from './errors.ts';

/** Runs the loader with flags, an object and a script's parameters, and gives its exit status. */
export async function runObject(
  object: Uint8Array,
  flags: readonly string[],
  parameters: readonly string[],
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'bpfscript-'));
  try {
    const path = join(folder, 'script.o');
    writeFileSync(path, object);
    return await runLoader([...flags, path, '--', ...parameters]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The loader's exit status; signals reach it. */
export async function runLoader(words: readonly string[]): Promise<number> {
  const loader = process.env.BPFSCRIPT_LOADER ?? join(packageRoot(), 'loader/build/bpfload');
  const child = spawn(loader, words, { stdio: 'inherit' });
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  // A terminal's ^C reaches the loader by itself (same process group); the rest is passed on.
  const ignore = (): void => undefined;
  process.on('SIGINT', process.stdin.isTTY ? ignore : forward);
  process.on('SIGTERM', forward);
  process.on('SIGHUP', forward);
  process.on('SIGUSR1', forward);
  return await new Promise<number>((resolve, reject) => {
    child.on('error', (error) =>
      reject(
        new UserError(`cannot start the loader ${loader}: ${error.message}`, {
          hint: '`npm run build` builds it',
        }),
      ),
    );
    child.on('exit', (code, signal) =>
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)),
    );
  });
}
