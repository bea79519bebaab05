/** Manual pages of Markdown, bundles that are none, and what becomes of errors: by calls. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  it('is a function that is run until it has finished', async () => {
    const file = join(folder, 'good.cjs');
    writeFileSync(
      file,
      '(function (exports, require, module, name, folder) { exports.finished = Promise.resolve().then(() => { globalThis.ranBundle = [name, folder, require("node:path").sep]; }); })',
    );
    const bundle = openBundle(file);
    await bundle.run();
    expect(Reflect.get(globalThis, 'ranBundle')).toEqual([file, folder, '/']);
    Reflect.deleteProperty(globalThis, 'ranBundle');
    expect(bundle.code().length).toBeGreaterThan(0);
  });

  it('that is no function is refused', async () => {
    const file = join(folder, 'none.cjs');
    writeFileSync(file, '5');
    await expect(openBundle(file).run()).rejects.toThrow(`${file} is no bundle`);
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
