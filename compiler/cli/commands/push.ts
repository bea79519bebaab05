import { basename } from 'node:path';
import type { Command } from 'commander';
import { inspectObject } from '../../../linker/inspect.ts';
import {
  describe,
  EMPTY,
  type Entry,
  INDEX_TYPE,
  indexOf,
  MANIFEST_TYPE,
  manifestOf,
  platformOf,
} from '../../registry/artifact.ts';
import { type Client, digestOf } from '../../registry/client.ts';
import { UserError } from '../errors.ts';
import { noObject, readInput } from '../input.ts';
import { connect, PLAIN, type RegistryOptions, referenceOf, talking } from '../registry.ts';
import { EXIT } from '../status.ts';

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
    .action(async (words: readonly string[], options: RegistryOptions) => {
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
