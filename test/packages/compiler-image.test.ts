/**
 * The recipe of an image with the compiler: built on a fresh Debian 12 with Node, which stands for the image
 * that it names. The recipe itself asks no network for anything.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { LOADER } from '../support/run.ts';
import { PACKAGES, VERSION } from './support.ts';

const folder = temporaryFolder();
const STORE = join(folder, 'store');
const OWN = ['--storage-driver', 'vfs', '--root', STORE, '--runroot', join(folder, 'run')];
const RECIPE = 'packaging/Containerfile.compiler';
const BASE = /^FROM (\S+)$/m.exec(readFileSync(RECIPE, 'utf8'))?.[1] ?? '';

function buildah(...words: readonly string[]): string {
  return execFileSync('buildah', [...OWN, ...words], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

/** A fresh Debian 12 with this machine's Node, as an image of that name. */
function makeBase(name: string): void {
  const container = buildah('from', 'scratch');
  const root = buildah('mount', container);
  execFileSync('cp', ['-a', '.cache/roots/bookworm/.', root]);
  const node = realpathSync(process.execPath);
  mkdirSync(join(root, 'usr/local/lib/node_modules'), { recursive: true });
  copyFileSync(node, join(root, 'usr/local/bin/node'));
  const npm = 'lib/node_modules/npm';
  cpSync(join(dirname(dirname(node)), npm), join(root, 'usr/local', npm), { recursive: true });
  execFileSync('ln', [
    '-s',
    '../lib/node_modules/npm/bin/npm-cli.js',
    join(root, 'usr/local/bin/npm'),
  ]);
  buildah('umount', container);
  buildah('commit', '--rm', container, name);
}

describe('the image of the compiler', () => {
  const work = join(folder, 'work');
  let container = '';

  beforeAll(() => {
    makeBase('local/base');
    const tarball = `bpfscript-${VERSION}-linux-x64.tgz`;
    copyFileSync(join(PACKAGES, tarball), join(folder, tarball));
    copyFileSync(RECIPE, join(folder, 'Containerfile.compiler'));
    const from = ['--from', 'local/base', '--isolation', 'chroot'];
    buildah('bud', ...from, '-t', 'bpfscript', '-f', 'Containerfile.compiler', '.');
    container = buildah('from', 'bpfscript');
    mkdirSync(work);
    writeFileSync(join(work, 'hello.bt'), 'begin { printf("hello\\n"); exit(); }\n');
  }, 600_000);

  const inside = (...words: readonly string[]) =>
    spawnSync(
      'buildah',
      [
        ...[...OWN, 'run', '--isolation', 'chroot', '-v', `${work}:/work`],
        ...[container, '--', 'bpfscript', ...words],
      ],
      { encoding: 'utf8' },
    );

  it('stands on a public image of Node, and has the command as its entry', () => {
    expect(BASE).toMatch(/^node:20-/);
    expect(buildah('inspect', '--format', '{{.OCIv1.Config.Entrypoint}}', 'bpfscript')).toBe(
      '[bpfscript]',
    );
  });

  it('checks and builds scripts of the folder that it is given, which a loader runs', () => {
    expect(inside('--version')).toMatchObject({ stdout: `bpfscript v${VERSION}\n`, status: 0 });
    expect(inside('check', 'hello.bt')).toMatchObject({ status: 0 });
    expect(inside('build', 'hello.bt', '-o', 'hello.o')).toMatchObject({ status: 0 });
    const run = spawnSync(LOADER, ['-q', join(work, 'hello.o')], { encoding: 'utf8' });
    expect(run.stdout.trim()).toBe('hello');
  });
});
