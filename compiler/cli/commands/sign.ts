import { generateKeyPairSync } from 'node:crypto';
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import type { Command } from 'commander';
import {
  detachedSignature,
  keyBytes,
  keyName,
  readSignature,
  type Signature,
  signObject,
} from '../../../linker/signature.ts';
import { reasonOf, UserError } from '../errors.ts';
import { noObject, readInput } from '../input.ts';
import { formatTime, type PublicKey, parseTime, readPrivateKey, readPublicKey } from '../keys.ts';
import { writeWhole } from '../output.ts';
import { EXIT } from '../status.ts';

const NOT_AFTER = '--not-after <time>';

export function registerSigning(program: Command): void {
  program
    .command('keygen')
    .summary('make a pair of keys for signing objects')
    .description(
      'Writes a private key (NAME.key, for its owner alone) and a public one (NAME.pub): ed25519, as PEM. Files that are there are left alone.',
    )
    .argument('<name>', 'where to: a path without .key and .pub')
    .option(NOT_AFTER, 'what it signed does not count after this: 2027-12-31, or with T12:00:00Z')
    .action(generate);
  program
    .command('sign')
    .summary('sign an object')
    .description(
      'Signs an object with ed25519, in a section of its own, in place of a signature that it had.',
    )
    .argument('<object>', 'an object that `bpfscript build` wrote')
    .requiredOption('--key <file>', 'the private key')
    .option('--detached', 'leave the object as it is and write OBJECT.sig')
    .option(NOT_AFTER, 'the signature does not count after this: 2027-12-31, or with T12:00:00Z')
    .option('-o, --output <file>', 'write there, and leave the object as it is')
    .addHelpText(
      'after',
      `
Examples:
  bpfscript keygen release
  bpfscript sign tool.o --key release.key
  bpfload --verify release.pub tool.o`,
    )
    .action(signFile);
  program
    .command('verify')
    .summary('check the signature of an object')
    .description(
      'Checks that an object is signed with a key, and not changed since. A signature in OBJECT.sig counts where the object has none.',
    )
    .argument('<object>', 'a signed object')
    .requiredOption('--key <file>', 'the public key')
    .option('--signature <file>', 'the signature in this file')
    .action(verifyFile);
}

/** Not over a key that is there: what it signed would be nobody's. */
function writeNew(path: string, text: string, mode: number): void {
  try {
    const file = openSync(path, 'wx', mode);
    try {
      writeSync(file, text);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new UserError(
      `cannot write ${path}: ${exists ? 'it is there already' : reasonOf(error)}`,
    );
  }
}

function generate(name: string, { notAfter }: { readonly notAfter?: string }): void {
  const until = notAfter === undefined ? undefined : parseTime(notAfter, '--not-after');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const heading = until === undefined ? '' : `not-after: ${formatTime(until)}\n`;
  writeNew(`${name}.key`, privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), 0o600);
  try {
    const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    writeNew(`${name}.pub`, `${heading}${pem}`, 0o644);
  } catch (error) {
    unlinkSync(`${name}.key`);
    throw error;
  }
  process.stdout.write(`${name}.key, ${name}.pub: key ${keyName(keyBytes(publicKey))}\n`);
}

interface SignOptions {
  readonly key: string;
  readonly detached?: boolean;
  readonly notAfter?: string;
  readonly output?: string;
}

function signFile(file: string, options: SignOptions): void {
  const key = readPrivateKey(options.key);
  const until =
    options.notAfter === undefined ? undefined : parseTime(options.notAfter, '--not-after');
  const object = readInput(file);
  let signed: Uint8Array;
  try {
    signed = options.detached
      ? detachedSignature(object, key, until)
      : signObject(object, key, until);
  } catch (error) {
    throw noObject(file, error);
  }
  writeWhole(options.output ?? (options.detached ? `${file}.sig` : file), signed);
}

function verifyFile(
  file: string,
  options: { readonly key: string; readonly signature?: string },
): void {
  const known = readPublicKey(options.key);
  const found = find(file, readInput(file), options.signature);
  const fault = faultOf(found, known);
  if (!found || fault !== undefined)
    throw new UserError(`${file}: ${fault}`, { status: EXIT.object });
  const until = found.notAfter === undefined ? '' : `, until ${formatTime(found.notAfter)}`;
  process.stdout.write(`${file}: signed with key ${found.key}${until}\n`);
}

/** Why a signature does not count; the loader says the same. */
function faultOf(found: Signature | undefined, known: PublicKey): string | undefined {
  const now = Date.now() / 1000;
  const raw = keyBytes(known.key);
  if (!found) return 'it is not signed';
  if (!Buffer.from(found.publicKey).equals(raw))
    return `it is signed with key ${found.key}, and not with ${keyName(raw)}`;
  if (!found.valid) return 'its signature does not belong to its bytes';
  if (known.notAfter !== undefined && known.notAfter < now)
    return `key ${found.key} does not count after ${formatTime(known.notAfter)}`;
  if (found.notAfter !== undefined && found.notAfter < now)
    return `its signature does not count after ${formatTime(found.notAfter)}`;
  return undefined;
}

function find(file: string, object: Uint8Array, beside: string | undefined): Signature | undefined {
  try {
    const own = beside === undefined ? readSignature(object) : undefined;
    if (own) return own;
    const detached = readBeside(beside ?? `${file}.sig`, beside !== undefined);
    return detached && readSignature(object, detached);
  } catch (error) {
    throw error instanceof UserError ? error : noObject(file, error);
  }
}

function readBeside(path: string, isWanted: boolean): Uint8Array | undefined {
  try {
    return readInput(path);
  } catch (error) {
    if (isWanted) throw error;
    return undefined;
  }
}
