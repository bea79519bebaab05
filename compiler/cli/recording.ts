/** Recordings of `bpfload record`. The loader alone reads them: what they hold is what it prints of them. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { reasonOf, UserError } from './errors.ts';
import { LARGEST_INPUT, readInput, readWhole } from './input.ts';
import { loaderPath } from './loader.ts';

/** How a recording begins. */
const MAGIC = 'bpfrec\r\n';

interface Reading {
  readonly form: 'json' | 'json2';
  /** Folders, with `:` between them, from whose files the loader names what a recording has no name for. */
  readonly debuginfo?: string | undefined;
}

/**
 * The bytes of a file (`-`: of standard input), or what the loader prints of it in a form where it is a recording. One
 * without its end is told, and taken as far as it goes. Throws UserErrors.
 */
export function readOutput(input: string, reading: Reading): Uint8Array {
  if (input !== '-') return isRecording(input) ? reported(input, reading) : readInput(input);
  const bytes = standardInput();
  return Buffer.from(bytes.subarray(0, MAGIC.length)).toString('latin1') === MAGIC
    ? reported('-', reading, bytes)
    : bytes;
}

function standardInput(): Uint8Array {
  try {
    return readWhole(0);
  } catch (error) {
    throw new UserError(`cannot read standard input: ${reasonOf(error)}`);
  }
}

/** What cannot be read is told by who reads it. */
function isRecording(path: string): boolean {
  const start = Buffer.alloc(MAGIC.length);
  try {
    const descriptor = openSync(path, 'r');
    try {
      return readSync(descriptor, start) === start.length && start.toString('latin1') === MAGIC;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}

function reported(path: string, { form, debuginfo }: Reading, input?: Uint8Array): Uint8Array {
  const names = debuginfo === undefined ? [] : ['--debuginfo', debuginfo];
  const result = spawnSync(loaderPath(), ['report', path, '-q', '-f', form, ...names], {
    input: input ?? new Uint8Array(),
    maxBuffer: LARGEST_INPUT,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said = result.stderr?.toString('utf8').trim() ?? '';
  if (result.error && 'code' in result.error && result.error.code === 'ENOBUFS')
    throw new UserError(`${path}: as ${form} it has more than ${LARGEST_INPUT >> 20} MiB`);
  if (result.error) throw new UserError(`cannot start the loader: ${reasonOf(result.error)}`);
  if (result.status === 0 || result.stdout.length > 0) {
    if (result.status !== 0) process.stderr.write(`${said.replace(/^ERROR:/m, 'WARNING:')}\n`);
    return result.stdout;
  }
  throw new UserError(said.replace(/^ERROR: /, ''));
}
