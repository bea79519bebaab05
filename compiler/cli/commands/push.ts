import { arch } from 'node:os';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { inspectObject } from '../../../linker/inspect.ts';
import {
  chooseEntry,
  describe,
  EMPTY,
  type Entry,
  INDEX_TYPE,
  indexOf,
  MANIFEST_TYPE,
  manifestOf,
  platformOf,
  readManifest,
} from '../../registry/artifact.ts';
import { type Client, createClient, digestOf, RegistryError } from '../../registry/client.ts';
import { credentialsFor } from '../../registry/credentials.ts';
import { parseReference, type Reference } from '../../registry/reference.ts';
import { reasonOf, UserError } from '../errors.ts';
import { noObject, readInput } from '../input.ts';
import { writeTo } from '../output.ts';
import { EXIT } from '../status.ts';

interface PushOptions {
  readonly plainHttp?: boolean;
}

interface PullOptions extends PushOptions {
  readonly output?: string;
  readonly arch?: string;
}

const PLAIN = ['--plain-http', 'without TLS, also where the registry is another machine'] as const;

export function registerPush(program: Command): void {
  program
    .command('push')
    .summary('put an object into a registry')
    .description(
      'Puts an object into a registry of OCI artifacts, and prints its name with the digest that it has there. Several objects, ' +
        'of different architectures, become one artifact. Credentials are those of docker and podman.',
    )
    .argument('<object...>', 'objects that `bpfscript build` wrote, and then REGISTRY/NAME:TAG')
    .option(...PLAIN)
    .addHelpText(
      'after',
      `
Examples:
  bpfscript push tool.o registry.example/tools/tool:1.0
  bpfscript push tool-x86_64.o tool-arm64.o registry.example/tools/tool:1.0`,
    )
    .action(async (words: readonly string[], options: PushOptions) => {
      const files = words.slice(0, -1);
      const { tag, ...reference } = referenceOf(words.at(-1) ?? '');
      if (files.length === 0 || tag === undefined || reference.digest !== undefined)
        throw new UserError('push takes objects and REGISTRY/NAME:TAG', { status: EXIT.usage });
      const objects = files.map(readObject);
      const digest = await talking(() =>
        push(connect({ ...reference, tag }, options), objects, tag),
      );
      process.stdout.write(`${reference.registry}/${reference.name}@${digest}\n`);
    });
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

function referenceOf(text: string): Reference {
  const reference = parseReference(text);
  if (reference) return reference;
  throw new UserError(`'${text}' is not REGISTRY/NAME:TAG or REGISTRY/NAME@sha256:...`, {
    status: EXIT.usage,
    hint: 'The registry is a host with a dot or a port: registry.example/tools/tool:1.0',
  });
}

function connect(reference: Reference, { plainHttp }: PushOptions): Client {
  try {
    const credentials = credentialsFor(reference.registry, process.env);
    return createClient(reference, { credentials, plain: plainHttp === true });
  } catch (error) {
    throw new UserError(`credentials of ${reference.registry}: ${reasonOf(error)}`);
  }
}

function readObject(file: string) {
  const bytes = readInput(file);
  try {
    return { bytes, title: basename(file), inspection: inspectObject(bytes) };
  } catch (error) {
    throw noObject(file, error);
  }
}

/** Gives the digest of what the tag stands for. */
async function push(
  client: Client,
  objects: readonly ReturnType<typeof readObject>[],
  tag: string,
): Promise<string> {
  const entries: Entry[] = [];
  let last: Uint8Array = EMPTY;
  await client.putBlob(EMPTY);
  for (const { bytes, title, inspection } of objects) {
    await client.putBlob(bytes);
    last = manifestOf(bytes, title, inspection);
    const platform = platformOf(inspection);
    const known = entries.some((entry) => entry.platform?.architecture === platform?.architecture);
    if (known)
      throw new UserError(`two objects are for ${platform?.architecture ?? 'any architecture'}`, {
        status: EXIT.usage,
      });
    entries.push({ ...describe(last, MANIFEST_TYPE), ...(platform ? { platform } : {}) });
    if (objects.length > 1) await client.putManifest(last, MANIFEST_TYPE, digestOf(last));
  }
  if (objects.length === 1) {
    await client.putManifest(last, MANIFEST_TYPE, tag);
    return digestOf(last);
  }
  const index = indexOf(entries);
  await client.putManifest(index, INDEX_TYPE, tag);
  return digestOf(index);
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

const STATUSES = {
  away: EXIT.script,
  missing: EXIT.script,
  refused: EXIT.script,
  rights: EXIT.permission,
  wrong: EXIT.object,
} as const;

async function talking<Result>(talk: () => Promise<Result>): Promise<Result> {
  try {
    return await talk();
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    throw new UserError(error.message, {
      status: STATUSES[error.kind],
      ...(error.kind === 'rights'
        ? { hint: '`docker login` or `podman login` writes the credentials that are used.' }
        : {}),
    });
  }
}
