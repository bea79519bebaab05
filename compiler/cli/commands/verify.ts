import type { Command } from 'commander';
import { keyBytes, keyName, readSignature, type Signature } from '../../../linker/signature.ts';
import { UserError } from '../errors.ts';
import { noObject, readInput } from '../input.ts';
import { formatTime, type PublicKey, readPublicKey } from '../keys.ts';
import { EXIT } from '../status.ts';

export function registerVerify(program: Command): void {
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
