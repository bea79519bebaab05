/** Requests that go by a proxy: fetch of Node.js obeys HTTPS_PROXY only from version 24 on, and where it is told to. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import redirecting from 'follow-redirects';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';

/** As fetch, by the proxy that HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY name for the address, if they do. */
export async function fetchByProxy(url: string, init: RequestInit): Promise<Response> {
  const proxy = getProxyForUrl(url);
  if (proxy === '') return await fetch(url, init);
  // By CONNECT in either case: what is said stays between us and the registry.
  const agent = new HttpsProxyAgent(proxy);
  let refused: number | undefined;
  agent.on('proxyConnect', ({ statusCode }: { readonly statusCode: number }) => {
    if (statusCode !== 200) refused = statusCode;
  });
  const { request } = url.startsWith('https:') ? redirecting.https : redirecting.http;
  const answer = await new Promise<IncomingMessage & { readonly responseUrl: string }>(
    (resolve, reject) => {
      const asked = request(
        url,
        {
          method: init.method ?? 'GET',
          headers: Object.fromEntries(new Headers(init.headers)),
          agents: { http: agent, https: agent },
          // As undici does for fetch.
          maxRedirects: 20,
          ...(init.signal ? { signal: init.signal } : {}),
        },
        resolve,
      );
      asked.on('error', reject);
      asked.end(init.body ?? undefined);
    },
  );
  // The agent hands it on as if the registry had said it.
  if (refused !== undefined) {
    answer.destroy();
    throw new Error(`the proxy ${new URL(proxy).host} answers ${refused}`);
  }
  const status = answer.statusCode ?? 0;
  const hasBody = init.method !== 'HEAD' && status !== 204 && status !== 304;
  const headers = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  const body = hasBody ? (Readable.toWeb(answer) as ReadableStream<Uint8Array>) : null;
  const response = new Response(body, { status, headers });
  // They are empty in a response that is made by hand.
  Object.defineProperty(response, 'url', { value: answer.responseUrl });
  Object.defineProperty(response, 'redirected', { value: answer.responseUrl !== url });
  return response;
}
