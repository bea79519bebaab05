/** Registries that are reached by a proxy alone. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer as createProxy, request as forward, type IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeObject } from '../../support/build.ts';
import { registries } from '../../support/registry.ts';

const { started, folder, listening, registry } = registries();

const HOST = 'registry.test';

/** Debian's registry behind TLS, under a name that only the proxy knows. */
async function secure(): Promise<number> {
  const { host } = await registry('behind');
  const [key, certificate] = ['key.pem', 'ca.pem'].map((name) => join(folder, name)) as [
    string,
    string,
  ];
  const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=${HOST} -addext subjectAltName=DNS:${HOST} -keyout ${key} -out ${certificate}`;
  execFileSync('openssl', words.split(' '), { stdio: 'ignore' });
  const server = createServer(
    { key: readFileSync(key), cert: readFileSync(certificate) },
    (request, response) => {
      const headers = { ...request.headers, 'x-forwarded-proto': 'https' };
      const { method = 'GET', url = '/' } = request;
      const behind = forward(`http://${host}${url}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      request.pipe(behind);
    },
  );
  return await listening(server);
}

/** A proxy that says whom it was asked to connect with, and by whom. */
async function proxying(port: number) {
  const asked: (string | undefined)[][] = [];
  const server = createProxy();
  server.on('connect', (request: IncomingMessage, client) => {
    asked.push([request.url, request.headers['proxy-authorization']]);
    const there = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(there).pipe(client);
    });
    for (const end of [client, there]) end.on('error', () => client.destroy());
  });
  return { address: `127.0.0.1:${await listening(server)}`, asked };
}

it('puts objects there and gets them back by the proxy that the environment names', async () => {
  const { address, asked } = await proxying(await secure());
  const object = writeObject(
    folder,
    'proxied',
    'tracepoint:syscalls:sys_enter_close { @ = count(); }',
  );
  const env = {
    HTTPS_PROXY: `http://me:secret@${address}`,
    NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
  };
  const name = `${HOST}/tools/proxied:1`;
  const pushed = await started(['push', object, name], env);
  expect(pushed.stderr).toBe('');
  expect(pushed.stdout).toMatch(/^registry\.test\/tools\/proxied@sha256:[0-9a-f]{64}\n$/);
  const back = join(folder, 'back.o');
  const pulled = await started(['pull', name, '-o', back], env);
  expect(pulled).toMatchObject({ status: 0, stderr: '' });
  expect(readFileSync(back).equals(readFileSync(object))).toBe(true);
  expect(asked.length).toBeGreaterThan(0);
  const login = `Basic ${Buffer.from('me:secret').toString('base64')}`;
  for (const each of asked) expect(each).toEqual([`${HOST}:443`, login]);

  const count = asked.length;
  const around = await started(['pull', name, '-o', back], { ...env, NO_PROXY: HOST });
  expect(around.status).toBe(1);
  expect(around.stderr).toContain(`cannot reach ${HOST}`);
  expect(asked.length).toBe(count);
});

it('says when the proxy is away, or refuses', async () => {
  const refusing = createProxy();
  refusing.on('connect', (_, client) =>
    client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'),
  );
  const address = `127.0.0.1:${await listening(refusing)}`;
  for (const proxy of [`http://${address}`, 'http://127.0.0.1:1']) {
    const { status, stderr, stdout } = await started(['pull', `${HOST}/t:1`, '-o', 'never.o'], {
      HTTPS_PROXY: proxy,
    });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^ERROR: cannot reach registry\.test: .+/);
  }
});
