/** The first file system of a guest, as cpio reads it. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeArchive } from '../../../compiler/guest/archive.ts';
import { temporaryFolder } from '../../support/build.ts';

const ENTRIES = [
  { path: 'init', data: Buffer.from('#!'), executable: true },
  { path: 'lib/modules/6.1/a', data: Buffer.from('abc') },
  { path: 'lib/b', data: Buffer.alloc(0) },
  { path: 'lib/modules/c', data: Buffer.from('four') },
];

it('holds files as they are, with the folders that they need before them', () => {
  const archive = writeArchive(ENTRIES);
  const list = spawnSync('cpio', ['-t', '--quiet'], { input: archive, encoding: 'utf8' });
  expect(list.stdout.trim().split('\n')).toEqual([
    ...['lib', 'lib/modules', 'lib/modules/6.1', 'init'],
    ...['lib/modules/6.1/a', 'lib/b', 'lib/modules/c'],
  ]);
  const folder = temporaryFolder();
  const unpacked = spawnSync('cpio', ['-i', '--quiet', '--no-absolute-filenames'], {
    cwd: folder,
    input: archive,
    encoding: 'utf8',
  });
  expect([unpacked.status, unpacked.stderr]).toEqual([0, '']);
  for (const { path, data, executable } of ENTRIES) {
    expect(readFileSync(join(folder, path))).toEqual(data);
    expect(statSync(join(folder, path)).mode & 0o777).toBe(executable === true ? 0o755 : 0o644);
  }
  expect(statSync(join(folder, 'lib/modules')).mode & 0o777).toBe(0o755);
});

it('numbers its records, and ends each of them at a multiple of four bytes', () => {
  const archive = writeArchive(ENTRIES).toString('latin1');
  expect(archive.length % 4).toBe(0);
  const starts = [...archive.matchAll(/070701([0-9a-f]{8})/g)];
  expect(starts.map(({ index }) => index % 4)).toEqual(starts.map(() => 0));
  expect(starts.map(([, inode = '']) => Number.parseInt(inode, 16))).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8,
  ]);
  expect(archive).toMatch(/TRAILER!!!\0+$/);
});
