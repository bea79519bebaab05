/** Recordings of `bpfload record`. The loader alone reads them: what they hold is what it prints of them. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { reasonOf, UserError } from './errors.ts';
import { LARGEST_INPUT, readInput, readWhole } from './input.ts';
import { loaderPath } from './loader.ts';
import { say } from './say.ts';
import { EXIT, type ReportStatus } from './status.ts';

/** How a recording begins. */
const MAGIC = 'bpfrec\r\n';

interface Reading {
  readonly form: 'json' | 'json2';
  /** Folders, with `:` between them, from whose files the loader names what has no name yet. */
  readonly debuginfo?: string | undefined;
  /** Takes the status of what is damaged, and yet read as far as it goes. */
  readonly report: ReportStatus;
}

/**
 * The bytes of a file (`-`: of standard input), or what the loader prints of it in a form where it is a recording. One
 * that is damaged or has no end is told, and taken as far as it goes. Throws UserErrors.
 */
export function readOutput(input: string, reading: Reading): Uint8Array {
  if (input !== '-' && isRecording(input)) return reported(input, reading);
  if (input !== '-') return named(input, reading) ?? readInput(input);
  const bytes = standardInput();
  return Buffer.from(bytes.subarray(0, MAGIC.length)).toString('latin1') === MAGIC
    ? reported('-', reading, bytes)
    : (named('-', reading, bytes) ?? bytes);
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

function reported(path: string, reading: Reading, input?: Uint8Array): Uint8Array {
  const words = ['report', path, '-q', '-f', reading.form, ...flagsOf(reading)];
  return printed(path, words, reading, input);
}

/** A text with names; undefined: nobody wants any. */
function named(path: string, reading: Reading, input?: Uint8Array): Uint8Array | undefined {
  if (reading.debuginfo === undefined) return undefined;
  return printed(path, ['symbolize', path, ...flagsOf(reading)], reading, input);
}

function flagsOf({ debuginfo }: Reading): readonly string[] {
  return debuginfo === undefined ? [] : ['--debuginfo', debuginfo];
}

/** What the loader prints of a file, or of an input; as far as it came, with a warning, where it failed behind that. */
function printed(
  path: string,
  words: readonly string[],
  { report }: Reading,
  input: Uint8Array = new Uint8Array(),
): Uint8Array {
  const result = spawnSync(loaderPath(), words, {
    input,
    maxBuffer: LARGEST_INPUT,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said = result.stderr?.toString('utf8').trim() ?? '';
  if (result.error && 'code' in result.error && result.error.code === 'ENOBUFS')
    throw new UserError(`${path}: what is read of it has more than ${LARGEST_INPUT >> 20} MiB`);
  if (result.error) throw new UserError(`cannot start the loader: ${reasonOf(result.error)}`);
  if (result.status === 0 || result.stdout.length > 0) {
    if (result.status !== 0) {
      say('WARNING', said.replace(/^ERROR: /, ''));
      report(result.status ?? EXIT.script);
    }
    return result.stdout;
  }
  throw new UserError(said.replace(/^ERROR: /, ''));
}
