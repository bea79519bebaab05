/** Names of artifacts, and who we are to registries. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { credentialsFor } from '../../../compiler/registry/credentials.ts';
import { isLoopback, parseReference } from '../../../compiler/registry/reference.ts';
import { temporaryFolder } from '../../support/build.ts';

describe('a name', () => {
  const digest = `sha256:${'0a'.repeat(32)}`;

  it.each([
    ['r.example/a', 'r.example', 'a', undefined, undefined],
    ['localhost/a/b', 'localhost', 'a/b', undefined, undefined],
    ['host:5000/a_b/c--d/e__f.g:v1.2-x', 'host:5000', 'a_b/c--d/e__f.g', 'v1.2-x', undefined],
    ['[::1]:5000/a:x', '[::1]:5000', 'a', 'x', undefined],
    [`r.example/a@${digest}`, 'r.example', 'a', undefined, digest],
    [`r.example/a:v@${digest}`, 'r.example', 'a', 'v', digest],
    [`r.example/a:${'x'.repeat(128)}`, 'r.example', 'a', 'x'.repeat(128), undefined],
  ])('has registry, path, tag and digest: %s', (text, registry, name, tag, own) => {
    expect(parseReference(text)).toEqual({ registry, name, tag, digest: own });
  });

  it.each([
    ...[
      'a',
      'name/a',
      'r.example',
      'r.example/',
      'r.example/A',
      'r.example/a:',
      'r.example/a@sha256:0',
    ],
    ...['r.example/a//b', 'r.example/-a', 'r.example/a-', 'r.example/a___b', 'r.example:123456/a'],
    ...['https://r.example/a', ` r.example/a`, 'r.example/a b', `r.example/a:${'x'.repeat(129)}`],
    `r.example/a@sha512:${'0a'.repeat(32)}`,
  ])('is none: %s', (text) => {
    expect(parseReference(text)).toBeUndefined();
  });

  it('has at most 512 letters', () => {
    const path = 'a'.repeat(512 - 'r.example/'.length);
    expect(parseReference(`r.example/${path}`)?.name).toBe(path);
    expect(parseReference(`r.example/${path}a`)).toBeUndefined();
  });

  it.each([
    [true, ['localhost', 'localhost:5000', '127.0.0.1', '127.1.2.3:80', '[::1]', '[::1]:5000']],
    [
      false,
      ['localhost.example', 'xlocalhost', '128.0.0.1', '127.0.0.1.example', '[::2]', '127.0.0'],
    ],
  ])('is of this machine: %s', (is, registries) => {
    for (const registry of registries) expect(isLoopback(registry), registry).toBe(is);
  });
});

describe('credentials', () => {
  const auth = (text: string) => Buffer.from(text).toString('base64');
  const folder = temporaryFolder();
  const file = (name: string, content: unknown): string => {
    const path = join(folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };

  it('stand in the first of the files that has some, by registry', () => {
    const own = join(folder, 'home');
    mkdirSync(join(own, '.docker'), { recursive: true });
    mkdirSync(join(folder, 'run/containers'), { recursive: true });
    mkdirSync(join(folder, 'docker'), { recursive: true });
    const [home, docker] = ['home/.docker/config.json', 'docker/config.json'];
    file(home, {
      auths: { 'a.example': { auth: auth('home:pass:word') }, 'h.example': { auth: auth('h:1') } },
    });
    file(docker, { auths: { 'a.example': { auth: auth('docker:2') } } });
    file('run/containers/auth.json', { auths: { 'a.example': { auth: auth('run:3') } } });
    const named = file('named.json', {
      auths: { 'a.example': { auth: auth('named:4') }, 'e.example': {} },
    });
    const user = (environment: Record<string, string>, registry = 'a.example') =>
      credentialsFor(registry, { HOME: own, ...environment })?.user;
    expect(credentialsFor('a.example', { HOME: own })).toEqual({
      user: 'home',
      password: 'pass:word',
    });
    expect(user({ DOCKER_CONFIG: join(folder, 'docker') })).toBe('docker');
    const both = { DOCKER_CONFIG: join(folder, 'docker'), XDG_RUNTIME_DIR: join(folder, 'run') };
    expect(user(both)).toBe('run');
    expect(user({ ...both, REGISTRY_AUTH_FILE: named })).toBe('named');
    expect(user({ XDG_RUNTIME_DIR: join(folder, 'run') }, 'h.example')).toBe('h');
    expect(user({ REGISTRY_AUTH_FILE: named }, 'e.example')).toBeUndefined();
    expect(user({ REGISTRY_AUTH_FILE: join(folder, 'nothing') })).toBe('home');
    expect(user({}, 'b.example')).toBeUndefined();
  });

  it('of helpers are asked of these, by the registry, and then of nobody else', () => {
    const helper = (name: string, body: string): void => {
      const path = file(`docker-credential-${name}`, `#!/bin/sh\n${body}\n`);
      chmodSync(path, 0o755);
    };
    helper('own', 'read -r r; echo "{\\"Username\\":\\"$1 $r\\",\\"Secret\\":\\"s\\"}"');
    helper('none', 'exit 1');
    helper('odd', 'echo "{\\"Username\\":5}"');
    vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
    const config = file('helpers.json', {
      credHelpers: {
        'none.example': 'none',
        'odd.example': 'odd',
        'gone.example': 'gone',
        'bad.example': '../x',
      },
      credsStore: 'own',
      auths: { 'none.example': { auth: auth('a:b') } },
    });
    const of = (registry: string) =>
      credentialsFor(registry, { REGISTRY_AUTH_FILE: config, HOME: join(folder, 'nowhere') });
    expect(of('any.example')).toEqual({ user: 'get any.example', password: 's' });
    expect([of('none.example'), of('odd.example')]).toEqual([undefined, undefined]);
    expect(() => of('gone.example')).toThrow('cannot run docker-credential-gone');
    expect(() => of('bad.example')).toThrow("'../x' is not the name of a helper");
  });

  it('that are wrong are an error of their file', () => {
    const of = (content: unknown) => {
      const path = file('wrong.json', content);
      return () =>
        credentialsFor('a.example', { REGISTRY_AUTH_FILE: path, HOME: join(folder, 'nowhere') });
    };
    for (const wrong of ['{', 'null', '5']) expect(of(wrong)).toThrow('wrong.json is not JSON');
    for (const text of ['user', ':password'])
      expect(of({ auths: { 'a.example': { auth: auth(text) } } })).toThrow(
        'the credentials of a.example are not USER:PASSWORD',
      );
    expect(of({ auths: { 'a.example': { auth: auth('u:') } } })()).toEqual({
      user: 'u',
      password: '',
    });
    for (const none of ['', 5, undefined])
      expect(of({ auths: { 'a.example': { auth: none } } })()).toBeUndefined();
    expect(() => credentialsFor('a.example', { REGISTRY_AUTH_FILE: folder })).toThrow(
      `cannot read ${folder}`,
    );
  });
});
