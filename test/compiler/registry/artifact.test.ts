/** Manifests of objects, of several, and of what belongs to them: as they are written, and what is refused of others'. */
import { describe, expect, it } from 'vitest';
import {
  attachmentManifest,
  chooseEntry,
  describe as descriptorOf,
  EMPTY,
  type Entry,
  INDEX_TYPE,
  indexOf,
  MANIFEST_TYPE,
  manifestOf,
  OBJECT_TYPE,
  platformOf,
  readAttachment,
  readManifest,
  readSignatures,
} from '../../../compiler/registry/artifact.ts';
import { inspectObject } from '../../../linker/inspect.ts';
import { build } from '../../support/build.ts';

const json = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());
const encoded = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const layer = { mediaType: OBJECT_TYPE, digest: digest('a'), size: 7 };

describe('the manifest of an object', () => {
  it('has the object as its layer, and says what it takes of a host', () => {
    const object = build('begin { print(getopt("times", 1)); exit(); }');
    const about = inspectObject(object);
    const manifest = manifestOf(object, 'tool.o', about);
    expect(json(manifest)).toMatchObject({
      ...{ schemaVersion: 2, mediaType: MANIFEST_TYPE, artifactType: OBJECT_TYPE },
      config: {
        mediaType: 'application/vnd.oci.empty.v1+json',
        size: 2,
        digest: descriptorOf(EMPTY, '').digest,
      },
      layers: [
        {
          ...descriptorOf(object, OBJECT_TYPE),
          annotations: { 'org.opencontainers.image.title': 'tool.o' },
        },
      ],
      annotations: {
        'bpfscript.script': 'stdin',
        'bpfscript.producer': about.producer,
        'bpfscript.features': about.features.join(','),
        'bpfscript.changes-the-system': 'false',
        'bpfscript.parameters': '--times',
      },
    });
    const capabilities = [...new Set(about.capabilities.map(({ capability }) => capability))];
    expect(json(manifest)).toHaveProperty(
      ['annotations', 'bpfscript.capabilities'],
      capabilities.join(','),
    );
    expect(json(manifest)).not.toHaveProperty(['annotations', 'bpfscript.signed-by']);
    expect(readManifest(manifest)).toEqual({ layer: descriptorOf(object, OBJECT_TYPE) });
    const signature = { key: 'abc', valid: true };
    const signed = json(manifestOf(object, 'tool.o', { ...about, signature, options: [] }));
    expect(signed).toHaveProperty(['annotations', 'bpfscript.signed-by'], 'abc');
    expect(signed).not.toHaveProperty(['annotations', 'bpfscript.parameters']);
  });

  it('has a platform where the object runs on one alone, in the words of OCI', () => {
    const about = inspectObject(build('begin { exit(); }'));
    const tie = { reason: 'x', line: 1 };
    const on = (arch: string, ties: typeof about.ties) =>
      platformOf({ ...about, ties, kernel: { release: '6', arch } });
    expect(on('x86_64', [])).toBeUndefined();
    expect(on('x86_64', [tie])).toEqual({ os: 'linux', architecture: 'amd64' });
    expect(on('aarch64', undefined)).toEqual({ os: 'linux', architecture: 'arm64' });
    expect(on('riscv64', [tie])).toEqual({ os: 'linux', architecture: 'riscv64' });
  });
});

describe('an index', () => {
  const entries: readonly Entry[] = [
    { ...layer, digest: digest('1') },
    { ...layer, digest: digest('2'), platform: { os: 'linux', architecture: 'amd64' } },
    {
      ...layer,
      digest: digest('3'),
      platform: { os: 'linux', architecture: 'arm64' },
      artifactType: 'x',
    },
  ];

  it('is read as it was written', () => {
    expect(json(indexOf(entries, 'type'))).toMatchObject({
      mediaType: INDEX_TYPE,
      artifactType: 'type',
    });
    expect(json(indexOf(entries))).not.toHaveProperty('artifactType');
    expect(readManifest(indexOf(entries))).toEqual({ entries });
  });

  it('has one entry for a machine, and else the one for any', () => {
    const chosen = (machine: string, of = entries) => chooseEntry(of, machine)?.digest;
    expect([chosen('x86_64'), chosen('aarch64'), chosen('riscv64')]).toEqual([
      ...[digest('2'), digest('3'), digest('1')],
    ]);
    expect(chosen('riscv64', entries.slice(1))).toBeUndefined();
  });
});

describe('what belongs to an object', () => {
  const subject = { mediaType: MANIFEST_TYPE, digest: digest('c'), size: 9 };
  const bytes = Buffer.from('bill');
  const manifest = attachmentManifest(subject, 'type/x', bytes, 'bill.json');

  it('names it, and is its own layer', () => {
    expect(json(manifest)).toMatchObject({
      ...{ schemaVersion: 2, mediaType: MANIFEST_TYPE, artifactType: 'type/x', subject },
      config: { size: 2 },
      layers: [{ annotations: { 'org.opencontainers.image.title': 'bill.json' } }],
    });
    expect(readAttachment(manifest, subject.digest, 'type/x')).toEqual(
      descriptorOf(bytes, 'type/x'),
    );
  });

  it('is refused of something else, of another type and with other layers', () => {
    expect(() => readAttachment(manifest, digest('d'), 'type/x')).toThrow(
      'it is of something else',
    );
    expect(() => readAttachment(manifest, subject.digest, 'type/y')).toThrow(
      'it is of another type',
    );
    for (const layers of [undefined, {}, [], [layer, layer]])
      expect(() =>
        readAttachment(encoded({ artifactType: 'x', subject, layers }), subject.digest, 'x'),
      ).toThrow('it is of another type');
  });
});

describe('signatures', () => {
  it('are layers with texts beside them, not more than 64', () => {
    const one = { ...layer, annotations: { a: 'x', b: 5 } };
    expect(readSignatures(encoded({ layers: [one, layer] }))).toEqual([
      { ...layer, annotations: { a: 'x' } },
      { ...layer, annotations: {} },
    ]);
    expect(readSignatures(encoded({ layers: Array(64).fill(layer) }))).toHaveLength(64);
    for (const layers of [undefined, {}, Array(65).fill(layer)])
      expect(() => readSignatures(encoded({ layers }))).toThrow('it is no image of signatures');
  });
});

describe('a manifest', () => {
  it.each([
    ['is no JSON', Buffer.from('{'), 'its manifest is no JSON'],
    ['is nothing', encoded(null), 'it is not a manifest'],
    ['is a number', encoded(5), 'it is not a manifest'],
    [
      'is of an image',
      encoded({ artifactType: 'x', layers: [layer] }),
      'it is no object of bpfscript',
    ],
    ['has no layers', encoded({ artifactType: OBJECT_TYPE }), 'it is no object of bpfscript'],
    ['has two', encoded({ artifactType: OBJECT_TYPE, layers: [layer, layer] }), 'it is no object'],
    [
      'has another layer',
      encoded({ artifactType: OBJECT_TYPE, layers: [{ ...layer, mediaType: 'x' }] }),
      'it is no object',
    ],
    [
      'is an index of nothing',
      encoded({ mediaType: INDEX_TYPE, manifests: {} }),
      'it is no object',
    ],
  ])('that %s is refused', (_, bytes, message) => {
    expect(() => readManifest(bytes)).toThrow(message);
  });

  it.each([
    ['no type', { mediaType: undefined }],
    ['no digest', { digest: undefined }],
    ['a short digest', { digest: `sha256:${'a'.repeat(63)}` }],
    ['a long digest', { digest: `sha256:${'a'.repeat(65)}` }],
    ['another digest', { digest: `xsha256:${'a'.repeat(64)}` }],
    ['no size', { size: undefined }],
    ['a size below 0', { size: -1 }],
    ['half a byte', { size: 0.5 }],
  ])('whose layer has %s is refused', (_, change) => {
    const layers = [{ ...layer, ...change }];
    expect(() => readManifest(encoded({ artifactType: OBJECT_TYPE, layers }))).toThrow(
      'its descriptors are not as they should be',
    );
  });

  it('may have a layer of no bytes', () => {
    const layers = [{ ...layer, size: 0 }];
    expect(readManifest(encoded({ artifactType: OBJECT_TYPE, layers }))).toEqual({
      layer: layers[0],
    });
  });
});
