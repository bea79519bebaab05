/**
 * What belongs to an artifact and stands beside it: manifests that name it as their `subject` (OCI 1.1). Registries without
 * the list of these keep it under a tag of the subject's digest.
 */
import {
  attachmentManifest,
  describe,
  EMPTY,
  type Entry,
  INDEX_TYPE,
  indexOf,
  MANIFEST_TYPE,
  readAttachment,
  readManifest,
} from './artifact.ts';
import { type Client, type Descriptor, digestOf, RegistryError } from './client.ts';

/** `sha256:12...` => `sha256-12...` */
export function tagOf(digest: string): string {
  return digest.replace(':', '-');
}

/** Gives the digest of what it became. */
export async function attach(
  client: Client,
  subject: Descriptor,
  type: string,
  bytes: Uint8Array,
  title: string,
): Promise<string> {
  await client.putBlob(EMPTY);
  await client.putBlob(bytes);
  const manifest = attachmentManifest(subject, type, bytes, title);
  const digest = digestOf(manifest);
  const lists = await client.putManifest(manifest, MANIFEST_TYPE, digest);
  if (lists) return digest;
  const tag = tagOf(subject.digest);
  const others = await listed(client, tag);
  const entry = { ...describe(manifest, MANIFEST_TYPE), artifactType: type };
  const entries = [...others.filter((other) => other.digest !== digest), entry];
  await client.putManifest(indexOf(entries), INDEX_TYPE, tag);
  return digest;
}

/** The latest of that type; undefined: there is none. */
export async function attached(
  client: Client,
  subject: string,
  type: string,
): Promise<Uint8Array | undefined> {
  const list = await client.getReferrers(subject);
  const entries = list === undefined ? await listed(client, tagOf(subject)) : understood(list);
  const entry = entries.filter(({ artifactType }) => artifactType === type).at(-1);
  if (!entry) return undefined;
  const manifest = await client.getManifest(entry.digest);
  const layer = tried(() => readAttachment(manifest, subject, type));
  return await client.getBlob(layer);
}

async function listed(client: Client, tag: string): Promise<readonly Entry[]> {
  try {
    return understood(await client.getManifest(tag));
  } catch (error) {
    if (error instanceof RegistryError && error.kind === 'missing') return [];
    throw error;
  }
}

function understood(index: Uint8Array): readonly Entry[] {
  const manifest = tried(() => readManifest(index));
  return 'entries' in manifest ? manifest.entries : [];
}

function tried<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RegistryError('wrong', `what belongs to it cannot be read: ${reason}`);
  }
}
