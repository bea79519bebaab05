/** Objects as artifacts: an image manifest of OCI with the object as its only layer, or an index of several. */
import type { Inspection } from '../../linker/inspect/inspection.ts';
import { type Descriptor, digestOf } from './client.ts';

export const OBJECT_TYPE = 'application/vnd.bpfscript.object.v1';
export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
/** What stands in the place of a configuration. */
export const EMPTY = Buffer.from('{}');
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';

/** As Go, and so OCI, calls machines. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

export interface Platform {
  readonly os: 'linux';
  readonly architecture: string;
}

export interface Entry extends Descriptor {
  readonly platform?: Platform;
  readonly artifactType?: string;
}

/** Of an image of signatures. */
export interface SignatureLayer extends Descriptor {
  readonly annotations: Readonly<Record<string, string>>;
}

/** The same for the same object. */
export function manifestOf(object: Uint8Array, title: string, about: Inspection): Uint8Array {
  return encode({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    artifactType: OBJECT_TYPE,
    config: describe(EMPTY, EMPTY_TYPE),
    layers: [
      {
        ...describe(object, OBJECT_TYPE),
        annotations: { 'org.opencontainers.image.title': title },
      },
    ],
    annotations: annotationsOf(about),
  });
}

/** Without a type: of things of several types. */
export function indexOf(entries: readonly Entry[], artifactType?: string): Uint8Array {
  return encode({ schemaVersion: 2, mediaType: INDEX_TYPE, artifactType, manifests: entries });
}

/** Something that belongs to the manifest `subject`, as its only layer. */
export function attachmentManifest(
  { mediaType, digest, size }: Descriptor,
  type: string,
  bytes: Uint8Array,
  title: string,
): Uint8Array {
  return encode({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    artifactType: type,
    config: describe(EMPTY, EMPTY_TYPE),
    layers: [
      { ...describe(bytes, type), annotations: { 'org.opencontainers.image.title': title } },
    ],
    subject: { mediaType, digest, size },
  });
}

/** The layer of such a manifest. Throws an Error where it is something else, or of another subject. */
export function readAttachment(bytes: Uint8Array, subject: string, type: string): Descriptor {
  const document = asRecord(jsonIn(bytes));
  if (asEntry(document.subject).digest !== subject) throw new Error('it is of something else');
  const layers: unknown = document.layers;
  if (document.artifactType !== type || !Array.isArray(layers) || layers.length !== 1)
    throw new Error('it is of another type');
  return asEntry(layers[0]);
}

/** More keys than anybody signs with. */
const MOST_SIGNATURES = 64;

/** Throws an Error where it is no image. */
export function readSignatures(bytes: Uint8Array): readonly SignatureLayer[] {
  const { layers } = asRecord(jsonIn(bytes));
  if (!Array.isArray(layers) || layers.length > MOST_SIGNATURES)
    throw new Error('it is no image of signatures');
  return layers.map((layer: unknown) => {
    const { mediaType, digest, size } = asEntry(layer);
    const annotations = asRecord(asRecord(layer).annotations ?? {});
    const texts = Object.entries(annotations).flatMap(([name, text]) =>
      typeof text === 'string' ? [[name, text] as const] : [],
    );
    return { mediaType, digest, size, annotations: Object.fromEntries(texts) };
  });
}

/** Undefined: it runs on any. */
export function platformOf({ ties, kernel }: Inspection): Platform | undefined {
  if (ties?.length === 0) return undefined;
  return { os: 'linux', architecture: ARCHITECTURES[kernel.arch] ?? kernel.arch };
}

export function describe(bytes: Uint8Array, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** For searches: what it takes of a host, and what it can be told. */
function annotationsOf(about: Inspection): Readonly<Record<string, string>> {
  const options = about.options.map(({ name }) => `--${name}`);
  return {
    'bpfscript.script': about.script,
    'bpfscript.producer': about.producer,
    'bpfscript.features': about.features.join(','),
    'bpfscript.capabilities': [
      ...new Set(about.capabilities.map(({ capability }) => capability)),
    ].join(','),
    'bpfscript.changes-the-system': String(about.unsafe),
    ...(options.length > 0 ? { 'bpfscript.parameters': options.join(',') } : {}),
    ...(about.signature ? { 'bpfscript.signed-by': about.signature.key } : {}),
  };
}

function encode(document: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(document));
}

/** What a manifest holds: the object, or manifests of several. Throws an Error where it is something else. */
export function readManifest(
  bytes: Uint8Array,
): { readonly layer: Descriptor } | { readonly entries: readonly Entry[] } {
  const document = jsonIn(bytes);
  const { mediaType, layers, manifests, artifactType } = asRecord(document);
  if (mediaType === INDEX_TYPE && Array.isArray(manifests))
    return { entries: manifests.map(asEntry) };
  if (artifactType !== OBJECT_TYPE || !Array.isArray(layers) || layers.length !== 1)
    throw new Error('it is no object of bpfscript');
  const layer = asEntry(layers[0]);
  if (layer.mediaType !== OBJECT_TYPE) throw new Error('it is no object of bpfscript');
  return { layer };
}

/** Of several, the one for a machine (`x86_64`), or else one for any. */
export function chooseEntry(entries: readonly Entry[], machine: string): Entry | undefined {
  const wanted = ARCHITECTURES[machine] ?? machine;
  return (
    entries.find(({ platform }) => platform?.architecture === wanted) ??
    entries.find(({ platform }) => platform === undefined)
  );
}

function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    throw new Error('its manifest is no JSON');
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new Error('it is not a manifest');
  return value as Readonly<Record<string, unknown>>;
}

function asEntry(value: unknown): Entry {
  const { mediaType, digest, size, platform, artifactType } = asRecord(value);
  const isRight =
    typeof mediaType === 'string' &&
    typeof digest === 'string' &&
    /^sha256:[0-9a-f]{64}$/.test(digest) &&
    typeof size === 'number' &&
    Number.isSafeInteger(size) &&
    size >= 0;
  if (!isRight) throw new Error('its descriptors are not as they should be');
  const type = typeof artifactType === 'string' ? { artifactType } : {};
  if (platform === undefined) return { mediaType, digest, size, ...type };
  const architecture = String(asRecord(platform).architecture);
  return { mediaType, digest, size, platform: { os: 'linux', architecture }, ...type };
}
