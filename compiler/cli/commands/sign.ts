import type { Command } from 'commander';
import { detachedSignature, signObject } from '../../../linker/signature.ts';
import { noObject, readInput } from '../input.ts';
import { NOT_AFTER, parseTime, readPrivateKey } from '../keys.ts';
import { writeWhole } from '../output.ts';

export function registerSign(program: Command): void {
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
