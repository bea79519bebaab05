/** Manual pages of Markdown, bundles that are none, and what becomes of errors: by calls. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openBundle } from '../../../compiler/cli/bundle.ts';
import { isObject } from '../../../compiler/cli/check-objects.ts';
import { UserError } from '../../../compiler/cli/errors.ts';
import { talking } from '../../../compiler/cli/registry.ts';
import { escaped, roffOfMarkdown, section } from '../../../compiler/cli/roff.ts';
import { RegistryError } from '../../../compiler/registry/client.ts';
import { temporaryFolder } from '../../support/build.ts';

const folder = temporaryFolder();

describe('Markdown as roff', () => {
  it('marks what roff would read', () => {
    expect(escaped("a-b \\n\n.TH\n'x .y")).toBe("a\\-b \\en\n\\&.TH\n\\&'x .y");
  });

  it('has headings of two levels, with what follows them at once', () => {
    expect(roffOfMarkdown('## One\ntext\n\n### Two `x`\n\n# Three\n')).toEqual([
      ...['.SH One', '.PP', 'text', '.SS Two x', '.SH Three'],
    ]);
  });

  it('has paragraphs without marks, and lists', () => {
    expect(roffOfMarkdown('A [link](x.md) and **bold**\n  text:\n- one\n  more\n* two\n')).toEqual([
      ...['.PP', 'A link and bold\ntext:', '.IP \\(bu 2', 'one\nmore', '.IP \\(bu 2', 'two'],
    ]);
    expect(roffOfMarkdown('1. first\n12. second')).toEqual([
      ...['.IP \\(bu 2', 'first', '.IP \\(bu 2', 'second'],
    ]);
  });

  it('has code as it stands, whatever is in it', () => {
    expect(roffOfMarkdown('text\n```sh\n# no heading\n\n- no list\n```\nbehind')).toEqual([
      ...['.PP', 'text', '.PP', '.nf', '# no heading\n\n\\- no list', '.fi', '.PP', 'behind'],
    ]);
  });

  it('has tables as tags, without their head', () => {
    expect(
      roffOfMarkdown('| a | b | c |\n|---|---|---|\n| `x|y` | two | **3** |\n| p \\| q | r | |'),
    ).toEqual(['.TP', '.B x|y', 'two: 3', '.TP', '.B p | q', 'r']);
  });

  it('takes a part up to the next heading of its level', () => {
    const text = '# Page\n## Files\na\n### Inner\nb\n## Filesystem\nc\n';
    expect(section(text, 'Files')).toBe('a\n### Inner\nb\n');
    expect(section(text, 'Filesystem')).toBe('c\n');
    expect(section(text, 'Missing')).toBe('');
  });
});

describe('A bundle', () => {
  const open = createRequire(import.meta.url);
  const refuse = (error: unknown): never => {
    throw error;
  };
  let bundles = 0;
  function bundleOf(files: Readonly<Record<string, string>>) {
    bundles += 1;
    const at = join(folder, `bundle-${bundles}`);
    mkdirSync(at);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(at, name), text);
    let wentOn = 0;
    const goesOn = (): void => {
      wentOn += 1;
    };
    const bundle = openBundle(at, { open, refuse, goesOn });
    return { at, bundle, wentOn: () => wentOn };
  }
  const file = (...parts: readonly string[]): string => `(function () { return { ${parts} }; })`;
  const part = (name: string, body: string): string =>
    `"./${name}.js": function (exports, require, module, name, folder) { ${body} }`;

  it('is run until it has finished, of its first file alone where nothing else is used', async () => {
    const { at, bundle, wentOn } = bundleOf({
      'first.cjs': file(
        part(
          'main',
          'exports.finished = Promise.resolve().then(() => { globalThis.ranBundle = [name, folder, require("node:path").sep]; });',
        ),
        '"./other.js": "./missing.cjs"',
      ),
    });
    await bundle.run();
    expect(Reflect.get(globalThis, 'ranBundle')).toEqual([join(at, 'first.cjs'), at, '/']);
    Reflect.deleteProperty(globalThis, 'ranBundle');
    expect([...bundle.code().keys()]).toEqual([join(at, 'first.cjs.code')]);
    expect(wentOn()).toBe(0);
  });

  it('takes parts of other files when they are used, each once', async () => {
    const { at, bundle, wentOn } = bundleOf({
      'first.cjs': file(
        part('main', 'globalThis.ranBundle = require("./a.js").a + require("./b.js").b;'),
        '"./a.js": "./others.cjs"',
        '"./b.js": "./others.cjs"',
      ),
      'others.cjs': file(
        part('a', 'exports.a = [name, require("./b.js").b].join();'),
        part('b', 'globalThis.begun = (globalThis.begun ?? 0) + 1; exports.b = "!";'),
      ),
    });
    await bundle.run();
    expect(Reflect.get(globalThis, 'ranBundle')).toBe(`${join(at, 'others.cjs')},!!`);
    expect(Reflect.get(globalThis, 'begun')).toBe(1);
    for (const name of ['ranBundle', 'begun']) Reflect.deleteProperty(globalThis, name);
    expect([...bundle.code().keys()].map((path) => basename(path))).toEqual([
      'first.cjs.code',
      'others.cjs.code',
    ]);
    expect(wentOn()).toBe(1);
  });

  it.each([
    ['is no function', { 'first.cjs': '5' }, /first\.cjs is no file of a bundle$/],
    ['lacks what it begins with', { 'first.cjs': file() }, /first\.cjs has no part \.\/main\.js$/],
    [
      'lacks a file',
      { 'first.cjs': file('"./main.js": "./others.cjs"') },
      /^ENOENT: .*others\.cjs'$/,
    ],
    ['ends in the middle', { 'first.cjs': '(function () {' }, /^Unexpected end of input$/],
  ])('that %s is refused', async (_, files, what) => {
    await expect(bundleOf(files).bundle.run()).rejects.toThrow(what);
  });
});

it('An object is a file that begins as ELF files do', () => {
  writeFileSync(join(folder, 'x.o'), '\u007fELF and more');
  writeFileSync(join(folder, 'x.bt'), 'begin { }');
  expect(['x.o', 'x.bt', 'missing', ''].map((name) => isObject(join(folder, name)))).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(isObject('-')).toBe(false);
});

describe('What fails at a registry', () => {
  const failing = async (error: unknown): Promise<readonly unknown[]> => {
    try {
      await talking(() => Promise.reject(error));
    } catch (thrown) {
      if (thrown instanceof UserError) return [thrown.message, thrown.status, thrown.hint];
      throw thrown;
    }
    throw new Error('nothing was thrown');
  };
  const of = (kind: RegistryError['kind']) => failing(new RegistryError(kind, `it is ${kind}`));

  it('has the status of its kind, and a hint where one helps', async () => {
    vi.stubEnv('HTTPS_PROXY', '');
    vi.stubEnv('https_proxy', '');
    expect(await Promise.all((['away', 'missing', 'refused', 'wrong'] as const).map(of))).toEqual([
      ['it is away', 1, undefined],
      ['it is missing', 1, undefined],
      ['it is refused', 1, undefined],
      ['it is wrong', 5, undefined],
    ]);
    expect(await of('rights')).toEqual([
      ...['it is rights', 4],
      '`docker login` or `podman login` writes the credentials that are used.',
    ]);
    vi.stubEnv('https_proxy', 'http://proxy');
    expect((await of('missing'))[2]).toBeUndefined();
  });

  it('otherwise is a bug, and what does not fail is given', async () => {
    await expect(failing(new TypeError('a bug'))).rejects.toThrow(TypeError);
    expect(await talking(() => Promise.resolve(5))).toBe(5);
  });
});
