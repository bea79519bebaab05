import type { KeyObject } from 'node:crypto';
import { arch } from 'node:os';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { inspectObject } from '../../../linker/inspect.ts';
import { chooseEntry, readManifest } from '../../registry/artifact.ts';
import { attached } from '../../registry/attachments.ts';
import { type Client, digestOf, RegistryError } from '../../registry/client.ts';
import { isSignedBy } from '../../registry/cosign.ts';
import type { Reference } from '../../registry/reference.ts';
import { SBOM_TYPE } from '../../sbom/sbom.ts';
import { reasonOf, UserError } from '../errors.ts';
import { noObject } from '../input.ts';
import { formatTime, OF_COSIGN, readPublicKey } from '../keys.ts';
import { writeTo } from '../output.ts';
import { connect, PLAIN, type RegistryOptions, referenceOf, talking } from '../registry.ts';
import { EXIT } from '../status.ts';

interface PullOptions extends RegistryOptions {
  readonly output?: string;
  readonly arch?: string;
  readonly sbom?: string;
  readonly cosignKey?: string;
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
    .option('--sbom <file>', 'write what the object was made of there, too')
    .option('--cosign-key <file>', 'pull only what is signed with this public key, as by cosign')
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
      if (options.output === '-' && options.sbom === '-')
        throw new UserError('--sbom and -o both name standard output', { status: EXIT.usage });
      const key = options.cosignKey === undefined ? undefined : cosignKey(options.cosignKey);
      const { digest, object, sbom } = await talking(() =>
        pull(connect(reference, options), reference, {
          machine: options.arch ?? machine(),
          key,
          withSbom: options.sbom !== undefined,
        }),
      );
      try {
        inspectObject(object);
      } catch (error) {
        throw noObject(text, error);
      }
      const output = options.output ?? `${basename(reference.name)}.o`;
      if (options.sbom !== undefined && sbom) writeTo(options.sbom, sbom);
      writeTo(output, object);
      const said = `${reference.registry}/${reference.name}@${digest}\n`;
      (output === '-' ? process.stderr : process.stdout).write(said);
    });
}

interface Wanted {
  readonly machine: string;
  readonly key: KeyObject | undefined;
  readonly withSbom: boolean;
}

interface Pulled {
  readonly digest: string;
  readonly object: Uint8Array;
  readonly sbom: Uint8Array | undefined;
}

async function pull(
  client: Client,
  { name, tag, digest: pinned }: Reference,
  wanted: Wanted,
): Promise<Pulled> {
  const bytes = await client.getManifest(pinned ?? tag ?? 'latest');
  const digest = digestOf(bytes);
  if (wanted.key && !(await isSignedBy(client, digest, wanted.key)))
    throw new RegistryError('wrong', `${name}@${digest} is not signed with that key`);
  let manifest = understood(name, bytes);
  let own = digest;
  if ('entries' in manifest) {
    const entry = chooseEntry(manifest.entries, wanted.machine);
    if (!entry) throw new RegistryError('missing', `${name} has no object for ${wanted.machine}`);
    own = entry.digest;
    manifest = understood(name, await client.getManifest(own));
  }
  if ('entries' in manifest) throw new RegistryError('wrong', `${name} is an index of indexes`);
  const object = await client.getBlob(manifest.layer);
  const sbom = wanted.withSbom ? await attached(client, own, SBOM_TYPE) : undefined;
  if (wanted.withSbom && !sbom)
    throw new RegistryError('missing', `there is no bill of materials of ${name}@${own}`);
  return { digest, object, sbom };
}

function cosignKey(file: string): KeyObject {
  const { key, notAfter } = readPublicKey(file, OF_COSIGN);
  if (notAfter === undefined || notAfter >= Date.now() / 1000) return key;
  throw new UserError(`${file} does not count after ${formatTime(notAfter)}`, {
    status: EXIT.object,
  });
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
