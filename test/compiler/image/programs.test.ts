/** Programs that unpack a kernel's files, where they are missing, fail, or say nothing. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { filesOf, unpackedModules } from '../../../compiler/image/files.ts';
import { unpack } from '../../../compiler/image/unpack.ts';
import { temporaryFolder } from '../../support/build.ts';

const folder = temporaryFolder();
let count = 0;

/** What `use` gives or throws where these programs stand first in PATH; undefined: it is in no folder of PATH. */
function withPrograms<Result>(
  programs: Readonly<Record<string, string | undefined>>,
  use: () => Result,
): Result {
  count += 1;
  const own = join(folder, `programs${count}`);
  mkdirSync(own);
  const isMissing = Object.values(programs).includes(undefined);
  if (isMissing)
    for (const name of ['sh', 'tar', 'dpkg-deb', 'xz', 'zstd', 'cat'])
      if (!(name in programs)) symlinkSync(whereIs(name), join(own, name));
  for (const [name, body] of Object.entries(programs)) {
    if (body === undefined) continue;
    writeFileSync(join(own, name), `#!${whereIs('sh')}\n${body}\n`);
    chmodSync(join(own, name), 0o755);
  }
  vi.stubEnv('PATH', isMissing ? own : `${own}:${process.env.PATH}`);
  try {
    return use();
  } finally {
    vi.unstubAllEnvs();
  }
}

function whereIs(name: string): string {
  const found = (process.env.PATH ?? '').split(':').find((each) => existsSync(join(each, name)));
  if (found === undefined) throw new Error(`there is no ${name}`);
  return join(found, name);
}

const XZ = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 1, 2, 3]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3]);

describe.each([
  ['xz', XZ],
  ['zstd', ZSTD],
] as const)('what is packed with %s', (program, bytes) => {
  it('is what the program writes, whatever it says of what follows', () => {
    const body = 'cat >/dev/null; printf whole; exit 1';
    expect(withPrograms({ [program]: body }, () => unpack(bytes)).toString()).toBe('whole');
  });

  it('cannot be unpacked where the program writes nothing, or is ended', () => {
    for (const body of ['cat >/dev/null; exit 1', 'cat >/dev/null'])
      expect(() => withPrograms({ [program]: body }, () => unpack(bytes))).toThrow(
        `it cannot be unpacked with ${program}`,
      );
  });

  it('says which program is missing', () => {
    expect(() => withPrograms({ [program]: undefined }, () => unpack(bytes))).toThrow(
      `it is packed with ${program}, which is not installed`,
    );
  });

  it('cannot be unpacked by a file that is no program, though that writes nothing', () => {
    const large = Buffer.concat([bytes, Buffer.alloc(1 << 20)]);
    // It reads nothing, so that writing to it fails; what it wrote is not taken.
    expect(() => withPrograms({ [program]: 'exec <&-; printf part' }, () => unpack(large))).toThrow(
      `it cannot be unpacked with ${program}`,
    );
  });
});

describe('a package', () => {
  const file = join(folder, 'some.deb');
  writeFileSync(file, '!<arch>\nwhatever');
  const open = (programs: Readonly<Record<string, string | undefined>>) => {
    const target = join(folder, `target${count}`);
    const steps: string[] = [];
    try {
      const files = withPrograms(programs, () => filesOf(file, target, (step) => steps.push(step)));
      return { files: files.map((each) => basename(each)), steps, archives: archives() };
    } catch (error) {
      return { said: (error as Error).message, steps, archives: archives() };
    }
  };
  const archives = () => readdirSync(folder).filter((name) => name.endsWith('.tar'));
  const packs = (...names: readonly string[]) => `printf '%s\\n' ${names.join(' ')}`;
  const tar = (list: string, extract: string) => `case $1 in -tf) ${list};; -xf) ${extract};; esac`;

  it('has the folders that are asked for, as far as they are in it', () => {
    const found = open({
      'dpkg-deb': 'echo archive',
      tar: tar(
        packs('./', './boot/', './boot/vmlinuz', './usr/lib/modules/x.ko', './lib/modules-load.d'),
        'for word; do case $word in ./*) echo "$word" >>"$4/asked";; esac; done',
      ),
    });
    expect(found).toEqual({ files: ['asked'], steps: ['unpacking some.deb'], archives: [] });
  });

  it('with none of them has no files, and nothing is unpacked', () => {
    const programs = { 'dpkg-deb': 'echo archive', tar: tar(packs('./etc/boot/x'), 'exit 1') };
    expect(open(programs)).toEqual({ files: [], steps: ['unpacking some.deb'], archives: [] });
  });

  it.each<[string, Readonly<Record<string, string | undefined>>, string]>([
    [
      'dpkg-deb is missing',
      { 'dpkg-deb': undefined },
      'dpkg-deb, which unpacks it, is not installed',
    ],
    [
      'it is none',
      { 'dpkg-deb': 'echo "no archive " >&2; exit 2' },
      `${file} is no Debian package: no archive`,
    ],
    [
      'its archive cannot be listed',
      { 'dpkg-deb': 'echo archive', tar: tar('echo "cut off" >&2; exit 2', ':') },
      'the archive in the package is damaged: cut off',
    ],
    [
      'tar is missing',
      { 'dpkg-deb': 'echo archive', tar: undefined },
      'the archive in the package is damaged: spawnSync tar ENOENT',
    ],
    [
      'its archive cannot be unpacked',
      { 'dpkg-deb': 'echo archive', tar: tar(packs('./boot/x'), 'echo "disk full" >&2; exit 2') },
      `${file} is no Debian package: disk full`,
    ],
  ])('says why it cannot be read: %s', (_why, programs, said) => {
    expect(open(programs)).toEqual({ said, steps: ['unpacking some.deb'], archives: [] });
  });
});

describe('files of a kernel', () => {
  const own = join(folder, 'own');
  mkdirSync(join(own, 'b/c'), { recursive: true });
  for (const name of ['z', 'b/y', 'b/c/x', 'a']) writeFileSync(join(own, name), '!<arch>\n');
  const none = () => {
    throw new Error('nothing is unpacked');
  };

  it('of a folder are all below it, by their paths, and no links', () => {
    symlinkSync('a', join(own, 'link'));
    expect(filesOf(own, 'nowhere', none).map((file) => file.slice(own.length + 1))).toEqual([
      ...['a', 'b/c/x', 'b/y', 'z'],
    ]);
  });

  it('are files themselves, unless they are packages by their name or by what is in them', () => {
    const plain = join(folder, 'vmlinux');
    for (const text of ['', '!<arc', '!<arch> ', 'x!<arch>\n']) {
      writeFileSync(plain, text);
      expect(filesOf(plain, 'nowhere', none)).toEqual([plain]);
    }
    const isPackage = (path: string) => {
      try {
        filesOf(path, join(folder, 'never'), none);
      } catch (error) {
        return (error as Error).message === 'nothing is unpacked';
      }
      return false;
    };
    expect(isPackage(join(own, 'a'))).toBe(true);
    writeFileSync(join(folder, 'named.deb'), '');
    expect(isPackage(join(folder, 'named.deb'))).toBe(true);
  });

  it('are nothing else', () => {
    expect(() => filesOf(join(folder, 'none'), '')).toThrow(`there is no ${join(folder, 'none')}`);
    expect(() => filesOf('/dev/null', '')).toThrow('/dev/null is no file');
    const rpm = join(folder, 'k.rpm');
    writeFileSync(rpm, '');
    expect(() => filesOf(rpm, '', none)).toThrow(
      `${rpm} is an RPM package: unpack it (\`rpm2cpio k.rpm | cpio -id\`) and name the folder`,
    );
  });
});

describe('modules', () => {
  const own = join(folder, 'modules');
  mkdirSync(own);
  const modules = Array.from({ length: 130 }, (_, index) => {
    const file = join(own, `m${index}.ko${index % 2 === 0 ? '.xz' : ''}`);
    writeFileSync(file, index % 2 === 0 ? XZ : 'plain');
    return { name: `m${index}`, file };
  });
  const texts = (programs: Readonly<Record<string, string | undefined>>) =>
    withPrograms(programs, () =>
      [...unpackedModules(modules, (_, read) => read())].map(({ bytes }) => bytes.toString()),
    );
  const RUNS = join(folder, 'runs');
  /** Beside its file, as xz does it. */
  const many = `echo run >>${RUNS}; for file; do case $file in *.xz) printf many >"\${file%.xz}";; esac; done`;

  it('are unpacked by one run for many, and what that wrote is gone', () => {
    const found = texts({ xz: many });
    expect(found).toEqual(modules.map((_, index) => (index % 2 === 0 ? 'many' : 'plain')));
    // 64 files at a time, of which half are packed.
    expect(readFileSync(RUNS, 'utf8')).toBe('run\n'.repeat(3));
    expect(readdirSync(own)).toHaveLength(130);
  });

  it('are unpacked one by one where that fails', () => {
    const one = 'case $1 in -dc*) cat >/dev/null; printf one;; *) exit 1;; esac';
    expect(texts({ xz: one })[0]).toBe('one');
    expect(texts({ xz: one })[128]).toBe('one');
  });
});
