/** What `push` puts beside an object: bills of materials, signatures for cosign. */
import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../compiler/registry/client.ts';
import { checkCycloneDx } from '../../support/cyclonedx.ts';
import { needs } from '../../support/needs.ts';
import { registries } from '../../support/registry.ts';

const { bpfscript, folder, listening, registry } = registries();

const ROOT = join(import.meta.dirname, '../../..');

const sha256 = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

interface Sbom {
  readonly metadata: {
    readonly tools: { readonly components: readonly { readonly name: string }[] };
    readonly component: { readonly hashes: readonly { readonly content: string }[] };
  };
  readonly components: readonly {
    readonly name: string;
    readonly hashes?: readonly { readonly content: string }[];
    readonly properties: readonly { readonly name: string; readonly value: string }[];
  }[];
}

/** A script with an import, a macro of the library, and a program that it traces. */
async function build(name: string): Promise<{ object: string; sbom: string }> {
  writeFileSync(join(folder, 'own.bt'), 'macro twice(x) { x + x }\n');
  writeFileSync(
    join(folder, `${name}.bt`),
    `import "own.bt";\nuprobe:/bin/sh:main { assert(twice(1) == 2, "${name}"); }\n`,
  );
  const words = ['build', `${name}.bt`, '-o', `${name}.o`, '--sbom', `${name}.cdx.json`];
  const built = await bpfscript(words);
  expect(built).toMatchObject({ status: 0, stderr: '' });
  return { object: join(folder, `${name}.o`), sbom: join(folder, `${name}.cdx.json`) };
}

function readSbom(file: string): Sbom {
  return JSON.parse(readFileSync(file, 'utf8')) as Sbom;
}

describe('A bill of materials', () => {
  it('names all that an object was made of, by the official schema', async () => {
    const { object, sbom: file } = await build('listed');
    const sbom = readSbom(file);
    checkCycloneDx(sbom);
    expect(sbom.metadata.component.hashes[0]?.content).toBe(sha256(readFileSync(object)));
    expect(sbom.metadata.tools.components).toMatchObject([
      { name: 'bpfscript' },
      { name: 'llvm', version: expect.stringMatching(/^14\./) as string },
    ]);
    const hashOf = (name: string) =>
      sbom.components.find((component) => component.name === name)?.hashes?.[0]?.content;
    for (const name of ['listed.bt', 'own.bt'])
      expect(hashOf(name)).toBe(sha256(readFileSync(join(folder, name))));
    const library = join(import.meta.dirname, '../../../stdlib/assertions.bt');
    expect(hashOf('stdlib/assertions.bt')).toBe(sha256(readFileSync(library)));
    const uses = sbom.components.map(({ name, properties }) => [name, properties[0]?.value]);
    expect(uses).toContainEqual(['linux', 'looked at']);
    expect(uses).toContainEqual(['own.bt', 'compiled']);
    // The same again.
    const before = readFileSync(file, 'utf8');
    await build('listed');
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it.each(['loader', 'all'])('of a package (%s) has its libraries, by the same schema', (kind) => {
    execFileSync(process.execPath, [join(ROOT, 'scripts/notices.mjs'), kind, 'x64', folder]);
    const sbom = readSbom(join(folder, 'sbom.cdx.json'));
    checkCycloneDx(sbom);
    const names = sbom.components.map(({ name }) => name);
    for (const name of ['libbpf', 'zlib', 'glibc', 'libsodium']) expect(names).toContain(name);
    expect(names.includes('LLVM')).toBe(kind === 'all');
  });

  it('names the text of -e, and goes with objects alone', async () => {
    const text = 'BEGIN { exit(); }';
    const built = await bpfscript(['build', '-e', text, '-o', 'e.o', '--sbom', 'e.json']);
    expect(built.status).toBe(0);
    const { components } = readSbom(join(folder, 'e.json'));
    expect(components).toContainEqual(
      expect.objectContaining({
        name: 'stdin',
        hashes: [{ alg: 'SHA-256', content: sha256(text) }],
      }),
    );
    const words = ['build', '-e', text, '--emit', 'asm', '--sbom', 'e.json'];
    expect((await bpfscript(words)).status).toBe(2);
    for (const both of [
      ['build', '-e', text],
      ['pull', '127.0.0.1:1/t:1'],
    ])
      expect(await bpfscript([...both, '-o', '-', '--sbom', '-'])).toMatchObject({
        status: 2,
        stdout: '',
      });
    // Nothing is left of what could not be written as a whole.
    const lost = ['build', '-e', text, '-o', 'lost.o', '--sbom', 'none/x.json'];
    expect((await bpfscript(lost)).status).toBe(1);
    expect(existsSync(join(folder, 'lost.o'))).toBe(false);
  });
});

needs('docker-registry').describe('beside an object in a registry', () => {
  it('stands what it was made of, also when it was signed after it was built', async () => {
    const { host } = await registry('boms');
    const { object, sbom } = await build('made');
    await bpfscript(['keygen', 'boms']);
    expect((await bpfscript(['sign', object, '--key', 'boms.key'])).status).toBe(0);
    const pushed = await bpfscript(['push', object, `${host}/made:1`, '--sbom', sbom]);
    expect(pushed).toMatchObject({ status: 0, stderr: '' });
    // Again: it is there once.
    await bpfscript(['push', object, `${host}/made:2`, '--sbom', sbom]);
    const words = ['pull', `${host}/made:2`, '-o', 'made-back.o', '--sbom', 'back.cdx.json'];
    const pulled = await bpfscript(words);
    expect(pulled).toEqual(pushed);
    const back = readSbom(join(folder, 'back.cdx.json'));
    checkCycloneDx(back);
    expect(back.metadata.component.hashes[0]?.content).toBe(
      sha256(readFileSync(join(folder, 'made-back.o'))),
    );

    const digest = pushed.stdout.trim().replace(/.*@/, '');
    const list = await fetch(`http://${host}/v2/made/manifests/${digest.replace(':', '-')}`, {
      headers: { accept: 'application/vnd.oci.image.index.v1+json' },
    });
    const { manifests } = (await list.json()) as {
      readonly manifests: readonly { readonly digest: string }[];
    };
    expect(manifests).toMatchObject([{ artifactType: 'application/vnd.cyclonedx+json' }]);
    const manifest = await fetch(`http://${host}/v2/made/manifests/${manifests[0]?.digest}`, {
      headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
    });
    expect(await manifest.json()).toMatchObject({
      artifactType: 'application/vnd.cyclonedx+json',
      subject: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest },
    });
  });

  it('is not put what is of another object, or is something else', async () => {
    const { host } = await registry('wrong-boms');
    const one = await build('one');
    const other = await build('other');
    const words = ['push', one.object, `${host}/one:1`, '--sbom'];
    const wrong = await bpfscript([...words, other.sbom]);
    expect(wrong).toMatchObject({ status: 5, stdout: '' });
    expect(wrong.stderr).toContain('other.cdx.json is of another object');
    const hollow = ['null', '{}', '{"component":{"properties":[null]}}'];
    const texts = hollow.map((metadata) => `{"bomFormat":"CycloneDX","metadata":${metadata}}`);
    for (const text of ['{}', 'null', 'no json', ...texts]) {
      writeFileSync(join(folder, 'none.json'), text);
      expect(await bpfscript([...words, 'none.json'])).toMatchObject({ status: 5, stdout: '' });
    }
    // Nothing was put there.
    expect((await fetch(`http://${host}/v2/one/tags/list`)).status).toBe(404);
    await bpfscript(['push', one.object, `${host}/one:1`]);
    const none = await bpfscript(['pull', `${host}/one:1`, '-o', 'x.o', '--sbom', 'x.json']);
    expect(none.status).toBe(1);
    expect(none.stderr).toContain('there is no bill of materials of one@sha256:');
    expect(existsSync(join(folder, 'x.o'))).toBe(false);
  });
});

needs('docker-registry').describe('A signature for cosign', () => {
  function keys(name: string, kind: 'ed25519' | 'ec'): { key: string; pub: string } {
    const { privateKey, publicKey } =
      kind === 'ed25519'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = join(folder, `${name}.key`);
    const pub = join(folder, `${name}.pub`);
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(pub, publicKey.export({ type: 'spki', format: 'pem' }));
    return { key, pub };
  }

  it.each(['ed25519', 'ec'] as const)(
    'of a key of %s has the form that cosign reads',
    async (kind) => {
      const { host } = await registry(`cosign-${kind}`);
      const { object } = await build(`signed-${kind}`);
      const own = keys(`own-${kind}`, kind);
      const second = keys(`second-${kind}`, kind);
      const stranger = keys(`stranger-${kind}`, kind);
      const words = ['push', object, `${host}/tools/t:1`, '--cosign-key'];
      const pushed = await bpfscript([...words, own.key]);
      expect(pushed).toMatchObject({ status: 0, stderr: '' });
      await bpfscript([...words, second.key]);

      const digest = pushed.stdout.trim().replace(/.*@/, '');
      const tag = `${digest.replace(':', '-')}.sig`;
      const answer = await fetch(`http://${host}/v2/tools/t/manifests/${tag}`, {
        headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
      });
      const image = (await answer.json()) as {
        readonly config: { readonly mediaType: string; readonly digest: string };
        readonly layers: readonly {
          readonly mediaType: string;
          readonly digest: string;
          readonly annotations: Readonly<Record<string, string>>;
        }[];
      };
      expect(image.config.mediaType).toBe('application/vnd.oci.image.config.v1+json');
      expect(image.layers).toHaveLength(2);
      const [layer] = image.layers;
      expect(layer?.mediaType).toBe('application/vnd.dev.cosign.simplesigning.v1+json');
      const blob = await fetch(`http://${host}/v2/tools/t/blobs/${layer?.digest}`);
      const payload = Buffer.from(await blob.arrayBuffer());
      expect(JSON.parse(payload.toString())).toEqual({
        critical: {
          identity: { 'docker-reference': `${host}/tools/t` },
          image: { 'docker-manifest-digest': digest },
          type: 'cosign container image signature',
        },
        optional: null,
      });
      const signature = layer?.annotations['dev.cosignproject.cosign/signature'] ?? '';
      const publicKey = createPublicKey(readFileSync(own.pub));
      const hash = kind === 'ec' ? 'sha256' : null;
      expect(verify(hash, payload, publicKey, Buffer.from(signature, 'base64'))).toBe(true);
      if (kind === 'ec') {
        // Another program finds the same.
        writeFileSync(join(folder, 'payload'), payload);
        writeFileSync(join(folder, 'payload.sig'), Buffer.from(signature, 'base64'));
        const checked = execFileSync(
          'openssl',
          ['dgst', '-sha256', '-verify', own.pub, '-signature', 'payload.sig', 'payload'],
          { cwd: folder, encoding: 'utf8' },
        );
        expect(checked).toBe('Verified OK\n');
      }

      const pull = ['pull', `${host}/tools/t:1`, '-o', `cosigned-${kind}.o`, '--cosign-key'];
      const refused = await bpfscript([...pull, stranger.pub]);
      expect(refused).toMatchObject({ status: 5, stdout: '' });
      expect(refused.stderr).toContain('is not signed with that key');
      expect(existsSync(join(folder, `cosigned-${kind}.o`))).toBe(false);
      for (const { pub } of [own, second])
        expect(await bpfscript([...pull, pub])).toMatchObject({ status: 0, stdout: pushed.stdout });
    },
  );

  it('of another artifact counts for none', async () => {
    const { host } = await registry('moved');
    const { key, pub } = keys('mover', 'ed25519');
    const good = await build('good');
    const evil = await build('evil');
    const [first, second] = [
      await bpfscript(['push', good.object, `${host}/t:1`, '--cosign-key', key]),
      await bpfscript(['push', evil.object, `${host}/t:2`]),
    ].map(({ stdout }) => stdout.trim().replace(/.*@sha256:/, ''));
    const accept = 'application/vnd.oci.image.manifest.v1+json';
    const base = `http://${host}/v2/t/manifests`;
    const image = await fetch(`${base}/sha256-${first}.sig`, { headers: { accept } });
    await fetch(`${base}/sha256-${second}.sig`, {
      method: 'PUT',
      body: await image.text(),
      headers: { 'content-type': accept },
    });
    const pulled = await bpfscript(['pull', `${host}/t:2`, '--cosign-key', pub]);
    expect(pulled).toMatchObject({ status: 5, stdout: '' });
  });

  it('is made with no other keys', async () => {
    const { object } = await build('other-keys');
    const { privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-384',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    writeFileSync(join(folder, 'p384.key'), privateKey);
    const words = ['push', object, '127.0.0.1:1/t:1', '--cosign-key', 'p384.key'];
    const { status, stderr } = await bpfscript(words);
    expect(status).toBe(2);
    expect(stderr).toContain('p384.key is a key of secp384r1, and not of ed25519 or P-256');
  });
});

describe('A registry with lists of what belongs to a manifest', () => {
  it('is asked for them, and believed nothing', async () => {
    const { object, sbom } = await build('referred');
    const kept = new Map<string, Buffer>();
    let lie: ((text: string) => string) | undefined;
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      const name = url.pathname.split('/').at(-1) ?? '';
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const body = Buffer.concat(pieces);
        if (request.method === 'POST')
          return response.writeHead(202, { location: '/v2/t/blobs/uploads/1' }).end();
        if (request.method === 'PUT') {
          kept.set(url.searchParams.get('digest') ?? name, body);
          kept.set(digestOf(body), body);
          return response.writeHead(201, { 'oci-subject': 'sha256:0' }).end();
        }
        if (url.pathname.includes('/referrers/')) {
          const manifests = [...kept].flatMap(([digest, bytes]) =>
            digest.startsWith('sha256:') && bytes.includes(`"subject":{`)
              ? [
                  {
                    mediaType: 'application/vnd.oci.image.manifest.v1+json',
                    artifactType: 'application/vnd.cyclonedx+json',
                    ...{ digest, size: bytes.length },
                  },
                ]
              : [],
          );
          const type = 'application/vnd.oci.image.index.v1+json';
          const text = JSON.stringify({ schemaVersion: 2, mediaType: type, manifests });
          return response.writeHead(200, { 'content-type': type }).end(lie?.(text) ?? text);
        }
        const found = kept.get(name);
        return found ? response.end(found) : response.writeHead(404).end();
      });
    });
    const host = `127.0.0.1:${await listening(server)}`;
    const pushed = await bpfscript(['push', object, `${host}/t:1`, '--sbom', sbom]);
    expect(pushed).toMatchObject({ status: 0, stderr: '' });
    expect([...kept.keys()].some((name) => name.startsWith('sha256-'))).toBe(false);
    const words = ['pull', `${host}/t:1`, '-o', 'r.o', '--sbom', 'r.json'];
    expect(await bpfscript(words)).toEqual(pushed);
    checkCycloneDx(readSbom(join(folder, 'r.json')));
    for (const [wrong, status] of [
      [() => 'no json', 5],
      [() => '[]', 5],
      [(text: string) => text.replace(/"size":\d+/, '"size":-1'), 5],
      [(text: string) => text.replace(/"artifactType":"[^"]*"/, '"artifactType":7'), 1],
    ] as const) {
      lie = wrong;
      expect(await bpfscript(words)).toMatchObject({ status, stdout: '' });
    }
  });
});
