/**
 * The part of the distribution specification (OCI, 1.1) that puts blobs and manifests into a registry and gets them
 * back. Nothing that a registry says is believed: sizes are bounded, and bytes are what their digest says.
 */
import { createHash } from 'node:crypto';
import type { Credentials } from './credentials.ts';
import { isLoopback, type Reference } from './reference.ts';

/** `kind` says what is to be done about it. */
export class RegistryError extends Error {
  readonly kind: 'away' | 'rights' | 'missing' | 'wrong' | 'refused';

  constructor(kind: RegistryError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface Client {
  /** Does nothing where the registry has it. */
  putBlob(bytes: Uint8Array): Promise<void>;
  /** Whether the registry lists it for the manifest that it belongs to. */
  putManifest(bytes: Uint8Array, mediaType: string, under: string): Promise<boolean>;
  /** By tag or digest, of which it has to be. */
  getManifest(which: string): Promise<Uint8Array>;
  getBlob(blob: Descriptor): Promise<Uint8Array>;
  /** The index of all that belongs to a manifest; undefined where the registry has no such lists. */
  getReferrers(digest: string): Promise<Uint8Array | undefined>;
}

const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
const MANIFEST_TYPES = `application/vnd.oci.image.manifest.v1+json, ${INDEX_TYPE}`;
const MOST_MANIFEST = 4 << 20;
const MOST_BLOB = 64 << 20;
const MOST_TOKEN = 1 << 20;
const TIMEOUT = 120_000;

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export interface ClientOptions {
  readonly credentials: Credentials | undefined;
  /** Without TLS, though the registry is another machine. */
  readonly plain: boolean;
}

export function createClient({ registry, name }: Reference, options: ClientOptions): Client {
  const isPlain = options.plain || isLoopback(registry);
  const base = `${isPlain ? 'http' : 'https'}://${registry}/v2/${name}`;
  let authorization: string | undefined;

  async function send(url: string, init: RequestInit): Promise<Response> {
    const headers = { ...init.headers, ...(authorization === undefined ? {} : { authorization }) };
    // Where it sends us is another place, to which we say nothing of who we are: fetch leaves that header out.
    const answer = await reach(registry, url, { ...init, headers });
    if (isPlain || !answer.redirected || answer.url.startsWith('https:')) return answer;
    throw new RegistryError('refused', `${registry} sends us to ${answer.url}, without TLS`);
  }

  /** Asks once more with what the registry wants to know of us: tokens are for some things, and not for all. */
  async function request(path: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(path, `${base}/`).toString();
    if (new URL(url).origin !== new URL(base).origin)
      throw new RegistryError('refused', `${registry} sends uploads to ${new URL(url).host}`);
    const first = await send(url, init);
    if (first.status !== 401) return first;
    const known = await authorize(first.headers.get('www-authenticate') ?? '');
    if (known === undefined || known === authorization) return first;
    await first.body?.cancel();
    authorization = known;
    return await send(url, init);
  }

  async function authorize(challenge: string): Promise<string | undefined> {
    const { credentials } = options;
    const basic =
      credentials &&
      `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`;
    if (/^basic\b/i.test(challenge)) return basic;
    const realm = /\brealm="([^"]+)"/i.exec(challenge)?.[1];
    if (!/^bearer\b/i.test(challenge) || realm === undefined || !URL.canParse(realm))
      return undefined;
    const url = new URL(realm);
    if (!/^https?:$/.test(url.protocol))
      throw new RegistryError(
        'wrong',
        `${registry} has its tokens at ${url.protocol}, and not https:`,
      );
    if (url.protocol !== 'https:' && !isPlain)
      throw new RegistryError(
        'refused',
        `${registry} asks for a password without TLS, at ${url.host}`,
      );
    for (const part of ['service', 'scope']) {
      const value = new RegExp(`\\b${part}="([^"]*)"`, 'i').exec(challenge)?.[1];
      if (value !== undefined) url.searchParams.set(part, value);
    }
    const answer = await reach(url.host, url.toString(), {
      headers: basic === undefined ? {} : { authorization: basic },
    });
    if (!answer.ok) return undefined;
    const token = tokenIn(await readBody(answer, MOST_TOKEN, `the token of ${url.host}`));
    if (token === undefined) throw new RegistryError('wrong', `${url.host} gives no token`);
    return `Bearer ${token}`;
  }

  async function check(answer: Response, what: string): Promise<Response> {
    if (answer.ok) return answer;
    const said = sayings(await readBody(answer, MOST_TOKEN).catch(() => new Uint8Array()));
    if (answer.status === 401 || answer.status === 403)
      throw new RegistryError(
        'rights',
        `${registry} does not let ${options.credentials ? options.credentials.user : 'anybody'} have ${what}${said}`,
      );
    if (answer.status === 404)
      throw new RegistryError('missing', `${registry} has no ${what.replace(/^an /, '')}${said}`);
    throw new RegistryError('refused', `${registry} answers ${answer.status} to ${what}${said}`);
  }

  return {
    async putBlob(bytes) {
      const digest = digestOf(bytes);
      const known = await request(`${base}/blobs/${digest}`, { method: 'HEAD' });
      if (known.ok) return;
      const begun = await check(
        await request(`${base}/blobs/uploads/`, { method: 'POST' }),
        `an upload to ${name}`,
      );
      await begun.body?.cancel();
      const location = begun.headers.get('location');
      if (location === null)
        throw new RegistryError('refused', `${registry} does not say where uploads go`);
      if (!URL.canParse(location, `${base}/`))
        throw new RegistryError('wrong', `${registry} does not say where uploads go`);
      const url = new URL(location, `${base}/`);
      url.searchParams.set('digest', digest);
      const done = await check(
        await request(url.toString(), {
          method: 'PUT',
          body: bytes as Uint8Array<ArrayBuffer>,
          headers: { 'content-type': 'application/octet-stream' },
        }),
        `a blob of ${name}`,
      );
      await done.body?.cancel();
    },
    async putManifest(bytes, mediaType, under) {
      const done = await check(
        await request(`${base}/manifests/${under}`, {
          method: 'PUT',
          body: bytes as Uint8Array<ArrayBuffer>,
          headers: { 'content-type': mediaType },
        }),
        `${name}:${under}`,
      );
      await done.body?.cancel();
      return done.headers.has('oci-subject');
    },
    async getReferrers(digest) {
      const path = `${base}/referrers/${digest}`;
      const answer = await request(path, { headers: { accept: INDEX_TYPE } });
      const type = answer.headers.get('content-type') ?? '';
      // Others answer what is not there with a page of theirs.
      if (answer.status === 404 || (answer.ok && !type.startsWith(INDEX_TYPE))) {
        await answer.body?.cancel();
        return undefined;
      }
      const what = `${name}: what belongs to ${digest}`;
      return await readBody(await check(answer, what), MOST_MANIFEST, what);
    },
    async getManifest(which) {
      const what = `${name}${which.startsWith('sha256:') ? '@' : ':'}${which}`;
      const answer = await check(
        await request(`${base}/manifests/${which}`, { headers: { accept: MANIFEST_TYPES } }),
        what,
      );
      const bytes = await readBody(answer, MOST_MANIFEST, what);
      if (which.startsWith('sha256:') && digestOf(bytes) !== which)
        throw new RegistryError('wrong', `what ${registry} gives for ${what} has another digest`);
      return bytes;
    },
    async getBlob({ digest, size }) {
      const what = `${name}@${digest}`;
      if (size > MOST_BLOB) throw new RegistryError('wrong', `${what} has ${size} bytes: too many`);
      const bytes = await readBody(
        await check(await request(`${base}/blobs/${digest}`), what),
        size,
        what,
      );
      if (bytes.length !== size)
        throw new RegistryError(
          'wrong',
          `${registry} gives ${bytes.length} bytes of ${what}, which has ${size}`,
        );
      if (digestOf(bytes) !== digest)
        throw new RegistryError('wrong', `what ${registry} gives for ${what} has another digest`);
      return bytes;
    },
  };
}

/** What names one; in capitals, too. */
const PROXIES = ['https_proxy', 'http_proxy', 'all_proxy'];

async function reach(host: string, url: string, init: RequestInit): Promise<Response> {
  const bounded = { ...init, signal: AbortSignal.timeout(TIMEOUT) };
  try {
    const named = PROXIES.some((name) => process.env[name] ?? process.env[name.toUpperCase()]);
    // This machine's own addresses are nobody else's, as for docker.
    if (!named || isLoopback(new URL(url).host)) return await fetch(url, bounded);
    // Read where it is needed: most have no proxy, and every start would read it.
    const { fetchByProxy } = await import('./proxy.ts');
    return await fetchByProxy(url, bounded);
  } catch (error) {
    throw new RegistryError('away', `cannot reach ${host}: ${reasonOf(error)}`);
  }
}

/** fetch says that it failed, and its cause says why. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof AggregateError) return reasonOf({ cause: cause.errors[0] });
  if (cause instanceof Error)
    return cause.message || ('code' in cause ? String(cause.code) : cause.name);
  return error instanceof Error ? error.message : String(error);
}

/** At most so many bytes. */
async function readBody(answer: Response, most: number, what = 'an answer'): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of answer.body ?? []) {
      size += piece.length;
      if (size > most)
        throw new RegistryError(
          'wrong',
          `${what} is longer than the ${most} bytes that it should have`,
        );
      pieces.push(piece);
    }
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    throw new RegistryError('wrong', `${what} ends in the middle: ${reasonOf(error)}`);
  }
  return Buffer.concat(pieces);
}

/** What can stand in a header. */
function tokenIn(bytes: Uint8Array): string | undefined {
  try {
    const body = JSON.parse(Buffer.from(bytes).toString()) as Readonly<Record<string, unknown>>;
    const token = body.token ?? body.access_token;
    return typeof token === 'string' && /^[\x21-\x7e]+$/.test(token) ? token : undefined;
  } catch {
    return undefined;
  }
}

/** `{"errors":[{"code":"DENIED","message":"..."}]}` => `: ...` */
function sayings(bytes: Uint8Array): string {
  try {
    const { errors } = JSON.parse(Buffer.from(bytes).toString()) as {
      readonly errors?: readonly { readonly message?: unknown }[];
    };
    const message = errors?.[0]?.message;
    return typeof message === 'string' ? `: ${message.replace(/\p{Cc}/gu, '?').slice(0, 200)}` : '';
  } catch {
    return '';
  }
}
