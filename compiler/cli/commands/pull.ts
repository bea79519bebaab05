import { arch } from 'node:os';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { inspectObject } from '../../../linker/inspect.ts';
import { chooseEntry, readManifest } from '../../registry/artifact.ts';
import { type Client, digestOf, RegistryError } from '../../registry/client.ts';
import type { Reference } from '../../registry/reference.ts';
import { reasonOf } from '../errors.ts';
import { noObject } from '../input.ts';
import { writeTo } from '../output.ts';
import { connect, PLAIN, type RegistryOptions, referenceOf, talking } from '../registry.ts';

interface PullOptions extends RegistryOptions {
  readonly output?: string;
  readonly arch?: string;
}

export function registerPull(program: Command): void {
  program
    .command('pull')
    .summary('get an object from a registry')
    .description(
      'Gets an object that `bpfscript push` put into a registry, holds it against its digests, writes it, and prints its name ' +
        'with its digest. Whom it is signed by, `bpfscript verify` and `bpfload --verify` say.',
    )
    .argument('<reference>', 'REGISTRY/NAME:TAG or REGISTRY/NAME@sha256:...')
    .option('-o, --output <file>', 'write it there (- is standard output) instead of to NAME.o')
    .option('--arch <machine>', 'of several: x86_64 or aarch64; without it, that of this machine')
    .option(...PLAIN)
    .addHelpText(
      'after',
      `
Examples:
  bpfscript pull registry.example/tools/tool:1.0 -o tool.o
  bpfscript verify tool.o --key release.pub`,
    )
    .action(async (text: string, options: PullOptions) => {
      const reference = referenceOf(text);
      const { digest, object } = await talking(() =>
        pull(connect(reference, options), reference, options.arch ?? machine()),
      );
      try {
        inspectObject(object);
      } catch (error) {
        throw noObject(text, error);
      }
      const output = options.output ?? `${basename(reference.name)}.o`;
      writeTo(output, object);
      const said = `${reference.registry}/${reference.name}@${digest}\n`;
      (output === '-' ? process.stderr : process.stdout).write(said);
    });
}

async function pull(
  client: Client,
  { name, tag, digest }: Reference,
  machineName: string,
): Promise<{ readonly digest: string; readonly object: Uint8Array }> {
  const bytes = await client.getManifest(digest ?? tag ?? 'latest');
  let manifest = understood(name, bytes);
  if ('entries' in manifest) {
    const entry = chooseEntry(manifest.entries, machineName);
    if (!entry) throw new RegistryError('missing', `${name} has no object for ${machineName}`);
    manifest = understood(name, await client.getManifest(entry.digest));
  }
  if ('entries' in manifest) throw new RegistryError('wrong', `${name} is an index of indexes`);
  return { digest: digestOf(bytes), object: await client.getBlob(manifest.layer) };
}

function understood(name: string, bytes: Uint8Array): ReturnType<typeof readManifest> {
  try {
    return readManifest(bytes);
  } catch (error) {
    throw new RegistryError('wrong', `${name}: ${reasonOf(error)}`);
  }
}

function machine(): string {
  return arch() === 'arm64' ? 'aarch64' : 'x86_64';
}
