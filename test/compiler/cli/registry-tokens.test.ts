/** Registries that want tokens, and send us elsewhere: who learns what. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../compiler/registry/client.ts';
import { writeObject } from '../../support/build.ts';
import { registries } from '../../support/registry.ts';

const { bpfscript, folder, listening } = registries();

type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => unknown;

async function serving(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => answer(request, response, Buffer.concat(pieces)));
  });
  return `127.0.0.1:${await listening(server)}`;
}

/** Credentials of `me` for that registry. */
function login(host: string): { readonly DOCKER_CONFIG: string } {
  const config = join(folder, `login-${host.replace(/\W/g, '-')}`);
  mkdirSync(config);
  const auth = Buffer.from('me:secret').toString('base64');
  writeFileSync(join(config, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
  return { DOCKER_CONFIG: config };
}

const BASIC = `Basic ${Buffer.from('me:secret').toString('base64')}`;

/** A registry whose tokens are of another host, for reading or for writing, and whose blobs are on a third one. */
async function tokenRegistry() {
  const scopes: string[] = [];
  const heard: (string | undefined)[] = [];
  const kept = new Map<string, Buffer>();
  const tokens = await serving((request, response) => {
    if (request.headers.authorization !== BASIC) return response.writeHead(401).end();
    const scope = new URL(request.url ?? '', 'http://x').searchParams.get('scope') ?? '';
    scopes.push(scope);
    return response.end(JSON.stringify({ token: scope.split(':').at(-1)?.replace(',', '-') }));
  });
  const storage = await serving((request, response) => {
    heard.push(request.headers.authorization);
    response.end(kept.get(request.url?.slice(1) ?? ''));
  });
  const host = await serving((request, response, body) => {
    const url = new URL(request.url ?? '', 'http://x');
    const name = url.pathname.split('/').at(-1) ?? '';
    const writes = request.method !== 'GET' && request.method !== 'HEAD';
    const needed = writes ? 'pull,push' : 'pull';
    const token = request.headers.authorization ?? '';
    if (token !== 'Bearer pull-push' && (writes || token !== 'Bearer pull')) {
      const challenge = `Bearer realm="http://${tokens}/token",service="own",scope="repository:t:${needed}"`;
      return response.writeHead(401, { 'www-authenticate': challenge }).end();
    }
    if (request.method === 'POST')
      return response.writeHead(202, { location: '/v2/t/blobs/uploads/1?state=x' }).end();
    if (writes) {
      kept.set(url.searchParams.get('digest') ?? name, body);
      kept.set(digestOf(body), body);
      return response.writeHead(201).end();
    }
    const found = kept.get(name);
    if (!found) return response.writeHead(404).end();
    if (!url.pathname.includes('/blobs/')) return response.end(found);
    return response.writeHead(307, { location: `http://${storage}/${name}` }).end();
  });
  return { host, scopes, heard };
}

describe('A registry with tokens', () => {
  it('is shown one for what is done, and where its blobs are learns of none', async () => {
    const { host, scopes, heard } = await tokenRegistry();
    const object = writeObject(folder, 'token', 'BEGIN { exit(); }');
    const env = login(host);
    const pushed = await bpfscript(['push', object, `${host}/t:1`], env);
    expect(pushed).toMatchObject({ status: 0, stderr: '' });
    expect(scopes).toEqual(['repository:t:pull', 'repository:t:pull,push']);
    const pulled = await bpfscript(['pull', `${host}/t:1`, '-o', 'token-back.o'], env);
    expect(pulled).toEqual(pushed);
    expect(readFileSync(join(folder, 'token-back.o'))).toEqual(readFileSync(object));
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.filter((authorization) => authorization !== undefined)).toEqual([]);
    const nobody = await bpfscript(['pull', `${host}/t:1`, '-o', 'none.o']);
    expect(nobody).toMatchObject({ status: 4, stdout: '' });
  });

  it.each([
    ['no json', 5],
    ['{"token":5}', 5],
    ['{"token":"a\\r\\nb: c"}', 5],
    ['[]', 5],
    ['null', 5],
    [`{"token":"${'x'.repeat(1 << 21)}"}`, 5],
  ])('that are none is told (%#)', async (text, status) => {
    const tokens = await serving((_request, response) => response.end(text));
    const host = await serving((_request, response) =>
      response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${tokens}/"` }).end(),
    );
    const pulled = await bpfscript(['pull', `${host}/t:1`], login(host));
    expect(pulled).toMatchObject({ status, stdout: '' });
    expect(pulled.stderr).toMatch(/^ERROR: .*(gives no token|is longer than)/);
  });

  it('of a manifest that breaks off says that it is none', async () => {
    const host = await serving((_request, response) => response.end('{"layers":['));
    const pulled = await bpfscript(['pull', `${host}/t:1`, '-o', 'none.o']);
    expect(pulled).toMatchObject({ status: 5, stdout: '' });
    expect(pulled.stderr).toMatch(/^ERROR: .*its manifest is no JSON/);
  });

  it('is left alone where they are in a file', async () => {
    const host = await serving((_request, response) =>
      response.writeHead(401, { 'www-authenticate': 'Bearer realm="file:///etc/passwd"' }).end(),
    );
    const pulled = await bpfscript(['pull', `${host}/t:1`], login(host));
    expect(pulled).toMatchObject({ status: 5, stdout: '' });
    expect(pulled.stderr).toBe(`ERROR: ${host} has its tokens at file:, and not https:\n`);
  });

  it('that refuses each of them is asked twice, and not for ever', async () => {
    let asked = 0;
    const tokens = await serving((_request, response) =>
      response.end(JSON.stringify({ token: `t${asked}` })),
    );
    const host = await serving((_request, response) => {
      asked += 1;
      response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${tokens}/"` }).end();
    });
    expect((await bpfscript(['pull', `${host}/t:1`], login(host))).status).toBe(4);
    expect(asked).toBe(2);
  });
});

describe('A registry that sends us around', () => {
  it('does so a bounded number of times', async () => {
    const host = await serving((_request, response) =>
      response.writeHead(302, { location: '/again' }).end(),
    );
    const { status, stderr } = await bpfscript(['pull', `${host}/t:1`]);
    expect(status).toBe(1);
    expect(stderr).toContain(`cannot reach ${host}: redirect count exceeded`);
  });

  it.each(['http://127.0.0.1:1/v2/t/uploads', 'http://[', 'https://elsewhere.example/x'])(
    'uploads nothing to %s',
    async (location) => {
      const bodies: number[] = [];
      const host = await serving((request, response, body) => {
        bodies.push(body.length);
        if (request.method === 'POST') return response.writeHead(202, { location }).end();
        return response.writeHead(404).end();
      });
      const object = writeObject(folder, 'up', 'BEGIN { exit(); }');
      const pushed = await bpfscript(['push', object, `${host}/t:1`]);
      expect(pushed.status).toBeGreaterThan(0);
      expect(pushed.status).not.toBe(70);
      expect(pushed.stderr).toMatch(/sends uploads to|does not say where uploads go/);
      expect(Math.max(...bodies)).toBe(0);
    },
  );
});
