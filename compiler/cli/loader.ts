/** Becoming the loader, for an object or by itself. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { becomeProgram, heldFile } from '../llvm/backend.ts';
import { nativeFile } from '../paths.ts';
import { reasonOf, UserError } from './errors.ts';

/** What they were when the command began: Node makes pipes, which others share, return at once when they are full. */
const MODES = [0, 1, 2].map(statusFlags);

/** The loader of this machine's architecture. */
export function loaderPath(): string {
  return process.env.BPFSCRIPT_LOADER ?? nativeFile('bpfload');
}

/** Octal, as /proc/PID/fdinfo gives them; -1 for what is closed. */
function statusFlags(descriptor: number): number {
  try {
    const text = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1');
    return Number.parseInt(/^flags:\s*([0-7]+)/m.exec(text)?.[1] ?? '-1', 8);
  } catch {
    return -1;
  }
}

/** Becomes the loader, with flags, an object and a script's parameters. */
export function becomeLoaderOf(
  object: Uint8Array,
  flags: readonly string[],
  parameters: readonly string[],
): Promise<never> {
  return becomeLoader([...flags, heldFile(object, 'script.o'), '--', ...parameters]);
}

/**
 * Becomes the loader, so that signals, the terminal and whoever waits for this process meet it alone, and the memory of
 * the compiler is free. What was written before has to be out by then. `name` is the command that was typed: the loader's
 * messages have it.
 */
export async function becomeLoader(
  words: readonly string[],
  name: 'bpfscript' | 'bpfload' = 'bpfscript',
): Promise<never> {
  const loader = loaderPath();
  try {
    accessSync(loader, constants.X_OK);
    await Promise.all([written(process.stdout), written(process.stderr)]);
    return becomeProgram(loader, [name, ...words], MODES);
  } catch (error) {
    throw new UserError(`cannot start the loader ${loader}: ${reasonOf(error)}`);
  }
}

/** When all that a stream was given has left this process. */
function written(stream: NodeJS.WriteStream): Promise<unknown> {
  return new Promise((done) => stream.write('', done));
}
