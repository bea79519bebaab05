/** What stands beside an artifact: in registries that list it, and under tags in those that do not. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MANIFEST_TYPE, readManifest } from '../../../compiler/registry/artifact.ts';
import { attach, attached, tagOf } from '../../../compiler/registry/attachments.ts';
import { digestOf } from '../../../compiler/registry/client.ts';
import {
  isSignedBy,
  payloadOf,
  SIGNATURE,
  signArtifact,
} from '../../../compiler/registry/cosign.ts';
import { memoryRegistry } from './memory-registry.ts';

const artifact = Buffer.from('{"an":"artifact"}');
const subject = { mediaType: MANIFEST_TYPE, digest: digestOf(artifact), size: artifact.length };
const reference = { registry: 'r.example', name: 'a/b', tag: 'v1', digest: undefined };
const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

describe.each([
  ['that lists what belongs to others', true],
  ['without such lists', false],
])('a registry %s', (_, lists) => {
  it('has the latest of a type, of that artifact alone', async () => {
    const registry = memoryRegistry(lists);
    expect(await attached(registry, subject.digest, 'type/a')).toBeUndefined();
    const first = await attach(registry, subject, 'type/a', Buffer.from('one'), 'a.json');
    await attach(registry, subject, 'type/b', Buffer.from('other'), 'b.json');
    const second = await attach(registry, subject, 'type/a', Buffer.from('two'), 'a.json');
    expect(first).not.toBe(second);
    expect(text(await attached(registry, subject.digest, 'type/a'))).toBe('two');
    expect(text(await attached(registry, subject.digest, 'type/b'))).toBe('other');
    expect(await attached(registry, subject.digest, 'type/c')).toBeUndefined();
    expect(await attached(registry, digestOf(Buffer.from('x')), 'type/a')).toBeUndefined();
    expect(registry.manifests.has(second)).toBe(true);
    expect(registry.manifests.has(tagOf(subject.digest))).toBe(!lists);
  });
});

it('is listed once under its tag, however often it is put there', async () => {
  const registry = memoryRegistry(false);
  for (const what of ['one', 'two', 'one'])
    await attach(registry, subject, 'type/a', Buffer.from(what), 'a');
  const list = readManifest(registry.manifests.get(tagOf(subject.digest)) ?? new Uint8Array());
  expect('entries' in list && list.entries.map(({ artifactType }) => artifactType)).toEqual([
    'type/a',
    'type/a',
  ]);
  expect(text(await attached(registry, subject.digest, 'type/a'))).toBe('one');
});

it('is refused where it cannot be read', async () => {
  const registry = memoryRegistry(false);
  registry.manifests.set(tagOf(subject.digest), Buffer.from('{'));
  await expect(attached(registry, subject.digest, 'type/a')).rejects.toThrow(
    'what belongs to it cannot be read: its manifest is no JSON',
  );
});

describe('a signature', () => {
  const [own, other] = [
    generateKeyPairSync('ed25519'),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ];

  it('is that of its key and of its artifact, beside those of others', async () => {
    const registry = memoryRegistry(true);
    expect(await isSignedBy(registry, subject.digest, own.publicKey)).toBe(false);
    await signArtifact(registry, reference, subject.digest, own.privateKey);
    expect(await isSignedBy(registry, subject.digest, own.publicKey)).toBe(true);
    expect(await isSignedBy(registry, subject.digest, other.publicKey)).toBe(false);
    await signArtifact(registry, reference, subject.digest, other.privateKey);
    await signArtifact(registry, reference, subject.digest, own.privateKey);
    for (const { publicKey } of [own, other])
      expect(await isSignedBy(registry, subject.digest, publicKey)).toBe(true);
    const tag = `${tagOf(subject.digest)}.sig`;
    const image = JSON.parse(text(registry.manifests.get(tag)) ?? '') as {
      readonly layers: readonly unknown[];
    };
    // The same key signs the same in the same way.
    expect(image.layers).toHaveLength(2);
  });

  it('names the artifact in what it signs, and none of another artifact counts', async () => {
    expect(JSON.parse(text(payloadOf(reference, subject.digest)) ?? '')).toEqual({
      critical: {
        identity: { 'docker-reference': 'r.example/a/b' },
        image: { 'docker-manifest-digest': subject.digest },
        type: 'cosign container image signature',
      },
      optional: null,
    });
    const registry = memoryRegistry(true);
    await signArtifact(registry, reference, subject.digest, own.privateKey);
    const another = digestOf(Buffer.from('another'));
    const image = registry.manifests.get(`${tagOf(subject.digest)}.sig`) ?? new Uint8Array();
    registry.manifests.set(`${tagOf(another)}.sig`, image);
    expect(await isSignedBy(registry, another, own.publicKey)).toBe(false);
  });

  it('counts neither with another type nor damaged', async () => {
    const registry = memoryRegistry(true);
    await signArtifact(registry, reference, subject.digest, own.privateKey);
    const tag = `${tagOf(subject.digest)}.sig`;
    const image = text(registry.manifests.get(tag)) ?? '';
    const having = async (changed: string): Promise<boolean> => {
      registry.manifests.set(tag, Buffer.from(changed));
      return await isSignedBy(registry, subject.digest, own.publicKey);
    };
    expect(await having(image)).toBe(true);
    expect(await having(image.replace('simplesigning', 'other'))).toBe(false);
    expect(await having(image.replace(SIGNATURE, `${SIGNATURE}s`))).toBe(false);
    expect(
      await having(image.replace(/"size":\d+,"annotations"/, '"size":65537,"annotations"')),
    ).toBe(false);
    expect(
      await having(image.replace(/"size":\d+,"annotations"/, '"size":65536,"annotations"')),
    ).toBe(true);
    await expect(having('{')).rejects.toThrow(`the signatures of ${subject.digest} cannot be read`);
  });
});
