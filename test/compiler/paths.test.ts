/** Files of the installation, and those of a moment. */
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  beginsWith,
  InstallationError,
  nativeFile,
  nativePackage,
  packageRoot,
  withTemporaryFolder,
} from '../../compiler/paths.ts';
import { temporaryFolder } from '../support/build.ts';

describe('the installation', () => {
  it('is the folder above with the standard library', () => {
    expect(packageRoot()).toBe(resolve(import.meta.dirname, '../..'));
  });

  it('has what is compiled for this machine where it is built, each in its folder', () => {
    expect(nativeFile('bpfload')).toBe(join(packageRoot(), 'loader/build/bpfload'));
    for (const name of ['backend.node', 'process.node', 'disassembler.node'] as const)
      expect(nativeFile(name)).toBe(join(packageRoot(), 'compiler/llvm/backend/build', name));
  });

  it('says which package would have what is not there', () => {
    expect([nativePackage('x64'), nativePackage('arm64')]).toEqual([
      ...['bpfscript-linux-x64', 'bpfscript-linux-arm64'],
    ]);
    const missing = (): unknown => {
      try {
        return nativeFile('disassembler.node', 'arm64');
      } catch (error) {
        return error;
      }
    };
    const error = missing();
    expect(error).toBeInstanceOf(InstallationError);
    expect(error).toMatchObject({
      name: 'InstallationError',
      message: expect.stringMatching(
        /^this installation has no disassembler\.node for arm64 \(no package bpfscript-linux-arm64, and no .*\/build-arm64\/disassembler\.node\)$/,
      ),
      hint: expect.stringContaining('npm run loader:arm64'),
    });
  });
});

describe('a folder of a moment', () => {
  it('is there as long as it is used, for this user alone, and then gone with all that is in it', () => {
    const base = temporaryFolder();
    vi.stubEnv('TMPDIR', base);
    const used = withTemporaryFolder((folder) => {
      expect(folder.startsWith(join(base, 'bpfscript-'))).toBe(true);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      mkdirSync(join(folder, 'a'));
      writeFileSync(join(folder, 'a/b'), 'x');
      return folder;
    });
    expect(existsSync(used)).toBe(false);
    expect(() =>
      withTemporaryFolder(() => {
        throw new Error('of its use');
      }),
    ).toThrow('of its use');
    expect(readdirSync(base)).toEqual([]);
  });
});

describe('a file', () => {
  it('begins with a text, or not, also where it is shorter', () => {
    const folder = temporaryFolder();
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, 'latin1');
      return join(folder, name);
    };
    expect(beginsWith(file('a', '\x7fELF and more'), '\x7fELF')).toBe(true);
    expect(beginsWith(file('b', '\x7fELF'), '\x7fELF')).toBe(true);
    expect(beginsWith(file('c', '\x7fEL'), '\x7fELF')).toBe(false);
    expect(beginsWith(file('d', '\x7fELG'), '\x7fELF')).toBe(false);
    expect(beginsWith(file('e', ''), '\x7fELF')).toBe(false);
    expect(() => beginsWith(join(folder, 'nothing'), 'x')).toThrow('ENOENT');
  });

  it('is closed again', () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    for (let time = 0; time < 20; time += 1) beginsWith(import.meta.filename, '/**');
    expect(open()).toBeLessThan(before + 10);
  });
});
