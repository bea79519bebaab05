/** `bpfscript push` and `pull`, against a real registry, and one that lies. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeObject } from '../../support/build.ts';
import { needs } from '../../support/needs.ts';
import { blobFile, registries } from '../../support/registry.ts';

const { bpfscript, folder, listening, registry, started } = registries();

const SCRIPT = 'tracepoint:syscalls:sys_enter_close { @ = count(); }';

needs('docker-registry').describe('A registry', () => {
  it('takes an object and gives it back, by tag and by digest', async () => {
    const { host, data } = await registry('plain');
    const file = writeObject(folder, 'tool', SCRIPT);
    const pushed = await bpfscript(['push', file, `${host}/tools/tool:1.0`]);
    expect(pushed).toMatchObject({ status: 0, stderr: '' });
    expect(pushed.stdout).toMatch(new RegExp(`^${host}/tools/tool@sha256:[0-9a-f]{64}\\n$`));
    // Again, and by the command as it is built, it is the same.
    expect(await started(['push', file, `${host}/tools/tool:2.0`])).toEqual(pushed);

    const pulled = await started(['pull', `${host}/tools/tool:1.0`, '-o', 'back.o']);
    expect(pulled).toEqual(pushed);
    expect(readFileSync(join(folder, 'back.o'))).toEqual(readFileSync(file));
    const pinned = pushed.stdout.trim();
    expect(await bpfscript(['pull', pinned])).toEqual(pushed);
    expect(readFileSync(join(folder, 'tool.o'))).toEqual(readFileSync(file));

    const answer = await fetch(`http://${host}/v2/tools/tool/manifests/1.0`, {
      headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
    });
    expect(await answer.json()).toMatchObject({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      artifactType: 'application/vnd.bpfscript.object.v1',
      config: { mediaType: 'application/vnd.oci.empty.v1+json', size: 2 },
      annotations: { 'bpfscript.capabilities': 'CAP_BPF,CAP_PERFMON,CAP_DAC_READ_SEARCH' },
    });

    const missing = await bpfscript(['pull', `${host}/tools/tool:3.0`, '-o', 'none.o']);
    expect(missing).toMatchObject({ status: 1, stdout: '' });
    expect(missing.stderr).toContain(`${host} has no tools/tool:3.0`);
    expect(existsSync(join(folder, 'none.o'))).toBe(false);
    await damaged(host, data, file);
  });

  /** What the registry's disk has lost or changed is noticed, and nothing is written. */
  async function damaged(host: string, data: string, file: string): Promise<void> {
    const object = readFileSync(file);
    const stored = blobFile(data, `sha256:${createHash('sha256').update(object).digest('hex')}`);
    const changed = Buffer.from(object);
    changed[100] = (changed[100] ?? 0) ^ 1;
    writeFileSync(stored, changed);
    const wrong = await bpfscript(['pull', `${host}/tools/tool:1.0`, '-o', 'none.o']);
    expect(wrong).toMatchObject({ status: 5, stdout: '' });
    expect(wrong.stderr).toContain('has another digest');
    writeFileSync(stored, object.subarray(0, 1000));
    const short = await bpfscript(['pull', `${host}/tools/tool:1.0`, '-o', 'none.o']);
    expect(short).toMatchObject({ status: 5, stdout: '' });
    expect(short.stderr).toMatch(/ends in the middle|gives 1000 bytes/);
    expect(existsSync(join(folder, 'none.o'))).toBe(false);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  }

  it('holds objects of both architectures under one name', async () => {
    const { host } = await registry('both');
    const any = writeObject(folder, 'any', SCRIPT);
    const tied = writeObject(folder, 'tied', 'uprobe:/bin/sh:main { print(arg0); }');
    expect(await bpfscript(['push', any, tied, `${host}/t:1`])).toMatchObject({ status: 0 });
    for (const [machine, file] of [
      ['x86_64', tied],
      ['aarch64', any],
    ] as const) {
      expect(
        await bpfscript(['pull', `${host}/t:1`, '--arch', machine, '-o', 'chosen.o']),
      ).toMatchObject({ status: 0 });
      expect(readFileSync(join(folder, 'chosen.o'))).toEqual(readFileSync(file));
    }
    const twice = await bpfscript(['push', any, any, `${host}/t:2`]);
    expect(twice.status).toBe(2);
    expect(twice.stderr).toContain('two objects are for any architecture');
  });

  it('gets credentials of the usual file, and refuses without them', async () => {
    // bcrypt of "secret".
    const hash = '$2b$05$hqobQdNwDQFNwRGT3lcnfeqhGInJazg7zWXC2nbo/nNg7z54li9Pi';
    const { host } = await registry('closed', hash);
    const file = writeObject(folder, 'closed-tool', SCRIPT);
    const refused = await bpfscript(['push', file, `${host}/t:1`]);
    expect(refused).toMatchObject({ status: 4, stdout: '' });
    expect(refused.stderr).toContain(`${host} does not let anybody have an upload to t`);
    const config = join(folder, 'docker-config');
    mkdirSync(config);
    const put = (auth: string) =>
      writeFileSync(
        join(config, 'config.json'),
        JSON.stringify({ auths: { [host]: { auth: Buffer.from(auth).toString('base64') } } }),
      );
    put('me:wrong');
    const wrong = await bpfscript(['push', file, `${host}/t:1`], { DOCKER_CONFIG: config });
    expect(wrong).toMatchObject({ status: 4, stdout: '' });
    expect(wrong.stderr).toContain('does not let me have');
    put('me:secret');
    expect(await bpfscript(['push', file, `${host}/t:1`], { DOCKER_CONFIG: config })).toMatchObject(
      { status: 0, stderr: '' },
    );
  });
});

describe('A registry that is none, or lies', () => {
  it('is told from one that is away', async () => {
    // One of the system's, at which nothing listens.
    const { status, stderr } = await bpfscript(['pull', '127.0.0.1:2/t:1']);
    expect(status).toBe(1);
    expect(stderr).toContain('cannot reach 127.0.0.1:2: connect ECONNREFUSED');
  });

  it('gives nothing that is not what its digest says, is endless, or is something else', async () => {
    let body: (end: (text: string) => void, write: (text: string) => boolean) => void;
    const server = createServer((_request, response) => {
      body(
        (text) => response.end(text),
        (text) => response.write(text),
      );
    });
    const host = `127.0.0.1:${await listening(server)}`;
    body = (end) => end('{}');
    const pinned = await bpfscript(['pull', `${host}/t@sha256:${'0'.repeat(64)}`]);
    expect(pinned).toMatchObject({ status: 5, stdout: '' });
    expect(pinned.stderr).toContain('has another digest');
    const image = await bpfscript(['pull', `${host}/t:1`]);
    expect(image.status).toBe(5);
    expect(image.stderr).toContain('t: it is no object of bpfscript');
    body = (_end, write) => {
      const piece = 'x'.repeat(1 << 20);
      for (let i = 0; i < 6; i += 1) write(piece);
    };
    const endless = await bpfscript(['pull', `${host}/t:1`]);
    expect(endless.status).toBe(5);
    expect(endless.stderr).toContain('is longer than the 4194304 bytes');
    body = (end) => end('not json');
    expect((await bpfscript(['pull', `${host}/t:1`])).status).toBe(5);
  });

  it.each([
    'tool:1.0',
    'registry/tool:1',
    'a.b/Tool:1',
    'a.b/tool@sha256:12',
    'a.b/../x:1',
    'a.b/:1',
  ])('is not asked for %s', async (reference) => {
    const { status, stderr } = await bpfscript(['pull', reference]);
    expect(status).toBe(2);
    expect(stderr).toContain(`'${reference}' is not REGISTRY/NAME:TAG`);
  });
});
