/** A registry in memory. */
import {
  type Client,
  type Descriptor,
  digestOf,
  RegistryError,
} from '../../../compiler/registry/client.ts';

export interface MemoryRegistry extends Client {
  readonly blobs: Map<string, Uint8Array>;
  readonly manifests: Map<string, Uint8Array>;
}

/** `lists`: it lists what belongs to a manifest, as registries since OCI 1.1 do. */
export function memoryRegistry(lists: boolean): MemoryRegistry {
  const blobs = new Map<string, Uint8Array>();
  const manifests = new Map<string, Uint8Array>();
  const referrers = new Map<string, Record<string, unknown>[]>();
  const missing = (what: string): never => {
    throw new RegistryError('missing', `${what} is missing`);
  };
  return {
    blobs,
    manifests,
    async putBlob(bytes) {
      blobs.set(digestOf(bytes), bytes);
    },
    async putManifest(bytes, mediaType, under) {
      manifests.set(under, bytes);
      manifests.set(digestOf(bytes), bytes);
      const { subject, artifactType } = JSON.parse(Buffer.from(bytes).toString()) as {
        readonly subject?: Descriptor;
        readonly artifactType?: string;
      };
      if (!subject || !lists) return false;
      const own = { mediaType, digest: digestOf(bytes), size: bytes.length, artifactType };
      referrers.set(subject.digest, [...(referrers.get(subject.digest) ?? []), own]);
      return true;
    },
    getManifest: async (which) => manifests.get(which) ?? missing(which),
    getBlob: async ({ digest }) => blobs.get(digest) ?? missing(digest),
    getReferrers: async (digest) =>
      lists
        ? Buffer.from(
            JSON.stringify({
              schemaVersion: 2,
              mediaType: 'application/vnd.oci.image.index.v1+json',
              manifests: referrers.get(digest) ?? [],
            }),
          )
        : undefined,
  };
}
