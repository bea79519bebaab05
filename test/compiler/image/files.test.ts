/** Packed files of a kernel: they are unpacked as far as a kernel may reach, and no further. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import {
  filesOf,
  MOST,
  modulesAmong,
  readPart,
  unpackedModules,
} from '../../../compiler/image/files.ts';
import { unpack } from '../../../compiler/image/unpack.ts';

const folder = mkdtempSync(join(tmpdir(), 'bpfscript-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MEGABYTE = 2 ** 20;

/** A few hundred bytes that unpack to four megabytes. */
function bomb(program: 'xz' | 'zstd'): Buffer {
  return spawnSync(program, ['-c'], { input: Buffer.alloc(4 * MEGABYTE) }).stdout;
}

/** A Debian package with these files. */
function packageOf(name: string, files: Readonly<Record<string, Uint8Array>>): string {
  const root = join(folder, `${name}.root`);
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), bytes);
  }
  mkdirSync(join(root, 'DEBIAN'), { recursive: true });
  const fields = { Package: name, Version: '1', Architecture: 'all', Maintainer: 'nobody' };
  const control = Object.entries({ ...fields, Description: name });
  writeFileSync(
    join(root, 'DEBIAN/control'),
    control.map(([key, value]) => `${key}: ${value}\n`).join(''),
  );
  const file = join(folder, `${name}.deb`);
  const built = spawnSync('dpkg-deb', ['-Zxz', '-b', root, file], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(built.stderr);
  return file;
}

const readWhole = (_file: string, read: () => Buffer): Buffer => read();

describe('A package', () => {
  it('gives the files of the kernel in it, and no others', () => {
    const file = packageOf('good', {
      'boot/vmlinuz-6.1': Buffer.from('kernel'),
      'lib/modules/6.1/kernel/fs/one-fs.ko': Buffer.from('module'),
      'usr/share/doc/text': Buffer.from('text'),
    });
    const found = filesOf(file, join(folder, 'good'));
    expect(found.map((each) => basename(each))).toEqual(['vmlinuz-6.1', 'one-fs.ko']);
    expect(modulesAmong(found)).toMatchObject([{ name: 'one_fs' }]);
  });

  it('that unpacks to more than a kernel has is refused, and nothing stays of it', () => {
    const file = packageOf('bomb', { 'boot/vmlinuz-6.1': Buffer.alloc(4 * MEGABYTE) });
    const target = join(folder, 'bomb');
    expect(() => filesOf(file, target, undefined, { ...MOST, package: MEGABYTE })).toThrow(
      `${file}: it has more than 1048576 bytes`,
    );
    expect(readdirSync(target)).toEqual([]);
    expect(readdirSync(folder)).not.toContain('bomb.tar');
  });

  it('that is cut off is none', () => {
    const file = join(folder, 'cut.deb');
    writeFileSync(file, '!<arch>\n');
    expect(() => filesOf(file, join(folder, 'cut'))).toThrow('is no Debian package');
  });
});

describe('What is packed', () => {
  it.each(['xz', 'zstd'] as const)('with %s is unpacked up to the limit', (program) => {
    expect(unpack(bomb(program)).length).toBe(4 * MEGABYTE);
    expect(() => unpack(bomb(program), MEGABYTE)).toThrow('it has more than 1048576 bytes');
  });

  it('with gzip is, too', () => {
    const packed = gzipSync(Buffer.alloc(4 * MEGABYTE));
    expect(unpack(packed).length).toBe(4 * MEGABYTE);
    expect(() => unpack(packed, MEGABYTE)).toThrow('it has more than 1048576 bytes');
  });

  it.each([
    ['xz', () => bomb('xz')],
    ['zst', () => bomb('zstd')],
    ['gz', () => gzipSync(Buffer.alloc(4 * MEGABYTE))],
    ['none', () => Buffer.alloc(4 * MEGABYTE)],
  ] as const)('as a module is a part of a whole: %s', (ending, bytes) => {
    const own = mkdtempSync(join(folder, 'modules-'));
    const suffix = ending === 'none' ? '' : `.${ending}`;
    for (const name of ['one', 'two']) writeFileSync(join(own, `${name}.ko${suffix}`), bytes());
    const modules = modulesAmong(readdirSync(own).map((name) => join(own, name)));
    const sizes = (limits: typeof MOST | Readonly<Record<keyof typeof MOST, number>>) =>
      [...unpackedModules(modules, readWhole, limits)].map(({ bytes }) => bytes.length);
    expect(sizes(MOST)).toEqual([4 * MEGABYTE, 4 * MEGABYTE]);
    expect(() => sizes({ ...MOST, module: MEGABYTE })).toThrow('it has more than 1048576 bytes');
    expect(() => sizes({ ...MOST, modules: 6 * MEGABYTE })).toThrow(
      'with it, all modules have more than 6291456 bytes',
    );
    // What was unpacked for a while is gone.
    expect(readdirSync(own).sort()).toEqual([`one.ko${suffix}`, `two.ko${suffix}`]);
  });

  it('is not read where a file claims more than a kernel has', () => {
    const file = join(folder, 'large');
    writeFileSync(file, Buffer.alloc(MEGABYTE));
    expect(() => readPart(file, 1024)).toThrow('it has more than 1024 bytes');
  });
});
