import { generateKeyPairSync } from 'node:crypto';
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import type { Command } from 'commander';
import { keyBytes, keyName } from '../../../linker/signature.ts';
import { reasonOf, UserError } from '../errors.ts';
import { formatTime, NOT_AFTER, parseTime } from '../keys.ts';

export function registerKeygen(program: Command): void {
  program
    .command('keygen')
    .summary('make a pair of keys for signing objects')
    .description(
      'Writes a private key (NAME.key, for its owner alone) and a public one (NAME.pub): ed25519, as PEM. Files that are there are left alone.',
    )
    .argument('<name>', 'where to: a path without .key and .pub')
    .option(NOT_AFTER, 'what it signed does not count after this: 2027-12-31, or with T12:00:00Z')
    .action(generate);
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
