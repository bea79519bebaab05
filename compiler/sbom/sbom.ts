/**
 * What an object was made of, as a software bill of materials: CycloneDX 1.6, JSON. It has no time in it, so that the same
 * object has the same.
 */
import { createHash } from 'node:crypto';
import { DIGEST_SECTION } from '../../linker/digest.ts';
import { readElf } from '../../linker/elf/read.ts';
import { SIGNATURE_SECTION } from '../../linker/signature.ts';

export const SBOM_TYPE = 'application/vnd.cyclonedx+json';

/** What was read for an object. */
export interface Ingredient {
  readonly name: string;
  readonly sha256: string;
  /** Whether its text was compiled, its code linked, or it was only looked at: programs that are traced, descriptions. */
  readonly use: 'compiled' | 'linked' | 'looked at';
}

export interface Facts {
  /** Of the object. */
  readonly name: string;
  readonly version: string;
  readonly llvm: string;
  readonly kernel: { readonly release: string; readonly arch: string };
  readonly ingredients: readonly Ingredient[];
}

interface Property {
  readonly name: string;
  readonly value: string;
}

interface Hash {
  readonly alg: 'SHA-256';
  readonly content: string;
}

interface Component {
  readonly 'bom-ref': string;
  readonly type: string;
  readonly name: string;
  readonly version?: string;
  readonly hashes?: readonly Hash[];
  readonly properties?: readonly Property[];
}

export interface Sbom {
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.6';
  readonly serialNumber: string;
  readonly version: 1;
  readonly metadata: {
    readonly tools: { readonly components: readonly Component[] };
    readonly component: Component;
  };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const CONTENT = 'bpfscript:content';

export function sbomOf(object: Uint8Array, facts: Facts): Sbom {
  const components = facts.ingredients.map(
    ({ name, sha256, use }, index): Component => ({
      'bom-ref': `file-${index + 1}`,
      type: 'file',
      name,
      hashes: [sha256Of(sha256)],
      properties: [{ name: 'bpfscript:use', value: use }],
    }),
  );
  const content = contentDigest(object);
  const kernel: Component = {
    'bom-ref': 'kernel',
    type: 'operating-system',
    name: 'linux',
    version: facts.kernel.release,
    properties: [
      { name: 'bpfscript:use', value: 'looked at' },
      { name: 'bpfscript:arch', value: facts.kernel.arch },
    ],
  };
  const all = [...components, kernel];
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([content, facts]))}`,
    version: 1,
    metadata: {
      tools: {
        components: [
          tool('bpfscript', facts.version),
          // Its back end, and no part of the object.
          tool('llvm', facts.llvm),
        ],
      },
      component: {
        'bom-ref': 'object',
        type: 'application',
        name: facts.name,
        hashes: [sha256Of(sha256(object))],
        properties: [{ name: CONTENT, value: content }],
      },
    },
    components: all,
    dependencies: [{ ref: 'object', dependsOn: all.map((component) => component['bom-ref']) }],
  };
}

/** Of an object that has been signed since; undefined: it is of another object. */
export function sbomFor(sbom: Sbom, object: Uint8Array): Sbom | undefined {
  const { component } = sbom.metadata;
  const content = component.properties?.find(({ name }) => name === CONTENT)?.value;
  if (content !== contentDigest(object)) return undefined;
  return {
    ...sbom,
    metadata: {
      ...sbom.metadata,
      component: { ...component, hashes: [sha256Of(sha256(object))] },
    },
  };
}

/** Throws an Error where it is none that this tool wrote. */
export function readSbom(text: string): Sbom {
  const value: unknown = JSON.parse(text);
  const sbom = value as Sbom | null;
  const properties: unknown = sbom?.metadata?.component?.properties;
  const isRecord = (each: unknown): boolean => typeof each === 'object' && each !== null;
  if (sbom?.bomFormat !== 'CycloneDX' || !Array.isArray(properties) || !properties.every(isRecord))
    throw new Error('it is not what `bpfscript build --sbom` writes');
  return sbom;
}

/** Of all that is in an object but what signing changes, which puts a name behind the others. */
function contentDigest(object: Uint8Array): string {
  const hash = createHash('sha256');
  const added = Buffer.from(`${SIGNATURE_SECTION}\0`);
  for (const { name, data } of readElf(object).sections) {
    if (name === SIGNATURE_SECTION || name === DIGEST_SECTION) continue;
    const isNamed = Buffer.from(data.subarray(-added.length)).equals(added);
    const own = isNamed ? data.subarray(0, -added.length) : data;
    hash.update(`${name}\0${own.length}\0`).update(own);
  }
  return `sha256:${hash.digest('hex')}`;
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function sha256Of(content: string): Hash {
  return { alg: 'SHA-256', content };
}

function tool(name: string, version: string): Component {
  return { 'bom-ref': `tool-${name}`, type: 'application', name, version };
}

/** Of the kind that is made in a way of its own (RFC 9562, version 8). */
function uuidOf(text: string): string {
  const digits = sha256(text);
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `8${digits.slice(13, 16)}`,
    `8${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join('-');
}
