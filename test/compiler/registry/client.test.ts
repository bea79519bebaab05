/** What the client asks of a registry, and what it takes for an answer: a server of this process stands for it. */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type ClientOptions,
  createClient,
  digestOf,
  RegistryError,
} from '../../../compiler/registry/client.ts';

type Answer = (
  request: IncomingMessage,
  body: string,
) => readonly [
  status: number,
  headers?: Readonly<Record<string, string>>,
  body?: string | Uint8Array,
];

const servers: ReturnType<typeof createServer>[] = [];
// With a proxy requests would go another way, but for those to this machine.
beforeEach(() => {
  for (const name of ['https_proxy', 'http_proxy', 'all_proxy']) {
    vi.stubEnv(name, undefined);
    vi.stubEnv(name.toUpperCase(), undefined);
  }
});
afterEach(() => {
  vi.unstubAllGlobals();
  for (const server of servers.splice(0)) server.close();
});

async function clientOf(answer: Answer, credentials?: ClientOptions['credentials']) {
  const seen: string[] = [];
  const listen: RequestListener = (request, response) => {
    let body = '';
    request.setEncoding('latin1');
    request.on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      const { authorization, accept, 'content-type': type } = request.headers;
      const said = [authorization, accept === '*/*' ? undefined : accept, type].filter(Boolean);
      seen.push([request.method, request.url, ...said, body].join(' ').trim());
      const [status, headers = {}, text = ''] = answer(request, body);
      response.writeHead(status, headers).end(text);
    });
  };
  const server = createServer(listen);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createClient(
    { registry, name: 'a/b', tag: undefined, digest: undefined },
    { credentials, plain: false },
  );
  return { client, seen, registry };
}

/** Why it failed, by kind and in words; the registry's own address left out. */
async function failure(what: Promise<unknown>, registry: string): Promise<string> {
  const error = await what.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof RegistryError)) return `no failure: ${String(error)}`;
  return `${error.kind}: ${error.message}`.replaceAll(registry, 'R');
}

const bytes = Buffer.from('bytes');
const digest = digestOf(bytes);
const blob = { mediaType: 'x', digest, size: bytes.length };

describe('a blob', () => {
  it('is put where the registry says, and not at all where it has it', async () => {
    const has = await clientOf(() => [200]);
    await has.client.putBlob(bytes);
    expect(has.seen).toEqual([`HEAD /v2/a/b/blobs/${digest}`]);
    const lacks = await clientOf(({ method }) => {
      if (method === 'HEAD') return [404];
      return method === 'POST' ? [202, { location: '/up?x=1' }] : [201];
    });
    await lacks.client.putBlob(bytes);
    expect(lacks.seen).toEqual([
      `HEAD /v2/a/b/blobs/${digest}`,
      'POST /v2/a/b/blobs/uploads/',
      `PUT /up?x=1&digest=${encodeURIComponent(digest)} application/octet-stream bytes`,
    ]);
  });

  it('goes to no other place, and to none that is no place', async () => {
    const put = async (headers: Readonly<Record<string, string>>) => {
      const { client, registry } = await clientOf(({ method }) =>
        method === 'HEAD' ? [404] : [202, headers],
      );
      return await failure(client.putBlob(bytes), registry);
    };
    expect(await put({})).toBe('refused: R does not say where uploads go');
    expect(await put({ location: 'http://[' })).toBe('wrong: R does not say where uploads go');
    expect(await put({ location: 'http://other.example/up' })).toBe(
      'refused: R sends uploads to other.example',
    );
  });

  it('is what its digest says, and as long as it should be', async () => {
    const get = async (body: string, descriptor = blob) => {
      const { client, registry } = await clientOf(() => [200, {}, body]);
      return await client.getBlob(descriptor).then(
        (got) => Buffer.from(got).toString(),
        async () => await failure(client.getBlob(descriptor), registry),
      );
    };
    expect(await get('bytes')).toBe('bytes');
    expect(await get('byte')).toBe(`wrong: R gives 4 bytes of a/b@${digest}, which has 5`);
    expect(await get('bytes!')).toBe(
      `wrong: a/b@${digest} is longer than the 5 bytes that it should have`,
    );
    expect(await get('bytez')).toBe(`wrong: what R gives for a/b@${digest} has another digest`);
    expect(await get('', { ...blob, size: (64 << 20) + 1 })).toBe(
      `wrong: a/b@${digest} has 67108865 bytes: too many`,
    );
  });
});

describe('a manifest', () => {
  it('is put with its type, and the registry says whether it lists what it belongs to', async () => {
    const plain = await clientOf(() => [201]);
    expect(await plain.client.putManifest(bytes, 'type/x', 'v1')).toBe(false);
    expect(plain.seen).toEqual(['PUT /v2/a/b/manifests/v1 type/x bytes']);
    const lists = await clientOf(() => [201, { 'oci-subject': digest }]);
    expect(await lists.client.putManifest(bytes, 'type/x', 'v1')).toBe(true);
  });

  it('is got by tag as it is, and by digest where it has that', async () => {
    const { client, seen, registry } = await clientOf(() => [200, {}, 'bytes']);
    expect(Buffer.from(await client.getManifest('v1')).toString()).toBe('bytes');
    expect(Buffer.from(await client.getManifest(digest)).toString()).toBe('bytes');
    expect(seen[0]).toMatch(
      /^GET \/v2\/a\/b\/manifests\/v1 .*manifest\.v1\+json, .*index\.v1\+json$/,
    );
    const other = digestOf(Buffer.from('other'));
    expect(await failure(client.getManifest(other), registry)).toBe(
      `wrong: what R gives for a/b@${other} has another digest`,
    );
  });
});

describe('lists of what belongs to something', () => {
  const INDEX = 'application/vnd.oci.image.index.v1+json';
  const got = async (...answer: ReturnType<Answer>) => {
    const { client } = await clientOf(() => answer);
    const list = await client.getReferrers(digest);
    return list && Buffer.from(list).toString();
  };

  it('are there, or the registry has none', async () => {
    expect(await got(200, { 'content-type': INDEX }, '{}')).toBe('{}');
    expect(await got(200, { 'content-type': `${INDEX}; charset=utf-8` }, '{}')).toBe('{}');
    expect(await got(200, { 'content-type': 'text/html' }, 'a page')).toBeUndefined();
    expect(await got(404, {}, 'nothing')).toBeUndefined();
    await expect(got(500, { 'content-type': INDEX }, '')).rejects.toThrow('answers 500');
  });
});

describe('what a registry does not do', () => {
  it('is told with what it says, in one line and not too long', async () => {
    const get = async (
      status: number,
      body: unknown,
      credentials?: ClientOptions['credentials'],
    ) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const { client, registry } = await clientOf(() => [status, {}, text], credentials);
      return await failure(client.getManifest('v1'), registry);
    };
    const saying = (message: unknown) => ({
      errors: [{ code: 'X', message }, { message: 'more' }],
    });
    expect(await get(404, saying('gone\nfor good'))).toBe(
      'missing: R has no a/b:v1: gone?for good',
    );
    expect(await get(500, 'not JSON')).toBe('refused: R answers 500 to a/b:v1');
    expect(await get(500, {})).toBe('refused: R answers 500 to a/b:v1');
    expect(await get(500, { errors: [] })).toBe('refused: R answers 500 to a/b:v1');
    expect(await get(500, saying(5))).toBe('refused: R answers 500 to a/b:v1');
    expect(await get(403, {})).toBe('rights: R does not let anybody have a/b:v1');
    expect(await get(403, {}, { user: 'me', password: 'x' })).toBe(
      'rights: R does not let me have a/b:v1',
    );
    expect(await get(500, saying('y'.repeat(300)))).toMatch(/: y{200}$/);
  });

  it('is told where nobody is there', async () => {
    const { client, registry } = await clientOf(() => [200]);
    servers.at(-1)?.close();
    servers.at(-1)?.closeAllConnections();
    expect(await failure(client.getManifest('v1'), registry)).toMatch(
      /^away: cannot reach R: .*ECONNREFUSED/,
    );
  });
});

describe('TLS', () => {
  it('is there on the way to all but this machine, unless it is left out by a flag', async () => {
    const asked = async (registry: string, plain: boolean): Promise<string> => {
      let url = '';
      vi.stubGlobal('fetch', async (to: string) => {
        url = to;
        return new Response('bytes');
      });
      const reference = { registry, name: 'a/b', tag: undefined, digest: undefined };
      await createClient(reference, { credentials: undefined, plain }).getManifest('v1');
      return url.replace('/v2/a/b/manifests/v1', '');
    };
    expect(await asked('r.example', false)).toBe('https://r.example');
    expect(await asked('r.example:5000', true)).toBe('http://r.example:5000');
    expect(await asked('localhost:5000', false)).toBe('http://localhost:5000');
  });
});

describe('who we are', () => {
  const me = { user: 'me', password: 'pass:word' };
  const basic = `Basic ${Buffer.from('me:pass:word').toString('base64')}`;

  it('is said where the registry asks, and then each time', async () => {
    const { client, seen } = await clientOf(
      ({ headers }) =>
        headers.authorization === basic
          ? [200, {}, 'bytes']
          : [401, { 'www-authenticate': 'Basic realm="x"' }],
      me,
    );
    await client.getManifest('v1');
    await client.getManifest('v2');
    const asked = seen.map((line) => [/manifests\/(\w+)/.exec(line)?.[1], line.includes(basic)]);
    expect(asked).toEqual([
      ['v1', false],
      ['v1', true],
      ['v2', true],
    ]);
  });

  it('becomes a token where the registry has some', async () => {
    let own = '';
    const { client, seen, registry } = await clientOf(({ url = '', headers }) => {
      if (url.startsWith('/token')) return [200, {}, JSON.stringify({ token: 'T0' })];
      if (headers.authorization === 'Bearer T0') return [200, {}, 'bytes'];
      const challenge = `Bearer realm="http://${own}/token",service="s x",scope="pull"`;
      return [401, { 'www-authenticate': challenge }];
    }, me);
    own = registry;
    expect(Buffer.from(await client.getManifest('v1')).toString()).toBe('bytes');
    expect(seen[1]).toBe(`GET /token?service=s+x&scope=pull ${basic}`);
    expect(seen[2]).toContain('Bearer T0');
  });

  it.each([
    ['no challenge', ''],
    ['another one', 'Digest realm="http://x/"'],
    ['one without a place', 'Bearer service="x"'],
    ['one with no place', 'Bearer realm="no place"'],
  ])('is asked for in vain by %s', async (_, challenge) => {
    const { client, registry, seen } = await clientOf(
      () => [401, { 'www-authenticate': challenge }],
      me,
    );
    expect(await failure(client.getManifest('v1'), registry)).toBe(
      'rights: R does not let me have a/b:v1',
    );
    expect(seen).toHaveLength(1);
  });

  it('is told to nobody whose tokens are of another kind, or none', async () => {
    const asked = async (realm: (registry: string) => string, token: unknown) => {
      let own = '';
      const { client, registry } = await clientOf(({ url = '' }) =>
        url.startsWith('/token')
          ? [200, {}, JSON.stringify(token)]
          : [401, { 'www-authenticate': `Bearer realm="${realm(own)}"` }],
      );
      own = registry;
      return await failure(client.getManifest('v1'), registry);
    };
    const here = (registry: string): string => `http://${registry}/token`;
    expect(await asked(() => 'ftp://x/', {})).toBe(
      'wrong: R has its tokens at ftp:, and not https:',
    );
    for (const token of [{}, { token: 5 }, { token: 'two words' }, { token: '' }])
      expect(await asked(here, token)).toBe('wrong: R gives no token');
    expect(await asked(here, { access_token: 'T' })).toBe(
      'rights: R does not let anybody have a/b:v1',
    );
  });
});
