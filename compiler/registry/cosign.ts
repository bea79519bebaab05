/**
 * Signatures of artifacts as cosign puts them beside images: a payload that names the digest ("simple signing"), signed,
 * as a layer of an image whose tag is the digest and `.sig`. What signs is a key in a file; there is no log of signatures.
 */
import { type KeyObject, sign, verify } from 'node:crypto';
import { describe, MANIFEST_TYPE, readSignatures, type SignatureLayer } from './artifact.ts';
import { tagOf } from './attachments.ts';
import { type Client, RegistryError } from './client.ts';
import type { Reference } from './reference.ts';

export const PAYLOAD_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json';
export const SIGNATURE = 'dev.cosignproject.cosign/signature';
const TYPE = 'cosign container image signature';
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
/** A payload has some hundred bytes. */
const MOST_PAYLOAD = 64 << 10;

export function payloadOf({ registry, name }: Reference, digest: string): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': `${registry}/${name}` },
        image: { 'docker-manifest-digest': digest },
        type: TYPE,
      },
      optional: null,
    }),
  );
}

/** Adds a signature to those that the artifact has. */
export async function signArtifact(
  client: Client,
  reference: Reference,
  digest: string,
  key: KeyObject,
): Promise<void> {
  const payload = payloadOf(reference, digest);
  const own: SignatureLayer = {
    ...describe(payload, PAYLOAD_TYPE),
    annotations: { [SIGNATURE]: sign(hashOf(key), payload, key).toString('base64') },
  };
  const others = await signaturesOf(client, digest);
  const layers = [
    ...others.filter((other) => other.annotations[SIGNATURE] !== own.annotations[SIGNATURE]),
    own,
  ];
  const config = Buffer.from(
    JSON.stringify({
      architecture: '',
      created: '0001-01-01T00:00:00Z',
      history: layers.map(() => ({ created: '0001-01-01T00:00:00Z' })),
      os: '',
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
      config: {},
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: describe(config, CONFIG_TYPE),
      layers,
    }),
  );
  await client.putBlob(payload);
  await client.putBlob(config);
  await client.putManifest(manifest, MANIFEST_TYPE, signatureTag(digest));
}

/** Whether one of the artifact's signatures is that key's. */
export async function isSignedBy(client: Client, digest: string, key: KeyObject): Promise<boolean> {
  for (const layer of await signaturesOf(client, digest)) {
    if (layer.mediaType !== PAYLOAD_TYPE || layer.size > MOST_PAYLOAD) continue;
    const signature = Buffer.from(layer.annotations[SIGNATURE] ?? '', 'base64');
    const payload = await client.getBlob(layer);
    if (verify(hashOf(key), payload, key, signature) && digestIn(payload) === digest) return true;
  }
  return false;
}

function signatureTag(digest: string): string {
  return `${tagOf(digest)}.sig`;
}

async function signaturesOf(client: Client, digest: string): Promise<readonly SignatureLayer[]> {
  try {
    return readSignatures(await client.getManifest(signatureTag(digest)));
  } catch (error) {
    if (!(error instanceof RegistryError))
      throw new RegistryError('wrong', `the signatures of ${digest} cannot be read`);
    if (error.kind === 'missing') return [];
    throw error;
  }
}

/** ed25519 has a hash of its own. */
function hashOf(key: KeyObject): 'sha256' | null {
  return key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
}

function digestIn(payload: Uint8Array): unknown {
  try {
    const { critical } = JSON.parse(Buffer.from(payload).toString()) as {
      readonly critical?: {
        readonly type?: unknown;
        readonly image?: { readonly 'docker-manifest-digest'?: unknown };
      };
    };
    return critical?.type === TYPE ? critical.image?.['docker-manifest-digest'] : undefined;
  } catch {
    return undefined;
  }
}
