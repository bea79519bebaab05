/** Becoming the loader, for an object or by itself. */
import { accessSync, constants } from 'node:fs';
import { becomeProgram, heldFile } from '../llvm/backend.ts';
import { nativeFile } from '../paths.ts';
import { reasonOf, UserError } from './errors.ts';
import { MODES } from './modes.ts';
import { allWritten } from './streams.ts';

/** The loader of this machine's architecture. */
export function loaderPath(): string {
  return process.env.BPFSCRIPT_LOADER ?? nativeFile('bpfload');
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
    await allWritten();
    return becomeProgram(loader, [name, ...words], MODES);
  } catch (error) {
    throw new UserError(`cannot start the loader ${loader}: ${reasonOf(error)}`);
  }
}
