import type { KeyObject } from 'node:crypto';
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
  OBJECT_TYPE,
  platformOf,
} from '../../registry/artifact.ts';
import { attach } from '../../registry/attachments.ts';
import { type Client, digestOf } from '../../registry/client.ts';
import { signArtifact } from '../../registry/cosign.ts';
import type { Reference } from '../../registry/reference.ts';
import { readSbom, SBOM_TYPE, sbomFor } from '../../sbom/sbom.ts';
import { reasonOf, UserError } from '../errors.ts';
import { noObject, readInput } from '../input.ts';
import { OF_COSIGN, readPrivateKey } from '../keys.ts';
import { connect, PLAIN, type RegistryOptions, referenceOf, talking } from '../registry.ts';
import { collect } from '../script.ts';
import { EXIT } from '../status.ts';

interface PushOptions extends RegistryOptions {
  readonly sbom?: readonly string[];
  readonly cosignKey?: string;
}

export function registerPush(program: Command): void {
  program
    .command('push')
    .summary('put an object into a registry')
    .description(
      'Puts an object into a registry of OCI artifacts, and prints its name with the digest that it has there. Several objects, ' +
        'of different architectures, become one artifact. Credentials are those of docker and podman.',
    )
    .argument('<object...>', 'objects that `bpfscript build` wrote, and then REGISTRY/NAME:TAG')
    .option(
      '--sbom <file>',
      'put what `build --sbom` wrote of an object beside it; may be repeated',
      collect,
    )
    .option('--cosign-key <file>', 'sign the artifact, too, as cosign does, with this private key')
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
      const reference = referenceOf(words.at(-1) ?? '');
      const { registry, name, tag } = reference;
      if (files.length === 0 || tag === undefined || reference.digest !== undefined)
        throw new UserError('push takes objects and REGISTRY/NAME:TAG', { status: EXIT.usage });
      const objects = files.map(readObject);
      const sboms = sbomsOf(objects, options.sbom ?? []);
      const key =
        options.cosignKey === undefined ? undefined : readPrivateKey(options.cosignKey, OF_COSIGN);
      const digest = await talking(() =>
        push(connect(reference, options), { reference, tag, objects, sboms, key }),
      );
      process.stdout.write(`${registry}/${name}@${digest}\n`);
    });
}

interface OpenObject {
  readonly bytes: Uint8Array;
  readonly title: string;
  readonly inspection: ReturnType<typeof inspectObject>;
}

/** Each of one of the objects, which may have been signed since. */
function sbomsOf(
  objects: readonly OpenObject[],
  files: readonly string[],
): ReadonlyMap<OpenObject, Uint8Array> {
  const sboms = new Map<OpenObject, Uint8Array>();
  for (const file of files) {
    const found = objects.flatMap((object) => {
      const sbom = sbomFor(openSbom(file), object.bytes);
      return sbom ? [{ object, sbom }] : [];
    })[0];
    if (!found)
      throw new UserError(`${file} is of another object`, {
        status: EXIT.object,
        hint: 'Build the object again with --sbom; signing it later changes nothing.',
      });
    sboms.set(found.object, Buffer.from(JSON.stringify(found.sbom)));
  }
  return sboms;
}

function openSbom(file: string): ReturnType<typeof readSbom> {
  const text = Buffer.from(readInput(file)).toString();
  try {
    return readSbom(text);
  } catch (error) {
    throw new UserError(`${file}: ${reasonOf(error)}`, { status: EXIT.object });
  }
}

function readObject(file: string): OpenObject {
  const bytes = readInput(file);
  try {
    return { bytes, title: basename(file), inspection: inspectObject(bytes) };
  } catch (error) {
    throw noObject(file, error);
  }
}

interface Pushed {
  readonly reference: Reference;
  readonly tag: string;
  readonly objects: readonly OpenObject[];
  readonly sboms: ReadonlyMap<OpenObject, Uint8Array>;
  readonly key: KeyObject | undefined;
}

/** Gives the digest of what the tag stands for, which is last: whoever pulls it finds all that belongs to it. */
async function push(client: Client, pushed: Pushed): Promise<string> {
  const { objects, sboms, key, tag } = pushed;
  const manifests = objects.map(({ bytes, title, inspection }) => {
    const manifest = manifestOf(bytes, title, inspection);
    return { manifest, platform: platformOf(inspection) };
  });
  manifests.forEach(({ platform }, index) => {
    const architecture = platform?.architecture;
    if (manifests.findIndex((other) => other.platform?.architecture === architecture) < index)
      throw new UserError(`two objects are for ${architecture ?? 'any architecture'}`, {
        status: EXIT.usage,
      });
  });
  await client.putBlob(EMPTY);
  for (const { bytes } of objects) await client.putBlob(bytes);
  const [only] = manifests;
  const entries = manifests.map(({ manifest, platform }): Entry => {
    return { ...describe(manifest, MANIFEST_TYPE), ...(platform ? { platform } : {}) };
  });
  for (const [index, object] of objects.entries()) {
    const manifest = manifests[index]?.manifest;
    const entry = entries[index];
    const sbom = sboms.get(object);
    if (!manifest || !entry) continue;
    await client.putManifest(manifest, MANIFEST_TYPE, entry.digest);
    const title = `${object.title.replace(/\.o$/, '')}.cdx.json`;
    if (sbom) await attach(client, entry, SBOM_TYPE, sbom, title);
  }
  const isOne = only !== undefined && manifests.length === 1;
  const whole = isOne ? only.manifest : indexOf(entries, OBJECT_TYPE);
  const digest = digestOf(whole);
  if (key) await signArtifact(client, pushed.reference, digest, key);
  await client.putManifest(whole, isOne ? MANIFEST_TYPE : INDEX_TYPE, tag);
  return digest;
}
